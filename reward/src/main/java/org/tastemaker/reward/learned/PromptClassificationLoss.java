package org.tastemaker.reward.learned;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/**
 * The reward loss of Lee et al., "Aligning Text-to-Image Models using Human Feedback" (2023, sec.
 * 3.2): squared error on good or bad labels, and classification of the prompt that an image was
 * made for.
 *
 * <pre>
 *   L    = L_MSE + lambda L_pc
 *   L_MSE = mean over labelled images of  (y - r(x, z))^2                                   (1)
 *   L_pc  = mean over good images of     -ln P(z | x, {z, z_1 ... z_N})                    (2)
 *   P(z | x, Z) = exp(r(x, z) / T) / sum over z' in Z of exp(r(x, z') / T)
 * </pre>
 *
 * <p>z_1 ... z_N are perturbed prompts, which the image does not show. Here both means are over the
 * images of one prompt, and all prompts count equally.
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>labels</td><td>y, 1 good and 0 bad; anything between is a soft label</td></tr>
 * <tr><td>perturbation</td><td>z to z_1 ... z_N</td></tr>
 * <tr><td>temperature</td><td>T</td></tr>
 * <tr><td>lambda</td><td>lambda</td></tr>
 * </tbody>
 * </table>
 */
public final class PromptClassificationLoss implements RewardLoss {
  private final PromptPerturbation perturbation;
  private final Options options;

  /**
   * Hyper-parameters.
   *
   * @param lambda weight of the prompt classification, at least 0 and finite
   * @param temperature T, above 0 and finite
   * @param goodFrom the lowest label of a good image, in [0, 1]
   */
  @RecordBuilder
  public record Options(double lambda, double temperature, double goodFrom)
      implements PromptClassificationLossOptionsBuilder.With {
    public Options {
      if (!(lambda >= 0 && lambda < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "lambda must be finite and at least 0, but was " + lambda);
      }
      if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "temperature must be finite and above 0, but was " + temperature);
      }
      if (!(goodFrom >= 0 && goodFrom <= 1)) {
        throw new IllegalArgumentException("goodFrom must be in [0, 1], but was " + goodFrom);
      }
    }

    /**
     * The paper's hyper-parameters.
     *
     * @return lambda 0.5, temperature 2; labels of 0.5 and above are good
     */
    public static Options defaults() {
      return new Options(0.5, 2, 0.5);
    }
  }

  /**
   * The loss.
   *
   * @param perturbation of the prompts of good images
   * @param options hyper-parameters
   */
  public PromptClassificationLoss(PromptPerturbation perturbation, Options options) {
    this.perturbation = Objects.requireNonNull(perturbation, "perturbation == null");
    this.options = Objects.requireNonNull(options, "options == null");
  }

  @Override
  public Optional<Term> of(JudgedGroup group) {
    // 1. Rows 0 ... M - 1: the labelled images with their own prompt.
    List<Prompt> prompts = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    List<Double> labels = new ArrayList<>(); // [M]
    for (int i = 0; i < group.labels().size(); i++) {
      OptionalDouble label = group.labels().get(i);
      if (label.isPresent()) {
        labels.add(requireLabel(group, i, label.getAsDouble()));
        prompts.add(group.prompt());
        images.add(group.images().get(i));
      }
    }
    if (labels.isEmpty()) {
      return Optional.empty();
    }
    // 2. After them, for each good image, the same image with each perturbed prompt.
    List<Prompt> negatives = options.lambda() == 0 ? List.of() : perturbation.of(group.prompt());
    List<int[]> questions = new ArrayList<>(); // [1 + N]: the rows of z, z_1 ... z_N
    for (int i = 0; i < labels.size() && !negatives.isEmpty(); i++) {
      if (labels.get(i) >= options.goodFrom()) {
        int[] rows = new int[1 + negatives.size()];
        rows[0] = i;
        for (int n = 0; n < negatives.size(); n++) {
          rows[1 + n] = prompts.size();
          prompts.add(negatives.get(n));
          images.add(images.get(i));
        }
        questions.add(rows);
      }
    }
    double[] y = labels.stream().mapToDouble(Double::doubleValue).toArray();
    return Optional.of(
        new Term(prompts, images, (scores, gradient) -> evaluate(y, questions, scores, gradient)));
  }

  private double evaluate(double[] y, List<int[]> questions, double[] scores, double[] gradient) {
    // 3. The squared errors, (1).
    double loss = 0;
    for (int i = 0; i < y.length; i++) {
      double error = scores[i] - y[i];
      loss += error * error / y.length;
      gradient[i] += 2 * error / y.length;
    }
    // 4. The prompt classification, (2).
    double weight = questions.isEmpty() ? 0 : options.lambda() / questions.size();
    for (int[] rows : questions) {
      double top = Arrays.stream(rows).mapToDouble(row -> scores[row]).max().orElseThrow();
      double sum = 0;
      for (int row : rows) {
        sum += Math.exp((scores[row] - top) / options.temperature());
      }
      loss -= weight * ((scores[rows[0]] - top) / options.temperature() - Math.log(sum));
      gradient[rows[0]] -= weight / options.temperature();
      for (int row : rows) {
        double p = Math.exp((scores[row] - top) / options.temperature()) / sum;
        gradient[row] += weight * p / options.temperature();
      }
    }
    return loss;
  }

  private static double requireLabel(JudgedGroup group, int image, double label) {
    if (!(label >= 0 && label <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the label of image %s of prompt '%s' must be in [0, 1], 1 for good, but was %s; make"
                  + " labels of scores with PreferenceSet.goodFrom(threshold)",
              image,
              group.prompt().text(),
              label));
    }
    return label;
  }
}

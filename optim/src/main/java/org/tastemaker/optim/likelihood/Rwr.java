package org.tastemaker.optim.likelihood;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * Reward-weighted regression: Peters and Schaal (2007), in the form of Black et al., "Training
 * Diffusion Models with Reinforcement Learning" (2023), section 4.1 and appendix, who compare DDPO
 * with it.
 *
 * <pre>
 *   min E_{z, x_0 ~ p_theta} w(x_0, z) |e - e_theta(x_t, t, z)|^2
 *
 *   EXPONENTIAL (RWR):         w = exp(beta r) / Z,  Z so that the mean weight of a round is 1
 *   SPARSE (RWR_sparse):       w = 1 [ r >= C ],     C the percentile of the prompt's rewards in the round
 * </pre>
 *
 * <p>With the percentile 1 the second is fine-tuning on the best of n (rejection sampling).
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>beta, percentile</td><td>beta; the quantile that C is</td></tr>
 * <tr><td>weights</td><td>w</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Not thread-safe.
 */
public final class Rwr extends LikelihoodOptimizer {
  private final Options options;

  /** How rewards become weights. */
  public enum Weighting {
    /** {@code exp(beta r) / Z}. */
    EXPONENTIAL,
    /** 1 for the best of each prompt, 0 for the others. */
    SPARSE
  }

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of images, timesteps and noise drawn
   */
  public Rwr(DiffusionPolicy policy, Options options, Seed seed) {
    super("rwr", policy, options, options.updates(), options.microBatch(), seed);
    this.options = options;
  }

  @Override
  List<Example> weigh(Rollout rollout, RewardedImages batch) {
    double[] weights = weights(batch); // w, [N']
    List<Example> examples = new ArrayList<>();
    for (int k = 0; k < weights.length; k++) {
      if (weights[k] > 0) { // an image of weight 0 has no gradient
        examples.add(Example.of(rollout, batch.images().get(k), weights[k]));
      }
    }
    return examples;
  }

  @Override
  List<Example> draw(List<Example> weighted, long update, Seed drawn) {
    return Example.draw(weighted, options.batch(), drawn);
  }

  @Override
  void update(
      List<Example> examples,
      DenoisingExamples denoising,
      Seed noise,
      UpdateDiagnostics diagnostics) {
    policy.begin();
    for (MicroBatch rows : MicroBatch.of(examples, denoising.microBatch(), noise)) {
      // 1. Forward: x_0 is noised to x_t, which the U-Net denoises.
      denoising.forward(rows.clean(), rows.texts(), rows.seeds());
      double[] errors = denoising.errors(); // |e - e_theta(x_t, t, z)|^2, [B]

      // 2. Loss: the mean of w_n error_n over all N examples, and its derivative by each error.
      double[] slopes = new double[rows.size()]; // [B]
      for (int n = 0; n < slopes.length; n++) {
        Example row = rows.examples().get(n);
        slopes[n] = row.weight() / examples.size();
        diagnostics.loss(row.image(), row.weight() * errors[n]);
        diagnostics.mean("denoisingError", row.image(), errors[n]);
      }

      // 3. Backward: sum_n slopes[n] grad error_n, added to the gradient.
      denoising.backward(slopes, null);
    }
    // 4. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  @Override
  Map<String, Double> metrics(List<Example> weighted) {
    return Map.of("weightedImages", (double) weighted.size());
  }

  /** The weight w of each rewarded image. */
  double[] weights(RewardedImages batch) {
    double[] rewards = batch.rewards().toArray();
    return switch (options.weighting()) {
      case EXPONENTIAL -> exponential(rewards, options.beta());
      case SPARSE -> sparse(batch, options.percentile());
    };
  }

  private static double[] exponential(double[] rewards, double beta) {
    double max = Arrays.stream(rewards).max().orElse(0);
    double[] weights = new double[rewards.length];
    double sum = 0;
    for (int i = 0; i < rewards.length; i++) {
      weights[i] = Math.exp(beta * (rewards[i] - max)); // the largest is 1: nothing overflows
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= weights.length / sum;
    }
    return weights;
  }

  private static double[] sparse(RewardedImages batch, double percentile) {
    Map<List<String>, List<Double>> byPrompt = new LinkedHashMap<>();
    for (int k = 0; k < batch.size(); k++) {
      byPrompt.computeIfAbsent(key(batch, k), key -> new ArrayList<>()).add(batch.rewards().get(k));
    }
    double[] weights = new double[batch.size()];
    for (int k = 0; k < weights.length; k++) {
      double c = quantile(Objects.requireNonNull(byPrompt.get(key(batch, k))), percentile);
      weights[k] = batch.rewards().get(k) >= c ? 1 : 0;
    }
    return weights;
  }

  private static List<String> key(RewardedImages batch, int k) {
    return List.of(batch.prompts().get(k).text(), batch.prompts().get(k).negativeText());
  }

  /** Linear between the two nearest, as numpy's percentile. */
  static double quantile(List<Double> values, double share) {
    List<Double> sorted = values.stream().sorted().toList();
    double at = share * (sorted.size() - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, sorted.size() - 1);
    double part = at - below;
    // Written so that equal neighbours give themselves, without rounding.
    return sorted.get(below) + part * (sorted.get(above) - sorted.get(below));
  }

  /**
   * Hyper-parameters.
   *
   * @param weighting how rewards become weights
   * @param beta of the exponential weights, above 0
   * @param percentile of the sparse weights, in [0, 1]: 0.9 keeps the best tenth, 1 the best alone
   * @param updates a round, at least 1
   * @param batch images an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  @RecordBuilder
  public record Options(
      Weighting weighting, double beta, double percentile, int updates, int batch, int microBatch)
      implements RwrOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(weighting, "weighting == null");
      require(
          beta > 0 && Double.isFinite(beta), "beta must be above 0 and finite, but was " + beta);
      require(
          percentile >= 0 && percentile <= 1,
          "percentile must be in [0, 1], but was " + percentile);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * Exponential weights with beta 0.2.
     *
     * @return RWR of the paper, with 5 updates of 32 images a round
     */
    public static Options exponential() {
      return new Options(Weighting.EXPONENTIAL, 0.2, 0.9, 5, 32, 8);
    }

    /**
     * The best tenth of each prompt's images.
     *
     * @return RWR_sparse of the paper, with 5 updates of 32 images a round
     */
    public static Options sparse() {
      return exponential().withWeighting(Weighting.SPARSE);
    }

    /**
     * The best image of each prompt, and those that are equal to it.
     *
     * @return rejection sampling, with 5 updates of 32 images a round
     */
    public static Options bestOfN() {
      return sparse().withPercentile(1);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}

package org.tastemaker.optim.policy;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.DivergedException;

/**
 * What is measured over the updates of one optimizer's step. It only observes: an optimizer tells
 * it every number that it computes. It changes nothing, and throws if a number is NaN or infinite.
 *
 * <table class="striped">
 * <caption>The metrics</caption>
 * <thead><tr><th>name</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>loss</td><td>mean over all rows</td></tr>
 * <tr><td>ratioMean, ratioMax</td><td>of rho = p_new / p_old</td></tr>
 * <tr><td>approxKl</td><td>mean of (log rho)^2 / 2, to the policy that sampled</td></tr>
 * <tr><td>clipFraction</td><td>share of rows whose rho is outside of the clip range</td></tr>
 * <tr><td>klToReferenceEstimate, klToReferenceError</td><td>of {@link
 *     DiffusionPolicy#klToReference}, by some images: {@link DiffusionPolicy#klEstimate}; its
 *     standard error</td></tr>
 * <tr><td>gradientNorm</td><td>before clipping, mean over the updates</td></tr>
 * <tr><td>gradientRms</td><td>root mean square of the clipped gradient's elements, which is what
 *     Adam sees, mean over the updates</td></tr>
 * <tr><td>adamEpsilon</td><td>Adam's epsilon: above gradientRms it makes the steps, and not the
 *     gradient</td></tr>
 * <tr><td>trainedNumbers</td><td>how many elements the gradient has</td></tr>
 * <tr><td>learningRate</td><td>of the latest update</td></tr>
 * <tr><td>updates</td><td>how many</td></tr>
 * </tbody>
 * </table>
 */
public final class UpdateDiagnostics {
  private static final String REMEDY =
      "; the run has diverged: resume it with a lower learning rate";

  private final String where;
  private final UpdateScale scale;
  private long rows;
  private long ratios;
  private long clipped;
  private long updates;
  private double lossSum;
  private double ratioSum;
  private double ratioMax;
  private double squaredLogSum;
  private double normSum;
  private double rmsSum;
  private Optional<KlEstimate> klEstimate = Optional.empty();
  private final Map<String, Double> sums = new TreeMap<>();

  /**
   * Nothing measured yet.
   *
   * @param step the optimizer's step, for messages
   * @param policy what is updated
   */
  public UpdateDiagnostics(long step, DiffusionPolicy policy) {
    this(step, policy.updateScale());
  }

  UpdateDiagnostics(long step, UpdateScale scale) {
    this.where = "step " + step;
    this.scale = scale;
  }

  /**
   * Notes a ratio of probabilities.
   *
   * @param image of the row
   * @param denoisingStep of the row
   * @param logRatio log p_new - log p_old
   * @param isClipped whether it is outside of the clip range
   * @throws DivergedException if the ratio is NaN or infinite
   */
  public void ratio(int image, int denoisingStep, double logRatio, boolean isClipped) {
    double ratio = Math.exp(logRatio);
    if (!Double.isFinite(ratio)) {
      throw new DivergedException(
          where,
          "the ratio of probabilities of image "
              + image
              + " at denoising step "
              + denoisingStep
              + " is "
              + ratio
              + " (its logarithm is "
              + logRatio
              + "); resume the run with a lower learning rate or fewer updates a round, or begin"
              + " one whose log-probabilities are means (Reduction.MEAN)");
    }
    ratios++;
    ratioSum += ratio;
    ratioMax = Math.max(ratioMax, ratio);
    squaredLogSum += logRatio * logRatio;
    clipped += isClipped ? 1 : 0;
  }

  /**
   * Notes the loss of a row.
   *
   * @param image of the row
   * @param loss of it
   * @throws DivergedException if it is NaN or infinite
   */
  public void loss(int image, double loss) {
    require("loss", image, loss);
    rows++;
    lossSum += loss;
  }

  /**
   * Notes another number of a row, whose mean over all rows is reported.
   *
   * @param name of the metric
   * @param image of the row
   * @param value of it
   * @throws DivergedException if it is NaN or infinite
   */
  public void mean(String name, int image, double value) {
    require(name, image, value);
    sums.merge(name, value, Double::sum);
  }

  private void require(String name, int image, double value) {
    if (!Double.isFinite(value)) {
      throw new DivergedException(
          where, "the " + name + " of image " + image + " is " + value + REMEDY);
    }
  }

  /**
   * Notes an update.
   *
   * @param gradientNorm before clipping, as {@link DiffusionPolicy#update} returned it
   */
  public void updated(double gradientNorm) {
    normSum += gradientNorm;
    rmsSum += scale.rootMeanSquare(gradientNorm);
    updates++;
  }

  /**
   * Notes how far the updates have taken the policy from its reference.
   *
   * @param kl as {@link DiffusionPolicy#klEstimate} gave it; not reported where it is empty
   * @throws DivergedException if it is NaN or infinite
   */
  public void klEstimate(Optional<KlEstimate> kl) {
    if (kl.isPresent()
        && !(Double.isFinite(kl.get().value()) && Double.isFinite(kl.get().error()))) {
      throw new DivergedException(where, "the KL to the reference is " + kl.get().value() + REMEDY);
    }
    klEstimate = kl;
  }

  /**
   * What was measured.
   *
   * @return by name; what was never noted is left out
   */
  public Map<String, Double> metrics() {
    Map<String, Double> metrics = new TreeMap<>();
    if (rows > 0) {
      metrics.put("loss", lossSum / rows);
      sums.forEach((name, sum) -> metrics.put(name, sum / rows));
    }
    if (ratios > 0) {
      metrics.put("ratioMean", ratioSum / ratios);
      metrics.put("ratioMax", ratioMax);
      metrics.put("approxKl", squaredLogSum / ratios / 2);
      metrics.put("clipFraction", (double) clipped / ratios);
    }
    if (updates > 0) {
      metrics.put("gradientNorm", normSum / updates);
      metrics.put("gradientRms", rmsSum / updates);
      metrics.put("adamEpsilon", scale.epsilon());
      metrics.put("trainedNumbers", (double) scale.elements());
      metrics.put("learningRate", scale.latestRate().getAsDouble());
      metrics.put("updates", (double) updates);
    }
    klEstimate.ifPresent(
        kl -> {
          metrics.put("klToReferenceEstimate", kl.value());
          metrics.put("klToReferenceError", kl.error());
        });
    return metrics;
  }
}

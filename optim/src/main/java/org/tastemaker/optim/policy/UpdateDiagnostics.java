package org.tastemaker.optim.policy;

import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;

/**
 * What is measured over the updates of one optimizer's step, and the place where a number that is
 * none stops it.
 *
 * <table class="striped">
 * <caption>The metrics</caption>
 * <thead><tr><th>name</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>loss</td><td>mean over all rows</td></tr>
 * <tr><td>ratioMean, ratioMax</td><td>of rho = p_new / p_old</td></tr>
 * <tr><td>approxKl</td><td>mean of (log rho)^2 / 2, to the policy that sampled</td></tr>
 * <tr><td>clipFraction</td><td>share of rows whose rho is outside of the clip range</td></tr>
 * <tr><td>klEstimate</td><td>of {@link DiffusionPolicy#divergenceFromReference}, by one micro-batch:
 *     {@link #divergence}</td></tr>
 * <tr><td>gradientNorm</td><td>before clipping, mean over the updates</td></tr>
 * <tr><td>updates</td><td>how many</td></tr>
 * </tbody>
 * </table>
 */
public final class UpdateDiagnostics {
  private final long step;
  private long rows;
  private long ratios;
  private long clipped;
  private long updates;
  private double lossSum;
  private double ratioSum;
  private double ratioMax;
  private double squaredLogSum;
  private double normSum;
  private OptionalDouble klEstimate = OptionalDouble.empty();
  private final Map<String, Double> sums = new TreeMap<>();

  /**
   * Nothing measured yet.
   *
   * @param step the optimizer's step, for messages
   */
  public UpdateDiagnostics(long step) {
    this.step = step;
  }

  /**
   * Notes a ratio of probabilities.
   *
   * @param image of the row
   * @param denoisingStep of the row
   * @param logRatio log p_new - log p_old
   * @param isClipped whether it is outside of the clip range
   * @throws ArithmeticException if the ratio is not finite
   */
  public void ratio(int image, int denoisingStep, double logRatio, boolean isClipped) {
    double ratio = Math.exp(logRatio);
    if (!Double.isFinite(ratio)) {
      throw new ArithmeticException(
          "step %d: the ratio of probabilities of image %d at denoising step %d is %s (its logarithm is %s); lower the learning rate, make fewer updates a round, or take log-probabilities as means (Reduction.MEAN)"
              .formatted(step, image, denoisingStep, ratio, logRatio));
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
   * @throws ArithmeticException if it is not finite
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
   * @throws ArithmeticException if it is not finite
   */
  public void mean(String name, int image, double value) {
    require(name, image, value);
    sums.merge(name, value, Double::sum);
  }

  private void require(String name, int image, double value) {
    if (!Double.isFinite(value)) {
      throw new ArithmeticException(
          "step %d: the %s of image %d is %s; the run has diverged: go back to the last checkpoint with a lower learning rate"
              .formatted(step, name, image, value));
    }
  }

  /**
   * Lets the policy do one update with its gradient.
   *
   * @param policy what is trained
   * @throws ArithmeticException if the gradient is not finite; the message names the step
   */
  public void update(DiffusionPolicy policy) {
    try {
      normSum += policy.update();
      updates++;
    } catch (ArithmeticException e) {
      ArithmeticException failure =
          new ArithmeticException("step %d: %s".formatted(step, e.getMessage()));
      failure.initCause(e);
      throw failure;
    }
  }

  /**
   * Estimates how far the updates so far have taken the policy from its reference, by one
   * micro-batch of a rollout's denoising steps, drawn at random. Notes nothing where there is
   * nothing to compare: the policy is deterministic, it could not have sampled the rollout, or its
   * pre-trained weights are not there any more.
   *
   * @param policy what is trained; its latest evaluation is over
   * @param rollout of the round
   * @param microBatch how many rows go through the U-Net together
   * @param seed draws
   * @throws ArithmeticException if the estimate is not finite
   */
  public void divergence(DiffusionPolicy policy, Rollout rollout, int microBatch, Seed seed) {
    klEstimate = SpentDivergence.estimate(policy, rollout, microBatch, seed);
    if (klEstimate.isPresent() && !Double.isFinite(klEstimate.getAsDouble())) {
      throw new ArithmeticException(
          "step %d: the divergence from the reference is %s; the run has diverged: go back to the last checkpoint with a lower learning rate"
              .formatted(step, klEstimate.getAsDouble()));
    }
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
      metrics.put("updates", (double) updates);
    }
    klEstimate.ifPresent(kl -> metrics.put("klEstimate", kl));
    return metrics;
  }
}

package org.tastemaker.optim.likelihood;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.optim.policy.ClippedObjective;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.Deviation;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.GroupAdvantages;
import org.tastemaker.optim.policy.PolicySnapshot;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * Advantage-weighted matching: Xue et al., "Advantage Weighted Matching: Aligning RL with
 * Pretraining in Diffusion Models" (2025).
 *
 * <p>A policy gradient whose likelihood is that of the forward process: the error of pre-training
 * stands for minus its logarithm, so that no trajectory and no sampler's noise is needed.
 *
 * <pre>
 *   l(theta)  = |target - o_theta(x_t, t, z)|^2
 *   L(theta)  = E_{z, x_0 ~ old, t, e} [ A W(l, t) ]  +  lambda E |o_theta - o_ref|^2
 * </pre>
 *
 * <p>With advantages of at least 0 this is reward-weighted likelihood ({@link Rwr}); with those
 * below 0 it pushes away from an image without bound. So, as in the reference implementation, a
 * ratio bounds how far a round goes:
 *
 * <pre>
 *   rho  = exp(W(l_old, t) - W(l, t))        of the policy at the beginning of the round
 *   loss = max(-A rho, -A clamp(rho, 1 - c, 1 + c))        whose slope is A dW / dl where rho is 1
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>weight of an example</td><td>A, within its prompt, clipped</td></tr>
 * <tr><td>{@link MatchingWeight}</td><td>W</td></tr>
 * <tr><td>ratioClip</td><td>c</td></tr>
 * <tr><td>penalty</td><td>lambda</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>For models that do not predict the velocity of a flow</b> the error is that of what the
 * model predicts. Not thread-safe.
 */
public final class AdvantageWeightedMatching extends LikelihoodOptimizer implements AutoCloseable {
  private static final double EPSILON = 1e-4;

  private final Options options;
  private final NoiseSchedule schedule;
  private final @Nullable PolicySnapshot old;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close, after this
   * @param options hyper-parameters
   * @param seed of images, timesteps and noise drawn
   */
  public AdvantageWeightedMatching(DiffusionPolicy policy, Options options, Seed seed) {
    super(
        "advantage-weighted-matching",
        policy,
        options,
        options.updates(),
        options.microBatch(),
        seed);
    this.options = options;
    this.schedule = NoiseSchedule.of(policy.sampler().components().scheduler());
    if (options.penalty() > 0) {
      policy.keepReference(); // o_ref
    }
    this.old = Double.isFinite(options.ratioClip()) ? policy.snapshot() : null;
  }

  @Override
  List<Example> weigh(Rollout rollout, RewardedImages batch) {
    GroupAdvantages advantages =
        GroupAdvantages.of(batch.prompts(), batch.rewards().toArray(), Deviation.BATCH, EPSILON);
    List<Example> examples = new ArrayList<>();
    for (int k = 0; k < advantages.images().length(); k++) {
      double bound = options.advantageClip();
      double advantage = Math.max(-bound, Math.min(bound, advantages.values().get(k)));
      int image = batch.images().get(advantages.images().get(k));
      examples.add(Example.of(rollout, image, advantage));
    }
    if (old != null) {
      old.follow(0); // the policy at the beginning of the round
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
    double lambda = options.penalty();
    policy.begin();
    for (MicroBatch rows : MicroBatch.of(examples, denoising.microBatch(), noise)) {
      // 1. Forward: x_0 is noised to x_t, which the U-Net, the old policy and the reference
      // denoise.
      denoising.forward(rows.clean(), rows.texts(), rows.seeds());
      double[] errors = denoising.errors(); // l, [B]
      double[] before = old == null ? errors : denoising.errorsOf(old); // l_old, [B]
      double[] differences = // |o_theta - o_ref|^2, [B]
          lambda > 0 ? denoising.differences() : new double[rows.size()];

      // 2. Loss: the mean over all N examples, and its derivatives by each error and difference.
      double[] byError = new double[rows.size()]; // [B]
      double[] byDifference = new double[rows.size()]; // [B]
      for (int n = 0; n < rows.size(); n++) {
        Example row = rows.examples().get(n);
        double t = noiseLevel(denoising.timestep(n));
        Loss loss = loss(row.weight(), errors[n], before[n], t, options);
        byError[n] = loss.slope() / examples.size();
        byDifference[n] = lambda / examples.size();
        diagnostics.loss(row.image(), loss.value() + lambda * differences[n]);
        diagnostics.mean("denoisingError", row.image(), errors[n]);
        if (old != null) {
          diagnostics.ratio(row.image(), denoising.timestep(n), loss.logRatio(), loss.clipped());
        }
        diagnostics.mean("distanceToReference", row.image(), differences[n]);
      }

      // 3. Backward, added to the gradient.
      denoising.backward(byError, lambda > 0 ? byDifference : null);
    }
    // 4. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  /** The noise level of the straight path that has the signal-to-noise ratio of a timestep. */
  private double noiseLevel(int timestep) {
    double abar = schedule.alphaCumprod(timestep);
    double noise = Math.sqrt(1 - abar);
    return noise / (Math.sqrt(abar) + noise);
  }

  /**
   * The loss of a row.
   *
   * @param value of it
   * @param slope d value / d l
   * @param logRatio log rho; 0 without a bound
   * @param clipped whether the ratio is outside of its range
   */
  record Loss(double value, double slope, double logRatio, boolean clipped) {}

  static Loss loss(double advantage, double error, double before, double t, Options options) {
    double w = options.weight().of(error, t);
    double byError = options.weight().slope(error, t);
    double clip = options.ratioClip();
    if (Double.isInfinite(clip)) {
      return new Loss(advantage * w, advantage * byError, 0, false);
    }
    double logRatio = options.weight().of(before, t) - w;
    ClippedObjective objective = ClippedObjective.of(logRatio, advantage, clip);
    double slope = -objective.slope() * byError; // log rho falls where W rises
    return new Loss(objective.loss(), slope, logRatio, objective.clipped());
  }

  /** Frees the old policy. */
  @Override
  public void close() {
    if (old != null) {
      old.close();
    }
  }

  /**
   * Hyper-parameters.
   *
   * @param weight W
   * @param advantageClip the bound of an advantage's absolute value, above 0; infinite for none
   * @param ratioClip c, above 0; infinite for no bound, and no old policy
   * @param penalty lambda, at least 0 and finite; 0 for no reference
   * @param updates a round, at least 1
   * @param batch images an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  @RecordBuilder
  public record Options(
      MatchingWeight weight,
      double advantageClip,
      double ratioClip,
      double penalty,
      int updates,
      int batch,
      int microBatch)
      implements AdvantageWeightedMatchingOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(weight, "weight == null");
      require(advantageClip > 0, "advantageClip must be above 0, but was " + advantageClip);
      require(ratioClip > 0, "ratioClip must be above 0, but was " + ratioClip);
      require(
          penalty >= 0 && Double.isFinite(penalty),
          "penalty must be at least 0 and finite, but was " + penalty);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * The error itself, advantages within +-1, a ratio within 1 +- 0.2, a penalty of 1e-4, 4
     * updates a round of 32 images.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(MatchingWeight.ERROR, 1, 0.2, 1e-4, 4, 32, 8);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}

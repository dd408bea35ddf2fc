package org.tastemaker.examples.experiments;

import java.util.Optional;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.likelihood.Rwr;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * How a reward is trained on.
 *
 * @param method the optimizer
 * @param learningRate of AdamW on the LoRA weights
 * @param strength the clip range of DDPO, the beta of RWR
 * @param updates per round
 */
record Training(Method method, double learningRate, double strength, int updates) {
  /** Images that the U-Net computes at once. */
  private static final int BATCH = 32;

  private static final int STEPS = 10;

  /** DDPO trains on half of each trajectory's steps: twice as many images for the same time. */
  private static final double TIMESTEP_FRACTION = 0.5;

  /**
   * What a training used, and how it ended.
   *
   * @param images made and judged
   * @param kl to the base model, in nats
   */
  record Spent(long images, double kl, String message) {
    static Spent none() {
      return new Spent(0, 0, "not trained");
    }
  }

  enum Method {
    /** Weights each denoising step of each image by the image's advantage. */
    DDPO,
    /** Fits the rewarded images: if they are rare, one of them counts as much as many others. */
    RWR
  }

  static Training ddpo(double learningRate) {
    return new Training(Method.DDPO, learningRate, 1e-3, 4);
  }

  static Training rwr(double learningRate, double beta) {
    return new Training(Method.RWR, learningRate, beta, 4);
  }

  /** How trajectories are sampled. */
  static SamplingOptions sampling(double guidance) {
    return SamplingOptions.ddpo().withSteps(STEPS).withGuidanceScale(guidance).withBatchSize(BATCH);
  }

  /** How many of so many rows the U-Net computes at once: it would compute as many of fewer. */
  static int microBatch(int rows) {
    return Math.min(BATCH, rows);
  }

  /**
   * The optimizer.
   *
   * <p>DDPO's advantages are scaled by the standard deviation of the whole round and not of each
   * prompt: a prompt whose images hardly differ carries no signal, and its noise must stay small.
   */
  PolicyOptimizer optimizer(DiffusionPolicy policy, int imagesPerRound, Seed seed) {
    return switch (method) {
      case DDPO ->
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withClipRange(strength)
                  .withUpdatesPerEpoch(updates)
                  .withMicroBatch(microBatch(1 + imagesPerRound * STEPS / updates))
                  .withTimestepFraction(TIMESTEP_FRACTION)
                  .withPromptStatistics(Optional.empty()),
              seed);
      case RWR ->
          new Rwr(
              policy,
              Rwr.Options.exponential()
                  .withBeta(strength)
                  .withUpdates(updates)
                  .withBatch(imagesPerRound)
                  .withMicroBatch(microBatch(imagesPerRound)),
              seed);
    };
  }
}

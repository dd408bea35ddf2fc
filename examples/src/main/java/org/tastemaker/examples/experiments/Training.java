package org.tastemaker.examples.experiments;

import java.util.List;
import java.util.Optional;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * How a reward is trained on.
 *
 * @param method the optimizer
 * @param learningRate of AdamW on the LoRA weights
 * @param strength the clip range of DDPO, the beta of DiffusionNFT
 * @param updates per round
 * @param guidance guidance scales of the images that are trained on, one for each round in turn:
 *     without guidance (1) a model's images differ more, so that rare ones occur and can be
 *     rewarded. DDPO has one
 */
record Training(
    Method method, double learningRate, double strength, int updates, List<Double> guidance) {
  /** Images that the U-Net computes at once. */
  private static final int BATCH = 32;

  private static final int STEPS = 10;

  /** How often DiffusionNFT noises each image of a round. */
  private static final int NOISINGS = 5;

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
    /** Learns from better and worse images alike, however they were made. */
    NFT
  }

  Training {
    guidance = List.copyOf(guidance);
    if (guidance.isEmpty() || (method != Method.NFT && guidance.size() != 1)) {
      throw new IllegalArgumentException(
          "a training needs one guidance scale, and only NFT may have several, but "
              + method
              + " was given "
              + guidance);
    }
  }

  static Training ddpo(double learningRate) {
    return new Training(Method.DDPO, learningRate, 1e-3, 4, List.of(1.0));
  }

  static Training nft(double learningRate, Double... guidance) {
    return new Training(Method.NFT, learningRate, 1, 4, List.of(guidance));
  }

  /** How the first round's trajectories are sampled. */
  SamplingOptions sampling() {
    return sampling(guidance.get(0));
  }

  /** What makes the images of each round. */
  DiffusionSampler sampler(PolicyOptimizer optimizer, DiffusionPolicy policy) {
    return optimizer instanceof DiffusionNft nft
        ? nft.sampler(round -> sampling(guidance.get((int) ((round - 1) % guidance.size()))))
        : policy.sampler();
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
      case NFT ->
          new DiffusionNft(
              policy,
              DiffusionNft.Options.defaults()
                  .withBeta(strength)
                  .withNoisings(NOISINGS)
                  .withUpdates(updates)
                  .withMicroBatch(microBatch(imagesPerRound * NOISINGS)),
              seed);
    };
  }
}

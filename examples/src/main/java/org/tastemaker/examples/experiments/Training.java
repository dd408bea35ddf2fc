package org.tastemaker.examples.experiments;

import java.util.List;
import java.util.Map;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.optim.likelihood.PretrainingData;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewordedSampler;

/**
 * How a reward is trained on, by DiffusionNFT.
 *
 * @param learningRate of AdamW on the LoRA weights
 * @param guidance guidance scales of the images that are trained on, one for each round in turn:
 *     without guidance (1) a model's images differ more, so that rare ones occur and can be
 *     rewarded
 * @param wordings other texts for the first images of a prompt in each round
 * @param preservation weight of the term that keeps what the model draws for other prompts
 */
record Training(
    double learningRate,
    List<Double> guidance,
    Map<String, List<String>> wordings,
    double preservation) {
  /** Images that the U-Net computes at once. */
  private static final int BATCH = 32;

  private static final int STEPS = 10;

  /** How often each image of a round is noised. */
  private static final int NOISINGS = 5;

  /** Of the weights, in a round. */
  private static final int UPDATES = 4;

  /** Images of other prompts in an update. */
  private static final int PRESERVED = 96;

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

  Training {
    guidance = List.copyOf(guidance);
    wordings = Map.copyOf(wordings);
    if (guidance.isEmpty()) {
      throw new IllegalArgumentException("a training needs at least one guidance scale");
    }
  }

  static Training of(double learningRate, Double... guidance) {
    return new Training(learningRate, List.of(guidance), Map.of(), 0);
  }

  Training reworded(Map<String, List<String>> wordings) {
    return new Training(learningRate, guidance, wordings, preservation);
  }

  Training preserving(double preservation) {
    return new Training(learningRate, guidance, wordings, preservation);
  }

  /** How images are sampled in a round, by its number from 1 on. */
  SamplingOptions sampling(long round) {
    return sampled(guidance.get((int) ((round - 1) % guidance.size())));
  }

  /** What makes the images of each round. */
  DiffusionSampler sampler(DiffusionNft nft) {
    return new RewordedSampler(nft.sampler(this::sampling), wordings);
  }

  /** How trajectories are sampled. */
  static SamplingOptions sampled(double guidance) {
    return SamplingOptions.ddpo().withSteps(STEPS).withGuidanceScale(guidance).withBatchSize(BATCH);
  }

  /** How many of so many rows the U-Net computes at once: it would compute as many of fewer. */
  static int microBatch(int rows) {
    return Math.min(BATCH, rows);
  }

  /**
   * The optimizer, which the caller closes.
   *
   * @param base what is trained, before it is
   * @param others prompts of which the model is kept as it is, if it is preserved
   */
  DiffusionNft optimizer(
      DiffusionPolicy policy,
      LatentDiffusion base,
      List<Prompt> others,
      int imagesPerRound,
      Seed seed) {
    DiffusionNft.Options options =
        DiffusionNft.Options.defaults()
            .withNoisings(NOISINGS)
            .withUpdates(UPDATES)
            .withPreservation(preservation)
            .withPreservedBatch(PRESERVED)
            .withMicroBatch(microBatch(imagesPerRound * NOISINGS));
    if (preservation == 0) {
      return new DiffusionNft(policy, options, seed);
    }
    PretrainingData drawn =
        PretrainingData.drawnBy(base::endpoints, others, seed.split("preserved"));
    return new DiffusionNft(policy, drawn, options, seed);
  }
}

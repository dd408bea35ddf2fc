package org.tastemaker.optim.likelihood;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DenoisingUpdate;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;

/**
 * Reward-weighted likelihood: Lee et al., "Aligning Text-to-Image Models using Human Feedback"
 * (2023), section 3.3.
 *
 * <pre>
 *   min  E_{(x, z) ~ D_model} [ -r(x, z) log p_theta(x | z) ]  +  beta E_{(x, z) ~ D_pre} [ -log p_theta(x | z) ]     (3)
 *   -log p_theta(x_0 | z)  ~  E_{t, e} |e - e_theta(x_t, t, z)|^2
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>rollout's last latents and prompts</td><td>D_model: x_0, z</td></tr>
 * <tr><td>rewards</td><td>r, made for [0, 1]</td></tr>
 * <tr><td>pretraining</td><td>D_pre</td></tr>
 * <tr><td>pretrainingWeight</td><td>beta</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Without the second term images lose quality: the paper's FID rises from 14 to 27. A reward
 * below 0 pushes away from an image without bound; shift such rewards. Not thread-safe.
 */
public final class RewardWeightedLikelihood implements PolicyOptimizer {
  private final DiffusionPolicy policy;
  private final @Nullable PretrainingData pretraining;
  private final Options options;
  private final Seed seed;
  private long steps;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param pretraining what must not be forgotten; null only where its weight is 0
   * @param options hyper-parameters
   * @param seed of images, timesteps and noise drawn
   */
  public RewardWeightedLikelihood(
      DiffusionPolicy policy, @Nullable PretrainingData pretraining, Options options, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.pretraining = pretraining;
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    if (pretraining == null && options.pretrainingWeight() > 0) {
      throw new IllegalArgumentException(
          "the pre-training term has the weight %s but no data: give some, or set the weight to 0"
              .formatted(options.pretrainingWeight()));
    }
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards);
    if (batch.allEqual()) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }
    Map<String, Double> metrics =
        DenoisingUpdate.round(
            policy,
            rollout,
            options.microBatch(),
            options.updates(),
            number,
            seed,
            (update, drawn) -> examples(rollout, batch, update, drawn));
    metrics.putAll(batch.metrics());
    steps = number;
    return StepReport.of(number, metrics);
  }

  /** Both terms of one update, weighted so that the mean over all examples is equation 3. */
  private List<DenoisingUpdate.Example> examples(
      Rollout rollout, RewardedImages batch, int update, Seed drawn) {
    int model = Math.min(options.batch(), batch.size());
    int pre = options.pretrainingWeight() > 0 ? options.pretrainingBatch() : 0;
    int all = model + pre;
    List<DenoisingUpdate.Example> images = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      double r = batch.rewards().get(k);
      images.add(DenoisingUpdate.of(rollout, batch.images().get(k), r * all / model, 0));
    }
    List<DenoisingUpdate.Example> examples =
        new ArrayList<>(DenoisingUpdate.some(images, model, drawn));
    if (pretraining != null && pre > 0) {
      long number = steps * options.updates() + update;
      for (PretrainingData.Captioned image : pretraining.batch(number, pre)) {
        double weight = options.pretrainingWeight() * all / pre;
        examples.add(new DenoisingUpdate.Example(-1, image.latents(), image.text(), weight, 0));
      }
    }
    return examples;
  }

  @Override
  public void save(Path folder) {
    CheckpointFile.write(folder, "reward-weighted-likelihood", steps, settings(), Map.of());
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public void restore(Path folder) {
    CheckpointFile checkpoint =
        CheckpointFile.read(folder, "reward-weighted-likelihood", settings());
    policy.restore(folder.resolve("policy"));
    steps = checkpoint.step();
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("seed", String.valueOf(seed.key()));
    settings.put("options", options.toString());
    return settings;
  }

  /**
   * Hyper-parameters.
   *
   * @param pretrainingWeight beta, at least 0; 0 for no second term
   * @param updates a round, at least 1
   * @param batch images of the model an update, at least 1
   * @param pretrainingBatch images of the pre-training data an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  public record Options(
      double pretrainingWeight, int updates, int batch, int pretrainingBatch, int microBatch) {
    public Options {
      require(
          pretrainingWeight >= 0 && Double.isFinite(pretrainingWeight),
          "pretrainingWeight must be at least 0 and finite, but was " + pretrainingWeight);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(
          pretrainingBatch >= 1,
          "pretrainingBatch must be at least 1, but was " + pretrainingBatch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * Beta 0.5 (that of ImageReward's re-implementation), half of each batch of 32 pre-training
     * data as in the paper, 5 updates a round.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(0.5, 5, 16, 16, 8);
    }

    /**
     * These options with another beta.
     *
     * @param pretrainingWeight at least 0
     * @return new options
     */
    public Options withPretrainingWeight(double pretrainingWeight) {
      return new Options(pretrainingWeight, updates, batch, pretrainingBatch, microBatch);
    }

    /**
     * These options with other updates of a round.
     *
     * @param updates at least 1
     * @param batch images of the model an update, at least 1
     * @param pretrainingBatch images of the pre-training data an update, at least 1
     * @param microBatch rows through the U-Net together, at least 1
     * @return new options
     */
    public Options withUpdates(int updates, int batch, int pretrainingBatch, int microBatch) {
      return new Options(pretrainingWeight, updates, batch, pretrainingBatch, microBatch);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}

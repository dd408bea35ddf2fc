package org.tastemaker.optim.dpok;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DenoisingUpdate;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;

/**
 * The supervised fine-tuning that DPOK is compared with: Fan et al., 2023, section 4.4, reward
 * weighted likelihood on images of the pre-trained model, regularised in one of two ways.
 *
 * <pre>
 *   KL_D:  min E_{x_0 ~ p_pre} (r(x_0, z) + gamma) |e - e_theta(x_t, t, z)|^2
 *   KL_O:  min E_{x_0 ~ p_pre} r(x_0, z) |e - e_theta(x_t, t, z)|^2 + gamma |e_pre(x_t, t, z) - e_theta(x_t, t, z)|^2
 * </pre>
 *
 * <p>KL_D is the divergence seen from the data: every image counts gamma more. KL_O is the one seen
 * from the predictions. The images should be those of {@link DiffusionPolicy#reference}: give that
 * as the run's sampler, and the policy's as the evaluation's. A weight below 0 pushes away from an
 * image without bound; shift such rewards.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>rollout's last latents</td><td>x_0</td></tr>
 * <tr><td>gamma</td><td>gamma; the paper tries 0.1, 1, 2 and 5</td></tr>
 * <tr><td>error, divergence (metrics)</td><td>the two squares, means over elements</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Not thread-safe.
 */
public final class DpokSupervised implements PolicyOptimizer {
  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private long steps;

  /** Where the divergence is taken. */
  public enum Variant {
    /** On the data: the weight of every image is shifted by gamma. */
    KL_D,
    /** On the outputs: a squared difference from the pre-trained model's, times gamma. */
    KL_O
  }

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of images, timesteps and noise drawn
   */
  public DpokSupervised(DiffusionPolicy policy, Options options, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    if (options.variant() == Variant.KL_O) {
      LatentDiffusion unused = policy.reference(); // made before the first update
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

    // 1. The weights of each image's two squares.
    List<DenoisingUpdate.Example> examples = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      double r = batch.rewards().get(k);
      int image = batch.images().get(k);
      examples.add(
          switch (options.variant()) {
            case KL_D -> DenoisingUpdate.of(rollout, image, r + options.gamma(), 0);
            case KL_O -> DenoisingUpdate.of(rollout, image, r, options.gamma());
          });
    }

    // 2. Updates on some of the images each.
    Map<String, Double> metrics =
        DenoisingUpdate.round(
            policy,
            rollout,
            options.microBatch(),
            options.updates(),
            number,
            seed,
            (update, drawn) -> DenoisingUpdate.some(examples, options.batch(), drawn));
    metrics.putAll(batch.metrics());
    steps = number;
    return StepReport.of(number, metrics);
  }

  @Override
  public void save(Path folder) {
    CheckpointFile.write(folder, "dpok-supervised", steps, settings(), Map.of());
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public void restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, "dpok-supervised", settings());
    policy.restore(folder.resolve("policy"));
    steps = checkpoint.step();
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("seed", String.valueOf(seed.key()));
    settings.put("variant", options.variant().name());
    settings.put("gamma", String.valueOf(options.gamma()));
    settings.put("updates", String.valueOf(options.updates()));
    settings.put("batch", String.valueOf(options.batch()));
    settings.put("microBatch", String.valueOf(options.microBatch()));
    return settings;
  }

  /**
   * Hyper-parameters.
   *
   * @param variant how it is regularised
   * @param gamma at least 0
   * @param updates a round, at least 1
   * @param batch images an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  public record Options(Variant variant, double gamma, int updates, int batch, int microBatch) {
    public Options {
      Objects.requireNonNull(variant, "variant == null");
      require(
          gamma >= 0 && Double.isFinite(gamma),
          "gamma must be at least 0 and finite, but was " + gamma);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * Gamma 2, 5 updates of 32 images a round.
     *
     * @param variant how it is regularised
     * @return the options
     */
    public static Options of(Variant variant) {
      return new Options(variant, 2, 5, 32, 8);
    }

    /**
     * These options with another gamma.
     *
     * @param gamma at least 0
     * @return new options
     */
    public Options withGamma(double gamma) {
      return new Options(variant, gamma, updates, batch, microBatch);
    }

    /**
     * These options with other updates of a round.
     *
     * @param updates at least 1
     * @param batch images an update, at least 1
     * @param microBatch rows through the U-Net together, at least 1
     * @return new options
     */
    public Options withUpdates(int updates, int batch, int microBatch) {
      return new Options(variant, gamma, updates, batch, microBatch);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}

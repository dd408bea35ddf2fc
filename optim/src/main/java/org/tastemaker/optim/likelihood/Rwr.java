package org.tastemaker.optim.likelihood;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
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
public final class Rwr implements PolicyOptimizer {
  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private long steps;

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
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards);
    if (batch.allEqual()) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }
    double[] weights = weights(batch);
    List<DenoisingUpdate.Example> examples = new ArrayList<>();
    for (int k = 0; k < weights.length; k++) {
      if (weights[k] > 0) { // an image of weight 0 has no gradient
        examples.add(DenoisingUpdate.of(rollout, batch.images().get(k), weights[k], 0));
      }
    }
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
    metrics.put("weightedImages", (double) examples.size());
    steps = number;
    return StepReport.of(number, metrics);
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

  @Override
  public void save(Path folder) {
    CheckpointFile.write(folder, "rwr", steps, settings(), Map.of());
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public void restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, "rwr", settings());
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
   * @param weighting how rewards become weights
   * @param beta of the exponential weights, above 0
   * @param percentile of the sparse weights, in [0, 1]: 0.9 keeps the best tenth, 1 the best alone
   * @param updates a round, at least 1
   * @param batch images an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  public record Options(
      Weighting weighting, double beta, double percentile, int updates, int batch, int microBatch) {
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
      return new Options(Weighting.SPARSE, 0.2, 0.9, 5, 32, 8);
    }

    /**
     * The best image of each prompt, and those that are equal to it.
     *
     * @return rejection sampling, with 5 updates of 32 images a round
     */
    public static Options bestOfN() {
      return new Options(Weighting.SPARSE, 0.2, 1, 5, 32, 8);
    }

    /**
     * These options with another beta.
     *
     * @param beta above 0
     * @return new options
     */
    public Options withBeta(double beta) {
      return new Options(weighting, beta, percentile, updates, batch, microBatch);
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
      return new Options(weighting, beta, percentile, updates, batch, microBatch);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}

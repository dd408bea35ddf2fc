package org.tastemaker.optim.direct;

import com.google.common.collect.Lists;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DenoisingChain;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.Shuffle;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * The round that the methods of this package share. Each of them says in its own class what is its
 * own: one update with forward, reward, loss and backward ({@link #update}).
 *
 * <pre>
 *   several times, all or none:
 *     1. draw    some of the round's images, each image once a round
 *     2. update  forward, reward, loss, backward, policy.update()
 *   3. the KL from the policy to its reference, estimated
 * </pre>
 */
abstract class DirectOptimizer implements PolicyOptimizer {
  /** What helps a run that has diverged, or is needed with other rollouts or less memory. */
  private static final Set<String> MAY_CHANGE = Set.of("updates", "microBatch", "decodedTogether");

  final DiffusionPolicy policy;
  private final String name;
  private final DifferentiableReward reward;
  private final Record options;
  private final Batches batches;
  private final Seed seed;
  private long steps;

  /**
   * How a round is divided.
   *
   * @param updates a round, at least 1; with fewer images there is one update for each
   * @param microBatch how many images go through the U-Net together, at least 1
   * @param decodedTogether how many go through the decoder and the reward together, at least 1
   */
  record Batches(int updates, int microBatch, int decodedTogether) {
    Batches {
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
      require(
          decodedTogether >= 1, "decodedTogether must be at least 1, but was " + decodedTogether);
    }
  }

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  DirectOptimizer(
      String name,
      DiffusionPolicy policy,
      DifferentiableReward reward,
      Record options,
      Batches batches,
      Seed seed) {
    this.name = name;
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.reward = Objects.requireNonNull(reward, "reward == null");
    this.options = options;
    this.batches = batches;
    this.seed = Objects.requireNonNull(seed, "seed == null");
    policy.requireLikelihood();
  }

  /**
   * One update.
   *
   * @param images which of the round's, at least one
   * @param round what is needed of it
   * @param drawn seed of what is drawn
   */
  abstract void update(List<Integer> images, Round round, Seed drawn);

  @Override
  public final StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards); // whose rewards are not read
    if (batch.size() == 0) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }

    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number, policy);
    try (Round round = new Round(rollout, diagnostics)) {
      policy.atomically(
          number,
          () -> {
            // 1. The images of each update.
            List<Integer> order = new ArrayList<>();
            for (int k : Shuffle.order(batch.size(), seed.split(number).split("images"))) {
              order.add(batch.images().get(k));
            }
            int updates = Math.min(batches.updates(), order.size());
            for (int i = 0; i < updates; i++) {
              List<Integer> images =
                  order.subList(i * order.size() / updates, (i + 1) * order.size() / updates);
              // 2. Forward, reward, loss, backward, update.
              update(images, round, seed.split(number).split("updates").split(i));
            }
            // 3. How far the updates have taken the policy from the pre-trained model.
            diagnostics.klEstimate(
                policy.klEstimate(
                    rollout, batches.microBatch(), seed.split(number).split("divergence")));
          });
    }
    Map<String, Double> metrics = diagnostics.metrics();
    metrics.putAll(batch.metrics());
    steps = number;
    return StepReport.of(number, metrics);
  }

  /** A round's trajectories, and what becomes of an image's latents. */
  final class Round implements AutoCloseable {
    private final Rollout rollout;
    private final UpdateDiagnostics diagnostics;
    private final DenoisingChain chain;
    private final CleanLatentReward rewarded;
    private final FloatBuffer byLatents; // [B, C, h, w]

    Round(Rollout rollout, UpdateDiagnostics diagnostics) {
      this.rollout = rollout;
      this.diagnostics = diagnostics;
      this.chain = policy.chain(rollout, batches.microBatch());
      this.rewarded = new CleanLatentReward(reward, policy.sampler(), batches.decodedTogether());
      this.byLatents =
          FloatBuffer.allocate(batches.microBatch() * policy.sampler().latentShape().size());
    }

    /** The denoising steps. */
    DenoisingChain chain() {
      return chain;
    }

    UpdateDiagnostics diagnostics() {
      return diagnostics;
    }

    /** Images in micro-batches. */
    List<int[]> microBatches(List<Integer> images) {
      List<int[]> all = new ArrayList<>();
      for (List<Integer> some : Lists.partition(images, batches.microBatch())) {
        all.add(some.stream().mapToInt(Integer::intValue).toArray());
      }
      return all;
    }

    /**
     * The loss of clean latents, with its gradient.
     *
     * @param rows the image of each row
     * @param clean x_0 of each row, [rows, C, h, w]
     * @param loss of a reward
     * @param weight of each row's loss in the loss that is minimised
     * @return d L / d x_0, [rows, C, h, w], valid until the next call
     */
    FloatBuffer lossGradient(int[] rows, FloatBuffer clean, DirectLoss loss, double weight) {
      List<Prompt> prompts = new ArrayList<>();
      for (int image : rows) {
        prompts.add(rollout.prompts().get(image));
      }
      double[] scores = rewarded.score(prompts, clean, byLatents); // r, and d r / d x_0
      int size = clean.remaining() / rows.length;
      for (int n = 0; n < rows.length; n++) {
        diagnostics.mean("directReward", rows[n], scores[n]);
        diagnostics.loss(rows[n], loss.of(scores[n]));
        double slope = weight * loss.slope(scores[n]);
        for (int i = n * size; i < (n + 1) * size; i++) {
          byLatents.put(i, (float) (slope * byLatents.get(i)));
        }
      }
      return byLatents.slice(0, rows.length * size);
    }

    @Override
    public void close() {
      rewarded.close();
    }
  }

  @Override
  public final void save(Path folder) {
    CheckpointFile.write(folder, name, steps, settings(), Map.of());
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public final List<String> restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, name, settings(), MAY_CHANGE);
    List<String> changes = policy.restore(folder.resolve("policy"));
    steps = checkpoint.step();
    return checkpoint.changesAnd(changes);
  }

  private Settings settings() {
    return Settings.of(options).with("seed", seed.key()).with("rewardInput", reward.input());
  }
}

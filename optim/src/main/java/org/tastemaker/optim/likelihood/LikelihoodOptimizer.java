package org.tastemaker.optim.likelihood;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * The round that the methods of this package share. Each of them says in its own class what is its
 * own: which weights images have ({@link #weigh}), and one update with forward, loss, backward and
 * {@code policy.update()} ({@link #update}).
 *
 * <pre>
 *   1. weigh   w_n of each image that has a reward
 *   several times, all or none:
 *     2. draw    some of the images
 *     3. update  forward, loss, backward, policy.update()
 *   4. the KL from the policy to its reference, estimated
 * </pre>
 */
abstract class LikelihoodOptimizer implements PolicyOptimizer {
  /** What helps a run that has diverged, or is needed with less memory. */
  private static final Set<String> MAY_CHANGE = Set.of("updates", "microBatch");

  final DiffusionPolicy policy;
  private final String name;
  private final Record options;
  private final Seed seed;
  private final int updates;
  private final int microBatch;
  private long steps;

  LikelihoodOptimizer(
      String name, DiffusionPolicy policy, Record options, int updates, int microBatch, Seed seed) {
    this.name = name;
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = options;
    this.updates = updates;
    this.microBatch = microBatch;
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  /**
   * The images that are trained on, with their weights; none if no image is better than another.
   */
  abstract List<Example> weigh(Rollout rollout, RewardedImages batch);

  /**
   * The examples of one update.
   *
   * @param weighted of this round
   * @param update its number since the first round, from 0
   * @param drawn seed of what is drawn
   */
  abstract List<Example> draw(List<Example> weighted, long update, Seed drawn);

  /**
   * One update.
   *
   * @param examples N, at least one
   * @param denoising runs the U-Net
   * @param noise row n's timestep and noise are drawn from {@code noise.split(n)}
   * @param diagnostics takes the loss and {@code denoisingError} of each row
   */
  abstract void update(
      List<Example> examples,
      DenoisingExamples denoising,
      Seed noise,
      UpdateDiagnostics diagnostics);

  /** What a method measures beside the usual. */
  Map<String, Double> metrics(List<Example> weighted) {
    return Map.of();
  }

  @Override
  public final StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards);
    if (batch.allEqual()) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }

    // 1. The weight of each image.
    List<Example> weighted = weigh(rollout, batch);
    if (weighted.isEmpty()) {
      steps = number;
      return new StepReport(
          number,
          batch.metrics(),
          "no prompt has two images with different rewards: all advantages are 0");
    }
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number, policy);
    DenoisingExamples denoising = policy.examples(microBatch);
    policy.atomically(
        number,
        () -> {
          for (int i = 0; i < updates; i++) {
            // 2. The images of an update.
            Seed drawn = seed.split(number).split(i);
            List<Example> examples = draw(weighted, steps * updates + i, drawn.split("images"));
            // 3. Forward, loss, backward, update.
            update(examples, denoising, drawn.split("noise"), diagnostics);
          }
          // 4. How far the updates have taken the policy from the pre-trained model.
          diagnostics.klEstimate(
              policy.klEstimate(rollout, microBatch, seed.split(number).split("divergence")));
        });

    Map<String, Double> metrics = diagnostics.metrics();
    metrics.putAll(batch.metrics());
    metrics.putAll(metrics(weighted));
    steps = number;
    return StepReport.of(number, metrics);
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
    return Settings.of(options).with("seed", seed.key());
  }
}

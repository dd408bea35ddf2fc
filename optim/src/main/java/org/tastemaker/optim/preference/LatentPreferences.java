package org.tastemaker.optim.preference;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;

/**
 * The step that the methods on clean latents share. Each of them says in its own class what is its
 * own: what it makes of judged groups ({@link #examples}), and one update with forward, loss,
 * backward and the guarded {@code policy.update()} ({@link #update}).
 *
 * <pre>
 *   1. examples  pairs, or labelled images, of a rollout or of data
 *   several times, all or none:
 *     2. draw    a batch of them: each once an epoch
 *     3. update  forward, loss, backward, policy.update() unless the loss has spiked
 *   4. the KL from the policy to its reference, estimated where there is a rollout
 * </pre>
 *
 * @param <E> a set of examples
 */
abstract class LatentPreferences<E> extends PreferenceOptimizer implements OfflineOptimizer {
  private final int updates;
  private final int microBatch;
  private long offlineUpdates;

  LatentPreferences(String name, DiffusionPolicy policy, Record options, Shared shared, Seed seed) {
    super(name, policy, options, shared.guard(), seed);
    this.updates = shared.updates();
    this.microBatch = shared.microBatch();
  }

  /**
   * The options that all have.
   *
   * @param updates a step
   * @param microBatch rows that go through the U-Net together
   * @param guard against spikes
   */
  record Shared(int updates, int microBatch, SpikeGuard.Options guard) {}

  /** What is learned from some groups; empty where they tell nothing. */
  abstract Optional<E> examples(List<RatedGroup> groups);

  /**
   * One update.
   *
   * @param examples all of them
   * @param number which batch of them, from 0
   * @param order seed of the epochs' orders
   * @param denoising runs the U-Net
   * @param noise seed of timesteps and noise
   * @param update takes the losses, and makes the update
   */
  abstract void update(
      E examples,
      long number,
      Seed order,
      DenoisingExamples denoising,
      Seed noise,
      PreferenceUpdate update);

  /** Why nothing was learned. */
  abstract String reasonOfNone();

  @Override
  public final StepReport step(Rollout rollout, Rewards rewards) {
    RewardedImages batch = RewardedImages.of(rollout, rewards);
    if (batch.allEqual()) {
      return skip(batch.metrics(), batch.reasonToSkip());
    }
    Seed own = seed.split(number());
    Optional<E> found = examples(RatedGroup.of(rollout, batch));
    if (found.isEmpty()) {
      return skip(batch.metrics(), reasonOfNone());
    }
    E examples = found.get();
    DenoisingExamples denoising = policy.examples(microBatch);
    return learn(
        batch.metrics(),
        update -> {
          for (int i = 0; i < updates; i++) {
            update(examples, i, own.split("order"), denoising, own.split(i), update);
          }
          measureKl(rollout, microBatch, update);
        });
  }

  @Override
  public final StepReport step(PreferenceData data) {
    Seed own = seed.split("offline");
    E examples =
        examples(data.groups())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "nothing can be learned from the data: " + reasonOfNone()));
    DenoisingExamples denoising = policy.examples(microBatch);
    StepReport report =
        learn(
            Map.of(),
            update -> {
              for (int i = 0; i < updates; i++) {
                long number = offlineUpdates + i;
                update(examples, number, own.split("order"), denoising, own.split(number), update);
              }
            });
    offlineUpdates += updates;
    return report;
  }

  @Override
  final Map<String, Object> state() {
    return Map.of("offlineUpdates", offlineUpdates);
  }

  @Override
  final Runnable restoring(CheckpointFile checkpoint) {
    long saved = checkpoint.state().longInteger("offlineUpdates");
    return () -> offlineUpdates = saved;
  }
}

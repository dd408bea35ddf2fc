package org.tastemaker.optim.preference;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * What all methods of this package share: a step is all of its updates or none, with a guard
 * against spikes, and a checkpoint holds what the guard remembers.
 */
abstract class PreferenceOptimizer implements PolicyOptimizer {
  /** What helps a run that has diverged, or is needed with less memory. */
  private static final Set<String> MAY_CHANGE =
      Set.of(
          "updates",
          "microBatch",
          "guard.factor",
          "guard.lossFloor",
          "guard.insideFloor",
          "guard.window",
          "guard.warmUp",
          "guard.patience");

  final DiffusionPolicy policy;
  final Seed seed;
  private final String name;
  private final Record options;
  private final SpikeGuard guard;
  private long steps;

  PreferenceOptimizer(
      String name, DiffusionPolicy policy, Record options, SpikeGuard.Options guard, Seed seed) {
    this.name = name;
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.guard = new SpikeGuard(guard);
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  /** The number of the step that begins. */
  final long number() {
    return steps + 1;
  }

  /** A step that leaves the model as it is. */
  final StepReport skip(Map<String, Double> metrics, String reason) {
    steps++;
    return new StepReport(steps, metrics, reason);
  }

  /**
   * A step's updates, all or none.
   *
   * @param metrics reported beside those of the updates
   * @param updates makes them
   */
  final StepReport learn(Map<String, Double> metrics, Consumer<PreferenceUpdate> updates) {
    long number = number();
    PreferenceUpdate update = new PreferenceUpdate(policy, guard, number);
    SpikeGuard.State before = guard.state();
    try {
      policy.atomically(number, () -> updates.accept(update));
    } catch (RuntimeException | Error e) {
      guard.restore(before);
      throw e;
    }
    Map<String, Double> all = update.metrics();
    all.putAll(metrics);
    steps = number;
    return new StepReport(number, all, update.reasonToSkip().orElse(null));
  }

  /** How far the updates have taken the policy from the pre-trained model. */
  final void measureKl(Rollout rollout, int microBatch, PreferenceUpdate update) {
    update
        .diagnostics()
        .klEstimate(
            policy.klEstimate(rollout, microBatch, seed.split(number()).split("divergence")));
  }

  /** What else a checkpoint holds. */
  Map<String, Object> state() {
    return Map.of();
  }

  /** Reads what {@link #state} gave, and returns what takes it over, which cannot fail. */
  Runnable restoring(CheckpointFile checkpoint) {
    return () -> {};
  }

  @Override
  public final void save(Path folder) {
    Map<String, Object> state = new HashMap<>(state());
    state.put("guard", guard.state().toJson());
    CheckpointFile.write(folder, name, steps, settings(), state);
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public final List<String> restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, name, settings(), MAY_CHANGE);
    SpikeGuard.State remembered = SpikeGuard.State.parse(checkpoint.state().object("guard"));
    Runnable own = restoring(checkpoint);
    // The policy checks its own part before it changes anything; nothing after it can fail.
    List<String> changes = policy.restore(folder.resolve("policy"));
    guard.restore(remembered);
    own.run();
    steps = checkpoint.step();
    return checkpoint.changesAnd(changes);
  }

  private Settings settings() {
    return Settings.of(options).with("seed", seed.key());
  }
}

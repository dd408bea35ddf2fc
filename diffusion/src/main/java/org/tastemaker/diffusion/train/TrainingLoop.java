package org.tastemaker.diffusion.train;

import com.google.common.base.Suppliers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.Settings;

/**
 * The loop that every trainer runs: gradients of a few batches, one update, events for listeners,
 * and checkpoints.
 */
final class TrainingLoop {
  private final String trainer;
  private final String activity;
  private final OptimizerOptions options;
  private final Settings settings;
  private final TrainingState state;

  /** What is frozen does not change, so that its sum is computed once, when it is first needed. */
  private final Supplier<String> frozen;

  /**
   * A loop at the beginning of its run.
   *
   * @param trainer its name in checkpoints
   * @param activity what is being done, such as {@code "training the denoiser"}
   * @param options of the updates
   * @param settings beside those, what a run that is resumed must have in common with this one
   * @param state what is trained
   */
  TrainingLoop(
      String trainer,
      String activity,
      OptimizerOptions options,
      Settings settings,
      TrainingState state) {
    this.trainer = trainer;
    this.activity = activity;
    this.options = options;
    this.settings = settings;
    this.state = state;
    this.frozen = Suppliers.memoize(state::frozenSum);
  }

  /** What is minimized. */
  @FunctionalInterface
  interface Objective {
    /**
     * Adds a batch's gradient to the state.
     *
     * @param batch the batch's number
     * @param share by which the loss, and so the gradient, is multiplied
     * @return the loss as {@code "loss"} and its terms, without the share
     */
    Map<String, Double> backward(long batch, double share);

    /** The weights have been updated: what is bounded is brought back into its bounds. */
    default void updated() {}
  }

  /** Trains from where the state is to the last step, where the engine computes. */
  void run(
      Objective objective,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    state.resident(() -> steps(objective, options.steps(), checkpoints, listener, cancellation));
  }

  /** Trains from where the state is until a number of steps is done, with updates on the host. */
  void runOnHost(
      Objective objective,
      long until,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    steps(objective, until, checkpoints, listener, cancellation);
  }

  private void steps(
      Objective objective,
      long until,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    RunListener listeners = RunListener.all(listener); // whose failures change nothing
    LearningRate rate = options.rate().over(options.steps());
    while (state.step() < until) {
      long step = state.step() + 1;
      String where = activity + ", step " + step + " of " + options.steps();
      String failing = where + " (the weights stay those after step " + state.step() + ")";

      // 1. The gradient of the mean loss over the step's batches.
      state.begin();
      Map<String, Double> metrics = new TreeMap<>();
      for (int i = 0; i < options.accumulation(); i++) {
        cancellation.throwIfRequested(where);
        long batch = state.step() * options.accumulation() + i;
        double share = 1.0 / options.accumulation();
        Map<String, Double> terms = objective.backward(batch, share);
        requireFinite(failing, terms);
        terms.forEach((name, value) -> metrics.merge(name, share * value, Double::sum));
      }

      // 2. The update.
      metrics.put("learningRate", rate.at(state.step()));
      metrics.put("gradientNorm", state.update(failing, rate.at(state.step())));
      objective.updated();

      // 3. What others see.
      listeners.on(new RunEvent.Metrics(step, metrics));
      listeners.on(new RunEvent.Progress(activity, step, options.steps()));
      save(step, checkpoints)
          .ifPresent(folder -> listeners.on(new RunEvent.CheckpointSaved(step, folder)));
    }
  }

  private static void requireFinite(String where, Map<String, Double> terms) {
    terms.forEach(
        (name, value) -> {
          if (!Double.isFinite(value)) {
            throw new DivergedException(
                where,
                "the "
                    + name
                    + " is "
                    + value
                    + "; lower the learning rate, or look for the batch that caused it");
          }
        });
  }

  /** Writes the state into an empty folder. */
  void write(Path folder) {
    TrainingCheckpoint.write(folder, trainer, settings(), state);
  }

  /** Resumes from a folder that {@link #write} filled. */
  List<String> restore(Path folder) {
    return TrainingCheckpoint.restore(
        folder, trainer, settings(), OptimizerOptions.MAY_CHANGE, options.steps(), state);
  }

  private Settings settings() {
    return options.settings().and(settings).with("frozen", frozen.get());
  }

  private Optional<Path> save(long step, Checkpointing checkpoints) {
    return checkpoints.isDue(step, options.steps())
        ? Optional.of(checkpoints.target().save(step, this::write))
        : Optional.empty();
  }
}

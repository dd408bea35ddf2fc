package org.tastemaker.core;

import java.nio.file.Path;
import java.util.List;

/** Moves a model toward the images that are rewarded. */
public interface PolicyOptimizer {
  /**
   * Learns from one batch.
   *
   * @param rollout what the model made; it stays the caller's to close
   * @param rewards one for each image; images without a reward are left out
   * @return what was done, with diagnostics
   * @throws DivergedException if a loss, a ratio, an advantage or a gradient is not finite; the
   *     message names the step, and the model is as it was before
   */
  StepReport step(Rollout rollout, Rewards rewards);

  /**
   * Writes all that is needed to resume later: trained weights, moments, statistics, counters.
   *
   * @param folder an existing, empty folder
   */
  void save(Path folder);

  /**
   * Restores what {@link #save} wrote. The steps that follow are bit-identical to those of a run
   * that was not interrupted, if nothing has changed.
   *
   * <p>What helps a run that has diverged, such as a lower learning rate, may have another value
   * than in the run that saved; what makes it another run may not.
   *
   * @param folder what {@code save} was given
   * @return what has changed, a sentence for each, such as {@code "learningRate is 0.001 in the
   *     checkpoint and 1.0E-4 now"}; empty where nothing has
   * @throws IllegalArgumentException if it is of another run; nothing has changed then
   */
  List<String> restore(Path folder);
}

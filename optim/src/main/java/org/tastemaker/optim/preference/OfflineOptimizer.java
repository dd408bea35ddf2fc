package org.tastemaker.optim.preference;

import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.StepReport;

/** A method that also learns from judged images that were there before the training. */
public interface OfflineOptimizer extends PolicyOptimizer {
  /**
   * Learns from some of the data. The steps go through the data epoch by epoch, each in an order of
   * its own; where a step begins is a part of a checkpoint.
   *
   * @param data the same in every step
   * @return what was done, with diagnostics
   * @throws org.tastemaker.core.DivergedException as for a rollout
   */
  StepReport step(PreferenceData data);
}

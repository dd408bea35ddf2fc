package org.tastemaker.feedback;

import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.run.Settings;

/** An oracle that says what decides its answers, so that a dataset does not mix different kinds. */
public interface DescribedOracle extends FeedbackOracle {
  /**
   * What decides this oracle's answers, for the header of a dataset.
   *
   * @return the settings
   */
  Settings settings();

  /**
   * The oracle to ask about groups that it has not judged before: a refusal or a malformed answer
   * that a cache holds is not repeated, but asked for again, and paid for again.
   *
   * @return by default this oracle
   */
  default DescribedOracle retrying() {
    return this;
  }
}

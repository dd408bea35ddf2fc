package org.tastemaker.optim.rows;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;
import org.tastemaker.optim.policy.TransitionLoss;

/**
 * What a worker can do, as something that can be sent to it.
 *
 * @param model for rows that make images, or null
 * @param oracle for rows that judge, or null
 * @param reward for rows that score, or null
 * @param loss for rows that compute gradients, or null: such as that of {@code Ddpo.Options}
 * @param questions how many questions the judge is asked at once, at least 1: this worker's share
 *     of the limit that the judge's service has
 * @param answers a folder in which answers are kept by the row's id, shared by all workers that can
 *     reach it, so that what a killed worker has been answered is not asked again; or null
 */
@RecordBuilder
public record RowSetup(
    @Nullable ModelRecipe model,
    @Nullable OracleFactory oracle,
    @Nullable RewardFactory reward,
    @Nullable TransitionLoss loss,
    int questions,
    @Nullable String answers)
    implements RowSetupBuilder.With, Serializable {
  public RowSetup {
    if (questions < 1) {
      throw new IllegalArgumentException("questions must be at least 1, but was " + questions);
    }
  }

  /**
   * The hash by which rows name the loss.
   *
   * @return a SHA-256 of its settings; "none" where there is none
   */
  public String lossHash() {
    return loss == null ? "none" : Hashes.of(loss.settings());
  }

  /**
   * A worker that can do nothing yet.
   *
   * @return to be filled
   */
  public static RowSetup none() {
    return new RowSetup(null, null, null, null, 1, null);
  }
}

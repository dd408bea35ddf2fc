package org.tastemaker.core;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a policy optimizer did with one batch of rewarded images.
 *
 * @param step number of the optimizer's step, from 1
 * @param metrics diagnostics by name, such as {@code loss}, {@code approxKl}, {@code clipFraction},
 *     {@code gradientNorm}; finite
 * @param skippedReason why the model was left as it was (for example: all rewards equal), or null
 *     where it was updated
 */
public record StepReport(long step, Map<String, Double> metrics, @Nullable String skippedReason) {
  public StepReport {
    if (step < 1) {
      throw new IllegalArgumentException("a step's number starts at 1, but was " + step);
    }
    Objects.requireNonNull(metrics, "metrics == null");
    metrics.forEach(
        (name, value) -> {
          if (!Double.isFinite(value)) {
            throw new DivergedException(
                "step " + step,
                "metric '"
                    + name
                    + "' is "
                    + value
                    + "; the run has diverged: resume it with a lower learning rate");
          }
        });
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
  }

  /**
   * A step that updated the model.
   *
   * @param step from 1
   * @param metrics diagnostics by name
   * @return the report
   */
  public static StepReport of(long step, Map<String, Double> metrics) {
    return new StepReport(step, metrics, null);
  }

  /**
   * A step that left the model as it was.
   *
   * @param step from 1
   * @param reason why, for a person to read
   * @return the report, without metrics
   */
  public static StepReport skipped(long step, String reason) {
    return new StepReport(step, Map.of(), Objects.requireNonNull(reason, "reason == null"));
  }
}

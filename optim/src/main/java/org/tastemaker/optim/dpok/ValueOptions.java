package org.tastemaker.optim.dpok;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * The value network's hyper-parameters.
 *
 * @param width of its three hidden layers, at least 1
 * @param learningRate above 0
 * @param weightDecay at least 0
 * @param updates a round, before the policy's, at least 1
 * @param batch transitions an update, at least 1
 */
@RecordBuilder
public record ValueOptions(
    int width, double learningRate, double weightDecay, int updates, int batch)
    implements ValueOptionsBuilder.With {
  public ValueOptions {
    require(width >= 1, "width must be at least 1, but was " + width);
    require(
        learningRate > 0 && Double.isFinite(learningRate),
        "learningRate must be above 0 and finite, but was " + learningRate);
    require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "weightDecay must be at least 0 and finite, but was " + weightDecay);
    require(updates >= 1, "updates must be at least 1, but was " + updates);
    require(batch >= 1, "batch must be at least 1, but was " + batch);
  }

  /**
   * Those of the public code: width 256, 1e-4, decay 0.01, 5 updates of 256 transitions.
   *
   * @return the options
   */
  public static ValueOptions defaults() {
    return new ValueOptions(256, 1e-4, 0.01, 5, 256);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}

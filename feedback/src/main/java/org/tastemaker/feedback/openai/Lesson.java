package org.tastemaker.feedback.openai;

import java.time.Duration;
import java.time.Instant;

/**
 * What a model can do, as its errors have taught. Servers get new versions, so a lesson is
 * forgotten with time, and learned again if it still holds.
 *
 * @param can what it can do
 * @param since when the first of it was learned
 */
record Lesson(ModelCapabilities can, Instant since) {
  private static final Duration LONGEST = Duration.ofDays(30);

  boolean isForgotten(Instant now) {
    return Duration.between(since, now).compareTo(LONGEST) > 0;
  }
}

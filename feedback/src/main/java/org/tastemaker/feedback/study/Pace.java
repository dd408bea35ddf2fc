package org.tastemaker.feedback.study;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The times between judgements. */
final class Pace {
  private record Moment(Instant time, String prompt) {}

  private final List<Moment> moments = new ArrayList<>();

  void add(Instant time, String prompt) {
    moments.add(new Moment(time, prompt));
  }

  /**
   * Adds the seconds before each judgement.
   *
   * @param pause what is longer is a stop of the job
   * @return how many pauses were left out
   */
  long addTo(StudySums sums, Duration pause) {
    moments.sort(Comparator.comparing(Moment::time));
    long pauses = 0;
    for (int i = 1; i < moments.size(); i++) {
      Duration gap = Duration.between(moments.get(i - 1).time(), moments.get(i).time());
      if (gap.compareTo(pause) > 0) {
        pauses++;
      } else {
        sums.add(moments.get(i).prompt(), Measure.SECONDS, gap.toNanos() / 1e9, 1);
      }
    }
    return pauses;
  }
}

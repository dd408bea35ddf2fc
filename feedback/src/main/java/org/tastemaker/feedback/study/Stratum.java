package org.tastemaker.feedback.study;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.BiFunction;
import org.tastemaker.core.Ranking;

/**
 * What pairs are told apart by: each value becomes a section of the report.
 *
 * @param name such as {@code source}
 * @param value of a pair of a group
 */
public record Stratum(String name, BiFunction<VotedGroup, VotedPair, String> value) {
  private static final String UNKNOWN = "unknown";

  public Stratum {
    Objects.requireNonNull(name, "name == null");
    Objects.requireNonNull(value, "value == null");
  }

  /**
   * By a fact of the group, such as its source.
   *
   * @param name of the {@linkplain VotedGroup#facts fact}; where it is absent, the value is {@code
   *     unknown}
   * @return the stratum
   */
  public static Stratum byFact(String name) {
    return new Stratum(name, (group, pair) -> group.facts().getOrDefault(name, UNKNOWN));
  }

  /**
   * By whether both images have the same value of a fact, such as the model that made them.
   *
   * @param name of the {@linkplain VotedGroup#imageFacts fact}
   * @return the stratum, whose values are the words same, different and unknown
   */
  public static Stratum bySame(String name) {
    return new Stratum(
        "same " + name,
        (group, pair) -> {
          if (group.imageFacts().isEmpty()) {
            return UNKNOWN;
          }
          String one = group.imageFacts().get(pair.first()).get(name);
          String other = group.imageFacts().get(pair.second()).get(name);
          return one == null || other == null ? UNKNOWN : one.equals(other) ? "same" : "different";
        });
  }

  /**
   * By how many places lie between the images in people's order of the group, which is by the mean
   * share of votes: neighbours are harder to tell apart than the first and the last.
   *
   * @return the stratum, with the values 0 (tied), 1, 2 and so on
   */
  public static Stratum byRankDistance() {
    return new Stratum(
        "rank distance",
        (group, pair) -> {
          double[] scores = group.scores(pair.criterion());
          if (!(Double.isFinite(scores[pair.first()]) && Double.isFinite(scores[pair.second()]))) {
            return UNKNOWN;
          }
          double[] placed =
              Arrays.stream(scores)
                  .map(s -> Double.isNaN(s) ? Double.NEGATIVE_INFINITY : s)
                  .toArray();
          Ranking order = Ranking.ofScores(placed);
          int one = order.rank(pair.first()).getAsInt();
          int other = order.rank(pair.second()).getAsInt();
          return "" + Math.abs(one - other);
        });
  }
}

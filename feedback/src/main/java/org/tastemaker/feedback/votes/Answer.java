package org.tastemaker.feedback.votes;

import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;

/** What a person said about the images of a row. */
public sealed interface Answer {
  /**
   * A choice between two images.
   *
   * @param first index of an image
   * @param second index of another
   * @param outcome which is better
   */
  record Pick(int first, int second, Outcome outcome) implements Answer {
    public Pick {
      Objects.requireNonNull(outcome, "outcome == null");
      if (first < 0 || second < 0 || first == second) {
        throw new IllegalArgumentException(
            "a choice is between two different images of index 0 or more, but was between "
                + first
                + " and "
                + second);
      }
    }
  }

  /** Which of two images is better. Neither is not one half: it is an answer of its own. */
  enum Outcome {
    /** The first. */
    FIRST,
    /** The second. */
    SECOND,
    /** They are equally good. */
    TIE,
    /** They are equally bad: neither shows what was asked for. */
    BOTH_BAD;

    /**
     * The same choice with the images exchanged.
     *
     * @return the other image, or the same where neither was chosen
     */
    public Outcome swapped() {
      return switch (this) {
        case FIRST -> SECOND;
        case SECOND -> FIRST;
        case TIE, BOTH_BAD -> this;
      };
    }
  }

  /**
   * An order of all images, or of some.
   *
   * @param ranking of the row's images
   */
  record Order(Ranking ranking) implements Answer {
    public Order {
      Objects.requireNonNull(ranking, "ranking == null");
    }
  }

  /**
   * A number for each image.
   *
   * @param scores higher is better; empty where an image has none
   */
  record Scores(List<OptionalDouble> scores) implements Answer {
    public Scores {
      scores = List.copyOf(scores);
      for (OptionalDouble score : scores) {
        if (score.isPresent() && !Double.isFinite(score.getAsDouble())) {
          throw new IllegalArgumentException(
              "a score must be finite, or empty where there is none, but was "
                  + score.getAsDouble());
        }
      }
    }
  }
}

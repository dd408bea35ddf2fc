package org.tastemaker.human.improve;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * The search from one point until it moves: ZO-RankSGD, which asks, stopped at each question and
 * resumed when that is answered.
 *
 * <p>ZO-RankSGD forgets all but the point when it moves, so a new search may begin there.
 */
final class Leg {
  private final ZoRankSgd search;
  private @Nullable Ranking answer;
  private @Nullable Question question;

  /** Stops the search: its round stays open, and the next step asks the same again. */
  private static final class Unanswered extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unanswered() {
      super("the question is not answered yet", null, false, false);
    }
  }

  /** Asks the first question. */
  Leg(float[] start, ZoRankSgd.Options options, Seed seed) {
    this.search = new ZoRankSgd(this::rank, start, options, seed);
    Optional<float[]> unused = resume();
  }

  Question question() {
    return Objects.requireNonNull(question, "the search has moved");
  }

  /** How many rounds have ended. */
  long rounds() {
    return search.rounds();
  }

  /** The point to which an answer has moved the search; empty if it asks on where it is. */
  Optional<float[]> answer(Ranking ranking) {
    answer = ranking;
    return resume();
  }

  private Optional<float[]> resume() {
    question = null;
    while (true) {
      try {
        if (search.step().skippedReason() == null) {
          return Optional.of(search.point());
        }
      } catch (Unanswered e) {
        return Optional.empty();
      }
    }
  }

  private Ranking rank(List<float[]> candidates, int best) {
    Ranking given = answer;
    answer = null;
    if (given != null) {
      return given;
    }
    // The steps end with the point itself; no probe is there.
    int last = candidates.size() - 1;
    boolean steps = Arrays.equals(candidates.get(last), search.point());
    question = new Question(candidates.stream().map(Point::of).toList(), best, steps ? last : -1);
    throw new Unanswered();
  }
}

package org.tastemaker.optim.run;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.NothingJudgedException;

/**
 * Ends a run whose judge has answered nothing in a round, for one reason: there is nothing to learn
 * from, and the next round would be the same. A single group that is refused, by a judge that has
 * answered before, ends the run only if it happens in several rounds in a row.
 */
final class SilentJudge {
  private static final int MOST_SINGLE = 3;

  private boolean answered;
  private int silent;

  /**
   * No round yet.
   *
   * @param answered whether the judge has answered in an earlier session
   */
  SilentJudge(boolean answered) {
    this.answered = answered;
  }

  /**
   * Checks the judgements of a round, before anything is learned from it.
   *
   * @throws NothingJudgedException if the run must end
   */
  void check(long round, List<Judgement> judgements) {
    if (judgements.isEmpty() || judgements.stream().anyMatch(j -> !j.isMissing())) {
      answered |= !judgements.isEmpty();
      silent = 0;
      return;
    }
    silent++;
    Set<String> common = new TreeSet<>(MissingReason.kindsOf(judgements.get(0)));
    judgements.forEach(judgement -> common.retainAll(MissingReason.kindsOf(judgement)));
    boolean mayBeThisGroup = answered && judgements.size() == 1 && silent < MOST_SINGLE;
    if (!common.isEmpty() && !mayBeThisGroup) {
      List<MissingReason> reasons = MissingReason.of(judgements);
      throw new NothingJudgedException(
          String.format(
              Locale.ROOT,
              "the judge has answered nothing in round %d, so there is nothing to learn from, and the"
                  + " run has stopped: %s. Mend that, and resume the run, with the judge's retrying()"
                  + " if it has a cache, which repeats refusals otherwise; if it refuses these images,"
                  + " take other prompts, or another judge",
              round,
              MissingReason.words(reasons)),
          reasons);
    }
  }
}

package org.tastemaker.feedback.annotate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.feedback.protocol.FailureKinds;

/**
 * Catches the failure that hits every group and that nobody foresaw: groups without a judgement are
 * recorded only once another group is judged, and if a number of groups fail for the same reason
 * before that, they are not recorded at all.
 *
 * <p>Not thread-safe.
 */
final class FailureNet {
  /** So many records are held back at most; a judge that fails in so many ways is recorded. */
  private static final int MOST_HELD = 64;

  private final int limit;
  private final boolean answeredBefore;
  private final Map<String, Integer> counts = new TreeMap<>();
  private final List<MissingReason> reasons = new ArrayList<>();
  private final List<Runnable> held = new ArrayList<>();
  private boolean answered;
  private int failed;
  private boolean pending;

  /**
   * Nothing has failed yet.
   *
   * @param limit so many groups in a row fail for the same reason; 0 for any number
   * @param answeredBefore whether an earlier run of the job had judgements
   */
  FailureNet(int limit, boolean answeredBefore) {
    this.limit = limit;
    this.answeredBefore = answeredBefore;
  }

  /** A group is judged: the judge works, so what failed before is recorded. */
  void judged() {
    answered = true;
    counts.clear();
    reasons.clear();
    failed = 0;
    flush();
  }

  /**
   * A group has no judgement.
   *
   * @param record writes it down
   */
  void missing(Judgement judgement, Runnable record) {
    Set<String> kinds = MissingReason.kindsOf(judgement);
    // A judge that works may refuse a whole folder of prompts for what they say.
    if (limit == 0 || (answered && kinds.equals(Set.of(FailureKinds.REFUSED)))) {
      record.run();
      return;
    }
    count(kinds, judgement);
    held.add(record);
    if (held.size() >= Math.max(MOST_HELD, 2 * limit) && !isReached()) {
      flush();
    }
  }

  /** A group is left for a later run: counts only while it is not known that the judge works. */
  void postponed(Judgement judgement) {
    Set<String> kinds = MissingReason.kindsOf(judgement);
    if (kinds.equals(Set.of(FailureKinds.PENDING))) {
      pending = true; // may still show that the judge works
    } else if (limit > 0 && !answered) {
      count(kinds, judgement);
    }
  }

  /** Whether so many groups have failed for the same reason that the run must end. */
  boolean isReached() {
    return limit > 0 && counts.values().stream().anyMatch(count -> count >= limit);
  }

  /**
   * No group is left.
   *
   * @throws NothingJudgedException if all have failed for the same reason; nothing is recorded then
   */
  void end() {
    boolean oneReason = counts.values().stream().anyMatch(count -> count == failed);
    if (failed > 0 && oneReason && !answered && !answeredBefore && !pending) {
      throw exception();
    }
    flush();
  }

  /** The run ends early: what is held is recorded if the judge is known to work. */
  void stop() {
    if (answered) {
      flush();
    }
  }

  NothingJudgedException exception() {
    held.clear();
    return new NothingJudgedException(
        String.format(
            Locale.ROOT,
            "%s group%s%s no judgement, for the same reason, so the job has stopped and recorded"
                + " nothing of %s: %s. Mend that, and run the job again, with retryMissing() if the"
                + " judge has a cache, which repeats refusals and malformed answers otherwise; if it"
                + " is the groups and not the judge, stopAfterFailures(0) records them as missing",
            failed == 1 ? "the only" : answered ? failed + "" : "the first " + failed,
            failed == 1 ? "" : "s",
            failed == 1 ? " has" : answered ? " in a row have" : " have",
            failed == 1 ? "it" : "them",
            MissingReason.words(reasons)),
        reasons);
  }

  private void count(Set<String> kinds, Judgement judgement) {
    failed++;
    kinds.forEach(kind -> counts.merge(kind, 1, Integer::sum));
    List<MissingReason> all =
        MissingReason.join(List.copyOf(reasons), MissingReason.of(List.of(judgement)));
    reasons.clear();
    reasons.addAll(all);
  }

  private void flush() {
    List<Runnable> records = List.copyOf(held);
    held.clear();
    records.forEach(Runnable::run);
  }
}

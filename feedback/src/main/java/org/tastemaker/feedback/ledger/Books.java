package org.tastemaker.feedback.ledger;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of a ledger add up to, whoever wrote them. The estimates of calls that have not
 * ended are kept apart, as long as whoever makes the call is alive; after that they count as spent.
 *
 * <p>Not thread-safe. Memory grows with the calls that have no end only.
 */
final class Books {
  private final Map<Long, List<Call>> open = new HashMap<>();
  private final Map<Long, List<Call>> abandoned = new HashMap<>();
  private Sums spent = Sums.NONE;
  private Sums reserved = Sums.NONE;
  private int inFlight;
  private long unknown;
  private long last;
  private int damaged;

  /** A call that has begun: with its estimate, and by which owner of the ledger. */
  private record Call(Sums asked, String by) {}

  /** Takes a line of the file. */
  void take(String text) {
    LedgerLines.Parsed parsed = LedgerLines.parse(text);
    damaged += parsed.damaged() ? 1 : 0;
    for (LedgerLines.Entry entry : parsed.entries()) {
      last = Math.max(last, entry.call());
      if (entry.event().equals(LedgerLines.BEGIN)) {
        begin(entry.call(), entry.sums(), entry.by());
      } else {
        end(entry.call(), entry.sums(), entry.event().equals(LedgerLines.UNKNOWN));
      }
    }
  }

  long nextId() {
    return last + 1;
  }

  void begin(long id, Sums asked, String by) {
    last = Math.max(last, id);
    open.computeIfAbsent(id, any -> new ArrayList<>()).add(new Call(asked, by));
    reserved = reserved.plus(asked);
    inFlight++;
  }

  /** Ends a call; one whose beginning is in a damaged line was paid for all the same. */
  void end(long id, Sums used, boolean estimated) {
    Call call = remove(open, id);
    if (call != null) {
      reserved = reserved.minus(call.asked);
      inFlight--;
    } else {
      Call written = remove(abandoned, id);
      if (written != null) {
        spent = spent.minus(written.asked);
        unknown--;
      }
    }
    spent = spent.plus(used);
    unknown += estimated ? 1 : 0;
  }

  /**
   * Counts the calls of owners that are gone with their estimates.
   *
   * @return how many there were
   */
  int abandon(Predicate<String> isGone) {
    int before = inFlight;
    Map<String, Boolean> gone = new HashMap<>();
    for (Iterator<Map.Entry<Long, List<Call>>> i = open.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Long, List<Call>> calls = i.next();
      for (Iterator<Call> j = calls.getValue().iterator(); j.hasNext(); ) {
        Call call = j.next();
        if (gone.computeIfAbsent(call.by, isGone::test)) {
          j.remove();
          abandoned.computeIfAbsent(calls.getKey(), any -> new ArrayList<>()).add(call);
          reserved = reserved.minus(call.asked);
          spent = spent.plus(call.asked);
          inFlight--;
          unknown++;
        }
      }
      if (calls.getValue().isEmpty()) {
        i.remove();
      }
    }
    return before - inFlight;
  }

  private static @Nullable Call remove(Map<Long, List<Call>> calls, long id) {
    List<Call> those = calls.get(id);
    if (those == null) {
      return null;
    }
    Call first = those.remove(0);
    if (those.isEmpty()) {
      calls.remove(id);
    }
    return first;
  }

  Sums spent() {
    return spent;
  }

  /** Estimates of the calls in flight. */
  Sums reserved() {
    return reserved;
  }

  int inFlight() {
    return inFlight;
  }

  long unknown() {
    return unknown;
  }

  int damaged() {
    return damaged;
  }
}

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
  private final Map<String, Batch> batches = new HashMap<>();
  private Sums spent = Sums.NONE;
  private Sums reserved = Sums.NONE;
  private int inFlight;
  private long unknown;
  private long last;
  private int damaged;

  /**
   * A call that has begun.
   *
   * @param asked its estimate
   * @param by which owner of the ledger
   * @param name of a batch; empty for a call
   */
  record Call(Sums asked, String by, String name) {
    /** How many requests' outcome is unknown as long as this one's is. */
    private long requests() {
      return Math.max(1, asked.usage().requests());
    }
  }

  /** A batch, which whoever comes later may end. */
  record Batch(long id, Sums asked, boolean ended) {}

  /** Takes a line of the file. */
  void take(String text) {
    LedgerLines.Parsed parsed = LedgerLines.parse(text);
    damaged += parsed.damaged() ? 1 : 0;
    for (LedgerLines.Entry entry : parsed.entries()) {
      last = Math.max(last, entry.call());
      if (entry.event().equals(LedgerLines.BEGIN)) {
        begin(entry.call(), new Call(entry.sums(), entry.by(), entry.name()));
      } else {
        end(entry.call(), entry.sums(), entry.unsaid());
      }
    }
  }

  long nextId() {
    return last + 1;
  }

  void begin(long id, Call call) {
    last = Math.max(last, id);
    open.computeIfAbsent(id, any -> new ArrayList<>()).add(call);
    reserved = reserved.plus(call.asked);
    inFlight++;
    if (!call.name.isEmpty()) {
      batches.put(call.name, new Batch(id, call.asked, false));
    }
  }

  /** The batch of this name; null if none has begun. */
  @Nullable Batch batch(String name) {
    return batches.get(name);
  }

  /**
   * Ends a call; one whose beginning is in a damaged line was paid for all the same.
   *
   * @param unsaid requests that count with their estimates
   */
  void end(long id, Sums used, long unsaid) {
    Call call = remove(open, id);
    if (call != null) {
      reserved = reserved.minus(call.asked);
      inFlight--;
    } else {
      call = remove(abandoned, id);
      if (call != null) {
        spent = spent.minus(call.asked);
        unknown -= call.requests();
      }
    }
    if (call != null && !call.name.isEmpty()) {
      batches.put(call.name, new Batch(id, call.asked, true));
    }
    spent = spent.plus(used);
    unknown += unsaid;
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
          unknown += call.requests();
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

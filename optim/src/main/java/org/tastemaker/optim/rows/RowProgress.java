package org.tastemaker.optim.rows;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;

/**
 * Tells a listener how rows get on: how many are done, on how many workers, what was spent, how
 * long it will take, and which of them take much longer than others. Thread-safe; the listener is
 * called by one thread at a time.
 */
public final class RowProgress {
  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final int SLOW = 3; // times the median
  private static final int LEAST = 5; // durations before there is a median
  private static final int MOST = 1000; // durations that are kept

  private final RunListener listener;
  private final Clock clock;
  private final Set<String> workers = new HashSet<>();
  private final IdentityHashMap<Object, Part> out = new IdentityHashMap<>();
  private final Set<Part> named = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Double> seconds = new ArrayList<>(); // of a row, in parts that are done
  private BigDecimal spent = BigDecimal.ZERO;
  private String activity = "";
  private Instant begun = Instant.EPOCH;
  private Instant told = Instant.EPOCH;
  private long done;
  private long total;

  RowProgress(RunListener listener, Clock clock) {
    this.listener = listener;
    this.clock = clock;
  }

  /** Rows begin; a total of 0 is not known. */
  synchronized void start(WorkRow first, long all) {
    String next = activity(first);
    if (!next.equals(activity)) {
      seconds.clear(); // other rows take other times
    }
    activity = next;
    total = all;
    done = 0;
    begun = clock.instant();
    told = begun;
    workers.clear();
    out.clear();
    named.clear();
  }

  private static String activity(WorkRow row) {
    if (row instanceof WorkRow.Sample) {
      return "sampling";
    }
    if (row instanceof WorkRow.Judge) {
      return "judging";
    }
    return row instanceof WorkRow.Score ? "scoring" : "computing gradients";
  }

  /** What a worker has. */
  private record Part(List<WorkRow> rows, int attempt, Instant since) {}

  /** A worker has rows, which are known by a key until they are given back. */
  synchronized void begun(Object key, List<WorkRow> rows, int attempt) {
    out.put(key, new Part(rows, attempt, clock.instant()));
  }

  /** A worker has given rows back. */
  synchronized void ended(Object key) {
    Part part = out.remove(key);
    if (part == null) {
      return;
    }
    double each = seconds(part.since()) / part.rows().size();
    double median = median();
    if (seconds.size() >= LEAST && each > SLOW * median && named.add(part)) {
      name(part, "took", each, median);
    }
    if (seconds.size() >= MOST) {
      seconds.remove(0);
    }
    seconds.add(each);
    named.remove(part);
  }

  /** A row is done, or was found among the kept answers. */
  synchronized void arrived(@Nullable ResultRow result) {
    done++;
    if (result != null) {
      workers.add(result.delivery().worker());
      spent = spent.add(result.cost());
    }
    Instant now = clock.instant();
    if (done != total && Duration.between(told, now).compareTo(EVERY) < 0) {
      return;
    }
    told = now;
    tell();
    double median = median();
    if (seconds.size() >= LEAST) {
      out.forEach(
          (key, part) -> {
            double each = seconds(part.since()) / part.rows().size();
            if (each > SLOW * median && named.add(part)) {
              name(part, "has taken", each, median);
            }
          });
    }
  }

  private void tell() {
    StringBuilder words = new StringBuilder(activity);
    words
        .append(" on ")
        .append(workers.size())
        .append(workers.size() == 1 ? " worker" : " workers");
    if (spent.signum() > 0) {
      words.append(", ").append(spent.setScale(2, RoundingMode.UP).toPlainString());
      words.append(" spent");
    }
    if (total > done && done > 0) {
      double left = seconds(begun) / done * (total - done);
      words.append(String.format(Locale.ROOT, ", %.0f s left", left));
    }
    listener.on(
        new RunEvent.Progress(words.toString(), done, total == 0 ? 0 : Math.max(done, total)));
  }

  private void name(Part part, String verb, double each, double median) {
    WorkRow first = part.rows().get(0);
    listener.on(
        new RunEvent.Notice(
            first.label().round(),
            String.format(
                Locale.ROOT,
                "%s %d of round %d (%d rows, prompt \"%s\", attempt %d) %s %.1f s a row, %.1f times the"
                    + " median of %.1f s: its worker is slow, or was lost",
                activity,
                first.label().sample(),
                first.label().round(),
                part.rows().size(),
                first.prompt().text(),
                part.attempt(),
                verb,
                each,
                each / median,
                median)));
  }

  private double seconds(Instant since) {
    return Duration.between(since, clock.instant()).toMillis() / 1000.0;
  }

  private double median() {
    if (seconds.isEmpty()) {
      return 0;
    }
    List<Double> sorted = seconds.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}

package org.tastemaker.optim.rows;

import java.math.BigDecimal;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;

/**
 * Has rows done and gives their results in the order of the rows, whatever the carrier does: brings
 * them in another order, brings one twice, loses a worker.
 *
 * <p>Rows go out in windows, so that memory does not grow with their number. A row that is there
 * several times in a window is done once. Judgements and scores can be {@linkplain #keeping kept},
 * and are then not asked for again; missing judgements are not kept. What an answer has cost stands
 * in the first result of its row alone: a kept answer has no usage.
 *
 * <p>Not thread-safe, but several drivers may share a carrier, a store and a budget that are.
 */
public final class RowDriver {
  private static final Logger LOG = LoggerFactory.getLogger(RowDriver.class);

  /** The judge of judgements that no worker gave. */
  static final String NAME = "rows";

  private static final int WINDOW = 2048;
  private static final long WINDOW_FLOATS = 64L << 20;

  private final RowCarrier carrier;
  private final @Nullable RowStore store;
  private final @Nullable RowCosts costs;
  private final @Nullable RowBudget budget;
  private final int window;
  private final @Nullable RowProgress progress;

  private RowDriver(
      RowCarrier carrier,
      @Nullable RowStore store,
      @Nullable RowCosts costs,
      @Nullable RowBudget budget,
      int window,
      @Nullable RowProgress progress) {
    this.carrier = carrier;
    this.store = store;
    this.costs = costs;
    this.budget = budget;
    this.window = window;
    this.progress = progress;
  }

  /**
   * A driver that keeps nothing and spends what it costs.
   *
   * @param carrier of the rows; stays the caller's
   * @return the driver
   */
  public static RowDriver of(RowCarrier carrier) {
    return new RowDriver(
        Objects.requireNonNull(carrier, "carrier == null"), null, null, null, WINDOW, null);
  }

  /**
   * The same, with kept answers.
   *
   * @param answers where judgements and scores are looked for, and kept as soon as they come
   * @return a driver
   */
  public RowDriver keeping(RowStore answers) {
    return new RowDriver(carrier, Objects.requireNonNull(answers), costs, budget, window, progress);
  }

  /**
   * The same, with costs counted.
   *
   * @param counted of the run; stays the caller's, open
   * @return a driver without a budget
   */
  public RowDriver counting(RowCosts counted) {
    return new RowDriver(carrier, store, Objects.requireNonNull(counted), null, window, progress);
  }

  /**
   * The same, with costs counted and a budget. When it is used up, judgements are missing.
   *
   * @param money of the run
   * @return a driver
   */
  public RowDriver within(RowBudget money) {
    return new RowDriver(carrier, store, money.costs(), money, window, progress);
  }

  /**
   * The same with other windows.
   *
   * @param rows that are out at once, at least 1; fewer where they have large images
   * @return a driver
   */
  public RowDriver window(int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("a window has at least 1 row, not " + rows);
    }
    return new RowDriver(carrier, store, costs, budget, rows, progress);
  }

  /**
   * The same, with a listener that is told how rows get on, once a second: {@link
   * RunEvent.Progress} in words, such as {@code "judging on 2 workers, 1.20 spent, 40 s left"}, and
   * a {@link RunEvent.Notice} about rows that take over 3 times the median.
   *
   * @param listener called by one thread at a time; may be slow only if the rows may be
   * @param clock of the durations
   * @return a driver
   */
  public RowDriver listener(RunListener listener, Clock clock) {
    return new RowDriver(
        carrier,
        store,
        costs,
        budget,
        window,
        new RowProgress(
            Objects.requireNonNull(listener, "listener == null"),
            Objects.requireNonNull(clock, "clock == null")));
  }

  boolean keepsAnswers() {
    return store != null;
  }

  /**
   * Has rows done.
   *
   * @param rows any number
   * @param adapters that they name
   * @return a result for each, in order
   * @throws IllegalStateException if the carrier brought nothing for an image or a score
   */
  public List<ResultRow> run(List<? extends WorkRow> rows, List<RowAdapter> adapters) {
    List<ResultRow> results = new ArrayList<>();
    stream(rows.iterator(), rows.size(), adapters, (row, result) -> results.add(result));
    return results;
  }

  /**
   * Has rows done, more than memory holds.
   *
   * @param rows read as far as a window goes
   * @param adapters that they name
   * @param taker receives each row with its result, in order, on this thread
   * @throws IllegalStateException if the carrier brought nothing for an image or a score
   */
  public void stream(
      Iterator<? extends WorkRow> rows,
      List<RowAdapter> adapters,
      BiConsumer<WorkRow, ResultRow> taker) {
    stream(rows, 0, adapters, taker);
  }

  /** The same, of a number of rows that is known; 0 if it is not. */
  void stream(
      Iterator<? extends WorkRow> rows,
      long total,
      List<RowAdapter> adapters,
      BiConsumer<WorkRow, ResultRow> taker) {
    boolean begun = false;
    while (rows.hasNext()) {
      List<WorkRow> some = new ArrayList<>();
      long floats = 0;
      while (rows.hasNext() && some.size() < window && floats < WINDOW_FLOATS) {
        WorkRow row = rows.next();
        if (!begun && progress != null) {
          progress.start(row, total);
        }
        begun = true;
        some.add(row);
        floats += floats(row);
      }
      new Window(some, adapters).run(taker);
    }
  }

  private static long floats(WorkRow row) {
    List<Image> images =
        row instanceof WorkRow.Judge judge
            ? judge.group().images()
            : row instanceof WorkRow.Score score ? List.of(score.image()) : List.of();
    return images.stream().mapToLong(i -> (long) i.channels() * i.height() * i.width()).sum();
  }

  /** Rows that are out at once. */
  private final class Window {
    private final List<WorkRow> rows;
    private final List<RowAdapter> adapters;
    private final List<String> ids;
    private final Map<String, ResultRow> done = new LinkedHashMap<>();
    private boolean open = true;

    Window(List<WorkRow> rows, List<RowAdapter> adapters) {
      this.rows = rows;
      this.adapters = adapters;
      this.ids = rows.stream().map(RowFormat::id).toList();
    }

    void run(BiConsumer<WorkRow, ResultRow> taker) {
      Map<String, WorkRow> wanted = new LinkedHashMap<>();
      for (int i = 0; i < rows.size(); i++) {
        Optional<ResultRow> kept = kept(rows.get(i), ids.get(i));
        if (kept.isPresent()) {
          if (done.put(ids.get(i), unpaid(kept.get())) == null) {
            arrived(null);
          }
        } else {
          wanted.put(ids.get(i), rows.get(i));
        }
      }
      if (!wanted.isEmpty()) {
        carry(List.copyOf(wanted.values()));
      }
      for (int i = 0; i < rows.size(); i++) {
        ResultRow result = done.get(ids.get(i));
        if (result == null) {
          result = withoutResult(rows.get(i), ids.get(i));
        }
        taker.accept(rows.get(i), result);
        done.put(ids.get(i), unpaid(result)); // the next of the same costs nothing more
      }
    }

    private Optional<ResultRow> kept(WorkRow row, String id) {
      return store == null || row instanceof WorkRow.Sample ? Optional.empty() : store.get(id);
    }

    private void carry(List<WorkRow> wanted) {
      try {
        if (budget == null) {
          carrier.carry(new RowCargo(wanted, adapters, row -> true, progress), this::take);
          return;
        }
        List<WorkRow> free = wanted.stream().filter(r -> !(r instanceof WorkRow.Judge)).toList();
        if (!free.isEmpty()) {
          carrier.carry(new RowCargo(free, adapters, row -> true, progress), this::take);
        }
        inShares(budget, wanted.stream().filter(WorkRow.Judge.class::isInstance).toList());
      } finally {
        close();
      }
    }

    /** Shares are returned after each turn, so a further turn may have money again. */
    private void inShares(RowBudget money, List<WorkRow> questions) {
      List<WorkRow> left = questions;
      while (!left.isEmpty()) {
        int granted = money.reserve(left.size());
        if (granted == 0) {
          return; // the rest is missing
        }
        List<WorkRow> some = left.subList(0, granted);
        AtomicInteger repeated = new AtomicInteger();
        try {
          carrier.carry(
              new RowCargo(
                  some,
                  adapters,
                  row -> money.reserve(1) == 1 && repeated.incrementAndGet() > 0,
                  progress),
              this::take);
        } finally {
          int without = repeated.get() + unanswered(some);
          money.settle(granted + repeated.get(), without);
        }
        left = left.subList(granted, left.size());
      }
    }

    private synchronized int unanswered(List<WorkRow> some) {
      return (int) some.stream().filter(row -> !done.containsKey(RowFormat.id(row))).count();
    }

    /** From any thread. A result that comes too late, after a failure, is kept all the same. */
    private synchronized void take(ResultRow result) {
      if (costs != null) {
        costs.count(result);
      }
      boolean answered =
          result.judgement().map(j -> !j.isMissing()).orElse(!result.scores().isEmpty());
      if (store != null && answered) {
        store.put(result);
      }
      ResultRow first = open ? done.putIfAbsent(result.row(), result) : null;
      if (open && first == null) {
        arrived(result);
      }
      if (first != null && !first.agreesWith(result)) {
        LOG.warn(
            "row {} has two results, of {} and of {}, which differ; the first is used. Machines with"
                + " other instructions, or a judge that answers by chance, do that",
            result.row(),
            first.delivery(),
            result.delivery());
      }
    }

    private void arrived(@Nullable ResultRow result) {
      if (progress != null) {
        progress.arrived(result);
      }
    }

    private synchronized void close() {
      open = false;
    }

    private ResultRow withoutResult(WorkRow row, String id) {
      if (row instanceof WorkRow.Judge judge) {
        String why =
            budget == null ? "its worker was lost, and no other answered" : budget.refusal();
        return ResultRow.ofJudgement(
            id,
            Judgement.missing(judge.group().size(), why, NAME, Usage.NONE),
            BigDecimal.ZERO,
            new ResultRow.Delivery("driver", 0, 1, ""));
      }
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "no worker gave a result for row %s (sample %s of round %s, prompt \"%s\")",
              id,
              row.label().sample(),
              row.label().round(),
              row.prompt().text()));
    }
  }

  private static ResultRow unpaid(ResultRow result) {
    return result
        .withCost(BigDecimal.ZERO)
        .withJudgement(result.judgement().map(j -> j.withUsage(Usage.NONE)));
  }
}

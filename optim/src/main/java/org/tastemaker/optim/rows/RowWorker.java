package org.tastemaker.optim.rows;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.optim.policy.TransitionLoss;

/**
 * Does rows: one for each process, with one model, one judge and one reward at most.
 *
 * <p>Images are made by one thread at a time, whoever asks: the model uses all cores that it is
 * given. Questions to the judge are asked one by one, so many at once as {@link RowSetup#questions}
 * says, and each answer is handed on, and kept, as soon as it is there.
 *
 * <p>A judge that fails gives a missing judgement with the reason; the row is done. After a judge
 * has thrown an exception, which says that further questions are pointless, the other rows of the
 * same call are not asked. Only images and scores that cannot be made are exceptions.
 *
 * <p>Thread-safe.
 */
public final class RowWorker implements AutoCloseable {
  /** How the reason of a judgement begins that is missing because nobody asked. */
  static final String NOT_ASKED = "not asked";

  /** How the reason of a judgement begins whose judge threw an exception. */
  static final String FAILED = "the judge failed: ";

  private final RowSetup setup;
  private final String name;
  private final @Nullable RowPainter painter;
  private final @Nullable FeedbackOracle oracle;
  private final @Nullable RowScorer scorer;
  private final Optional<RowStore> answers;
  private final ExecutorService questions;
  private final AtomicLong count = new AtomicLong();

  private RowWorker(RowSetup setup, String name) {
    this.setup = setup;
    this.name = name;
    ModelRecipe model = setup.model();
    this.painter = model == null ? null : RowPainter.open(model);
    this.oracle = setup.oracle() == null ? null : setup.oracle().open();
    this.scorer = setup.reward() == null ? null : RowScorer.open(setup.reward());
    String folder = setup.answers();
    this.answers = folder == null ? Optional.empty() : Optional.of(RowStore.in(Path.of(folder)));
    this.questions =
        Executors.newFixedThreadPool(
            setup.questions(),
            task -> {
              Thread thread = new Thread(task, "row-questions");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * A worker, with its model loaded.
   *
   * @param setup what it can do
   * @param name one that no other process has, also of another time, such as {@link #processName}
   * @return the worker: the caller closes it
   * @throws RowException if the model is not the recipe's
   */
  public static RowWorker open(RowSetup setup, String name) {
    return new RowWorker(
        Objects.requireNonNull(setup, "setup == null"),
        Objects.requireNonNull(name, "name == null"));
  }

  /**
   * A name for this process.
   *
   * @param host of this machine
   * @return of the host, the process and its start
   */
  public static String processName(String host) {
    ProcessHandle process = ProcessHandle.current();
    return String.format(
        Locale.ROOT,
        "%s-%d-%d",
        host,
        process.pid(),
        process.info().startInstant().map(start -> start.toEpochMilli()).orElse(0L));
  }

  /**
   * The worker's name.
   *
   * @return as it was given
   */
  public String name() {
    return name;
  }

  /**
   * Whether an adapter is here.
   *
   * @param sha256 of the adapter
   * @return false if it must be {@linkplain #take brought} before its rows
   */
  public boolean hasAdapter(String sha256) {
    return painter != null && painter.hasAdapter(sha256);
  }

  /**
   * Brings an adapter. The latest few are kept.
   *
   * @param adapter for rows that name it
   */
  public void take(RowAdapter adapter) {
    if (painter == null) {
      throw new RowException("worker " + name + " has no model to adapt");
    }
    painter.take(adapter);
  }

  /**
   * Checks that all rows are for this worker, before any is done.
   *
   * @param rows any
   * @throws RowException if one needs another model, judge, reward or settings, or an adapter that
   *     is not here
   */
  public void check(List<WorkRow> rows) {
    for (WorkRow row : rows) {
      if (row instanceof WorkRow.Sample sample) {
        if (painter == null) {
          throw lacks("model", sample.model(), "none");
        }
        painter.check(sample);
      } else if (row instanceof WorkRow.Judge judge) {
        String own = setup.oracle() == null ? "none" : setup.oracle().hash();
        if (!own.equals(judge.judge())) {
          throw lacks("judge", judge.judge(), own);
        }
      } else if (row instanceof WorkRow.Score score) {
        String own = setup.reward() == null ? "none" : setup.reward().hash();
        if (!own.equals(score.reward())) {
          throw lacks("reward", score.reward(), own);
        }
      } else if (row instanceof WorkRow.Gradient gradient) {
        if (painter == null) {
          throw lacks("model", gradient.model(), "none");
        }
        painter.check(gradient);
        if (!setup.lossHash().equals(gradient.loss())) {
          throw lacks("loss", gradient.loss(), setup.lossHash());
        }
      }
    }
  }

  /**
   * Does rows.
   *
   * @param rows any, in any order
   * @param attempt 1 for rows that are given out for the first time
   * @param taker receives one result for each row, in any order, as soon as it is there; called by
   *     one thread at a time, and not after this method, however it ends. What it throws ends the
   *     work
   * @throws RowException if a row is not for this worker; nothing was done then
   */
  public void run(List<WorkRow> rows, int attempt, Consumer<ResultRow> taker) {
    check(rows);
    Consumer<ResultRow> one = inTurn(taker);
    List<Future<?>> asked = new ArrayList<>();
    ReadWriteLock asking = new ReentrantReadWriteLock();
    AtomicReference<@Nullable String> pointless = new AtomicReference<>();
    try {
      List<WorkRow.Sample> samples = new ArrayList<>();
      for (WorkRow row : rows) {
        if (row instanceof WorkRow.Judge judge) {
          asked.add(
              questions.submit(
                  () -> {
                    if (!asking.readLock().tryLock()) {
                      return; // too late
                    }
                    try {
                      one.accept(judgement(judge, attempt, pointless));
                    } finally {
                      asking.readLock().unlock();
                    }
                  }));
        } else if (row instanceof WorkRow.Sample sample) {
          samples.add(sample);
        }
      }
      if (painter != null && !samples.isEmpty()) {
        painter.paint(samples, () -> delivery(attempt, painter.engine()), one);
      }
      TransitionLoss loss = setup.loss();
      for (WorkRow row : rows) {
        if (row instanceof WorkRow.Gradient gradient && painter != null && loss != null) {
          ResultRow.Gradient found = painter.gradient(gradient, loss);
          one.accept(
              ResultRow.ofGradient(RowFormat.id(row), found, delivery(attempt, painter.engine())));
        }
      }
      for (WorkRow row : rows) {
        if (row instanceof WorkRow.Score score && scorer != null) {
          one.accept(
              ResultRow.ofScore(RowFormat.id(row), scorer.score(score), delivery(attempt, "")));
        }
      }
      for (Future<?> question : asked) {
        Threads.join(question);
      }
    } finally {
      asked.forEach(question -> question.cancel(false));
      asking.writeLock().lock(); // waits for those that have begun; none begins any more
    }
  }

  private ResultRow judgement(
      WorkRow.Judge row, int attempt, AtomicReference<@Nullable String> pointless) {
    String id = RowFormat.id(row);
    Optional<ResultRow> kept = answers.flatMap(store -> store.get(id));
    if (kept.isPresent()) {
      return kept.get(); // with the delivery of the answer, so that it is paid once
    }
    String said = pointless.get();
    Judgement judgement =
        said != null
            ? missing(row, NOT_ASKED + ", because the judge had failed: " + said)
            : ask(row, pointless);
    OracleFactory factory = Objects.requireNonNull(setup.oracle());
    BigDecimal cost = factory.cost(judgement.usage());
    ResultRow result = ResultRow.ofJudgement(id, judgement, cost, delivery(attempt, ""));
    if (!judgement.isMissing()) {
      answers.ifPresent(store -> store.put(result));
    }
    return result;
  }

  private Judgement ask(WorkRow.Judge row, AtomicReference<@Nullable String> pointless) {
    try {
      List<Judgement> answered =
          Objects.requireNonNull(oracle).rank(List.of(row.group()), row.rubric());
      if (answered.size() != 1 || answered.get(0).ranking().size() != row.group().size()) {
        return missing(
            row,
            String.format(
                Locale.ROOT,
                "the judge was asked about 1 group of %s images and gave %s judgements",
                row.group().size(),
                answered.size()));
      }
      return answered.get(0);
    } catch (RuntimeException e) {
      String why = String.valueOf(e.getMessage());
      pointless.compareAndSet(null, why);
      return missing(row, FAILED + why);
    }
  }

  private Judgement missing(WorkRow.Judge row, String why) {
    return Judgement.missing(row.group().size(), why, name, Usage.NONE);
  }

  private ResultRow.Delivery delivery(int attempt, String engine) {
    return new ResultRow.Delivery(name, count.getAndIncrement(), attempt, engine);
  }

  private RowException lacks(String what, String wanted, String own) {
    return new RowException(
        String.format(
            Locale.ROOT,
            "a row needs the %s %s, but worker %s has %s: give all workers the same setup",
            what,
            wanted,
            name,
            own));
  }

  private static Consumer<ResultRow> inTurn(Consumer<ResultRow> taker) {
    Object turn = new Object();
    return result -> {
      synchronized (turn) {
        taker.accept(result);
      }
    };
  }

  /** Closes the model, the judge and the reward. Rows that are being done fail. */
  @Override
  public void close() {
    questions.shutdownNow();
    if (painter != null) {
      painter.close();
    }
    if (scorer != null) {
      scorer.close();
    }
    Threads.closeIfCloseable(oracle);
  }
}

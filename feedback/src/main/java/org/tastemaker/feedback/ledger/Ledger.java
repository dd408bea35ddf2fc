package org.tastemaker.feedback.ledger;

import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.feedback.FeedbackException;

/**
 * Records what paid calls used, and enforces a budget.
 *
 * <pre>{@code
 * Ledger.Entry entry = ledger.begin("gpt-4.1-mini", estimate);   // BudgetExhausted if it would not fit
 * // ... the call ...
 * entry.paid("gpt-4.1-mini-2025-04-14", used, requestId);        // or entry.free(), or entry.unknown()
 * }</pre>
 *
 * <p>A call fits if the amount spent, the estimates of the calls in flight and its own estimate
 * together stay within the budget. If it fails to fit only because of the calls in flight, it waits
 * for them to finish. So the budget holds as far as the estimates do: those of the judge assume the
 * longest answer that it allows.
 *
 * <p>In a file, the ledger is JSON Lines. When it is opened again, it continues from its sums, and
 * counts calls that have no end with their estimates ({@link Totals#unknown}).
 *
 * <p><b>Several owners share a file</b>: jobs in threads and in processes that open the same file
 * have one budget together. Each checks its own {@link Budget} against what all have spent and have
 * in flight, call numbers are used once, and {@link #totals} are those of all. The calls of an
 * owner that was killed count with their estimates. Owners take turns by a lock of the operating
 * system ({@link OwnerLock}) on the file {@code .<name>.lock} beside the ledger, so all of them
 * must be on a file system with locks.
 *
 * <p><b>Nothing is spent that cannot be recorded</b>: a call whose beginning cannot be written is
 * not made. If the end of a call cannot be written, as on a full disk, the answer is not lost: the
 * line is kept in memory, no further call begins until it is written, and after a kill the call
 * counts with its estimate.
 *
 * <p>Thread-safe. Memory does not grow with the number of calls.
 */
public final class Ledger implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

  private static final long POLL_MILLIS = 50; // nobody tells of what another process does

  private final PriceTable prices;
  private final Budget budget;
  private final Clock clock;
  private final @Nullable LedgerFile file;
  private final Books books = new Books();
  private final Deque<String> unwritten = new ArrayDeque<>();
  private long unpriced;
  private boolean closed;

  private Ledger(PriceTable prices, Budget budget, Clock clock, @Nullable LedgerFile file) {
    this.prices = prices;
    this.budget = budget;
    this.clock = clock;
    this.file = file;
  }

  /**
   * A ledger in a file, continued from its sums and shared with whoever has it open.
   *
   * @param file its folder must exist
   * @param prices what models cost
   * @param budget what may be spent in all, including what the file records
   * @param clock for the dates of the lines
   * @return the ledger: the caller closes it
   * @throws java.io.UncheckedIOException if it cannot be read and written
   */
  public static Ledger open(Path file, PriceTable prices, Budget budget, Clock clock) {
    LedgerFile opened = LedgerFile.open(file);
    try {
      Ledger ledger = new Ledger(prices, budget, clock, opened);
      int gone = ledger.readAll();
      int damaged = ledger.books.damaged();
      if (damaged > 0) {
        LOG.warn("{}: {} lines are not ledger entries and do not count", file, damaged);
      }
      if (gone > 0) {
        LOG.warn("{}: {} calls have no end and count with their estimates", file, gone);
      }
      return ledger;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private synchronized int readAll() {
    LedgerFile opened = Objects.requireNonNull(file);
    return opened.inTurn(
        () -> {
          opened.readNew(books::take);
          return books.abandon(opened::isGone);
        });
  }

  /**
   * A ledger in memory only.
   *
   * @param prices what models cost
   * @param budget what may be spent
   * @return the ledger
   */
  public static Ledger inMemory(PriceTable prices, Budget budget) {
    return new Ledger(prices, budget, Clock.systemUTC(), null);
  }

  /**
   * Records a call that is about to be made.
   *
   * @param model who is asked
   * @param estimate the most that it may use, one request included
   * @return must be ended in one of its three ways, whatever the outcome of the call
   * @throws FeedbackException.BudgetExhausted if it does not fit the budget; nothing is recorded
   * @throws IllegalArgumentException if there is a budget of money and the model has no price
   * @throws CancellationException if the thread is interrupted while it waits for calls in flight
   * @throws java.io.UncheckedIOException if it cannot be recorded: it must not be made
   */
  public Entry begin(String model, Usage estimate) {
    if (budget.money() != null) {
      prices.requirePriceOf(model);
    }
    if (!Amounts.isOfOneCall(estimate)) {
      throw new IllegalArgumentException("no call to " + model + " can use " + estimate);
    }
    Sums asked = new Sums(estimate, prices.costOf(model, estimate).orElse(BigDecimal.ZERO));
    return new Entry(reserve(model, asked, "", true), model, asked, false);
  }

  /**
   * Records a batch of calls that are about to be handed over together, at the price of batches, or
   * takes up one that was recorded before: by its name, in this process or an earlier one. So a
   * process that was killed while its batch was being answered is followed by one that ends it,
   * once. It does not wait for calls in flight to end: a batch takes hours.
   *
   * @param name of the batch, never used for another one
   * @param model who is asked
   * @param estimate the most that all calls together may use, with their number of requests
   * @return to be ended by {@link Entry#settled} or {@link Entry#free}; empty if it has ended
   * @throws FeedbackException.BudgetExhausted if it does not fit the budget; nothing is recorded
   * @throws IllegalArgumentException if there is a budget of money and the model has no price
   * @throws java.io.UncheckedIOException if it cannot be recorded: it must not be handed over
   */
  public Optional<Entry> batch(String name, String model, Usage estimate) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a batch has a name");
    }
    if (budget.money() != null) {
      prices.requirePriceOf(model);
    }
    if (!Amounts.isOfOneCall(estimate)) {
      throw new IllegalArgumentException("no batch of " + model + " can use " + estimate);
    }
    Books.Batch before = batch(name);
    if (before != null) {
      return before.ended()
          ? Optional.empty()
          : Optional.of(new Entry(before.id(), model, before.asked(), true));
    }
    Sums asked = new Sums(estimate, prices.batchCostOf(model, estimate).orElse(BigDecimal.ZERO));
    return Optional.of(new Entry(reserve(model, asked, name, false), model, asked, true));
  }

  private synchronized Books.@Nullable Batch batch(String name) {
    if (file != null && !closed) {
      file.readNew(books::take);
    }
    return books.batch(name);
  }

  private synchronized long reserve(String model, Sums asked, String name, boolean waits) {
    try {
      while (true) {
        if (closed) {
          throw new IllegalStateException("the ledger is closed, so no call can begin");
        }
        OptionalLong id =
            file == null
                ? tryBegin(model, asked, name, waits)
                : file.inTurn(() -> tryBegin(model, asked, name, waits));
        if (id.isPresent()) {
          return id.getAsLong();
        }
        wait(file == null ? 0 : POLL_MILLIS); // for a call in flight to end
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled =
          new CancellationException("interrupted while waiting for the budget");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  /** Empty where the call only fits once others have ended. */
  private OptionalLong tryBegin(String model, Sums asked, String name, boolean waits) {
    if (file != null) {
      file.readNew(books::take);
      writeWhatWasNot();
    }
    Optional<String> limit = exceeded(books.reserved(), asked);
    if (limit.isPresent() && file != null) {
      books.abandon(file::isGone);
      limit = exceeded(books.reserved(), asked);
    }
    if (limit.isPresent()) {
      if (!waits || books.inFlight() == 0 || exceeded(Sums.NONE, asked).isPresent()) {
        throw exhausted(limit.get(), asked);
      }
      return OptionalLong.empty();
    }
    long id = books.nextId();
    Books.Call call = new Books.Call(asked, file == null ? "" : file.owner(), name);
    if (file != null) {
      file.append(LedgerLines.begin(clock.instant(), id, model, asked, call.by(), name));
    }
    books.begin(id, call);
    return OptionalLong.of(id);
  }

  /**
   * What was spent so far.
   *
   * @return sums since the ledger was created, including earlier runs and other owners of the file
   */
  public synchronized Totals totals() {
    if (file != null && !closed) {
      file.readNew(books::take);
    }
    return new Totals(
        books.spent().usage(),
        books.spent().cost(),
        prices.currency(),
        books.unknown(),
        unpriced,
        books.inFlight(),
        books.damaged());
  }

  /**
   * The prices.
   *
   * @return as given
   */
  public PriceTable prices() {
    return prices;
  }

  /**
   * Ends the writing. Calls in flight then count with their estimates.
   *
   * @throws java.io.UncheckedIOException if not all that was spent could be written: it then counts
   *     with the estimates
   */
  @Override
  public synchronized void close() {
    if (file == null || closed) {
      return;
    }
    closed = true;
    try (LedgerFile closing = file) {
      if (!unwritten.isEmpty()) {
        closing.inTurn(
            () -> {
              closing.readNew(books::take);
              writeWhatWasNot();
              return "";
            });
      }
    }
  }

  private Optional<String> exceeded(Sums others, Sums asked) {
    return budget.exceededBy(books.spent().plus(others).plus(asked), prices.currency());
  }

  private FeedbackException exhausted(String limit, Sums asked) {
    return new FeedbackException.BudgetExhausted(
        limit
            + " is used up: "
            + books.spent().text(prices.currency())
            + " are spent, and the next call may use "
            + asked.text(prices.currency())
            + "; raise the budget and start again: answers so far are kept");
  }

  /**
   * Ends a call.
   *
   * @param said what was used; null for what was estimated
   * @param unsaid requests that count with their estimates
   */
  private synchronized void end(
      Entry entry, String model, @Nullable Usage said, long unsaid, String request) {
    Sums used = entry.asked;
    if (said != null) {
      used =
          new Sums(
              said,
              (entry.ofBatch ? prices.batchCostOf(model, said) : prices.costOf(model, said))
                  .orElse(BigDecimal.ZERO));
      boolean counts = !said.equals(Usage.NONE);
      unpriced += counts && prices.priceOf(model).isEmpty() ? 1 : 0;
    }
    books.end(entry.id, used, unsaid);
    notifyAll();
    if (file == null) {
      return;
    }
    unwritten.add(LedgerLines.end(clock.instant(), entry.id, model, used, unsaid, request));
    if (closed) {
      LOG.warn("a call has ended after its ledger was closed, and counts there with its estimate");
      return;
    }
    try {
      LedgerFile open = file;
      open.inTurn(
          () -> {
            open.readNew(books::take);
            writeWhatWasNot();
            return "";
          });
    } catch (UncheckedIOException e) {
      // The answer is worth more than its line: the next call is not made before that is written.
      LOG.warn("the end of a call is not in the ledger yet: {}", e.getMessage());
    }
  }

  /** In turn, and after all lines of others were read. */
  private void writeWhatWasNot() {
    while (file != null && !unwritten.isEmpty()) {
      file.append(unwritten.getFirst());
      unwritten.removeFirst();
    }
  }

  /** A call that was begun. Only the first report of its end counts. */
  public final class Entry {
    private final long id;
    private final String model;
    private final Sums asked;
    private final boolean ofBatch;
    private final AtomicBoolean ended = new AtomicBoolean();

    private Entry(long id, String model, Sums asked, boolean ofBatch) {
      this.id = id;
      this.model = model;
      this.asked = asked;
      this.ofBatch = ofBatch;
    }

    /**
     * The call was answered, and says what it used.
     *
     * @param answeredBy the model, as the server reports it; where it has no price, that of the
     *     model that was asked counts
     * @param used what the answer says; more than a call can use counts as not said: see {@link
     *     #unknown}
     * @param request the server's name for the call, or an empty text
     */
    public void paid(String answeredBy, Usage used, String request) {
      if (!Amounts.isOfOneCall(used)) {
        LOG.warn("{} says that a call used {}: it counts with its estimate", answeredBy, used);
        unknown();
      } else {
        settled(answeredBy, used, 0, request);
      }
    }

    /**
     * The calls of a batch were answered, or not.
     *
     * @param answeredBy the model, as the server reports it; where it has no price, that of the
     *     model that was asked counts
     * @param used by all calls that were answered, those that do not say it with their estimates
     * @param unsaid how many those are
     * @param request the server's name for the batch, or an empty text
     */
    public void settled(String answeredBy, Usage used, long unsaid, String request) {
      if (ended.compareAndSet(false, true)) {
        String billed = prices.priceOf(answeredBy).isPresent() ? answeredBy : model;
        end(this, billed, used, unsaid, request);
      }
    }

    /** The call was rejected and costs nothing. */
    public void free() {
      if (ended.compareAndSet(false, true)) {
        end(this, model, Usage.NONE, 0, "");
      }
    }

    /** Nobody knows whether the call is billed: it counts with its estimate. */
    public void unknown() {
      if (ended.compareAndSet(false, true)) {
        end(this, model, null, Math.max(1, asked.usage().requests()), "");
      }
    }
  }

  /**
   * What was spent.
   *
   * @param usage of all calls that were paid, or may have been
   * @param cost of those whose model has a price
   * @param currency of the cost
   * @param unknown calls whose outcome is unknown, each of a batch for itself; they count with
   *     their estimates
   * @param unpriced calls, since the ledger was opened, of a model that has no price: the cost is
   *     without them
   * @param inFlight calls that have not ended, of all owners of the file
   * @param damagedLines lines of the file that are no entries, as a whole or in part; the rest
   *     counts
   */
  public record Totals(
      Usage usage,
      BigDecimal cost,
      String currency,
      long unknown,
      long unpriced,
      int inFlight,
      int damagedLines) {}
}

package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.feedback.FeedbackException;

/**
 * Records what paid calls used, and enforces a budget.
 *
 * <pre>{@code
 * Ledger.Entry entry = ledger.begin("gpt-4.1-mini", estimate);   // BudgetExhausted if it would not fit
 * ... the call ...
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
 * <p>Thread-safe. Memory does not grow with the number of calls.
 */
public final class Ledger implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

  private final PriceTable prices;
  private final Budget budget;
  private final Clock clock;
  private final @Nullable LineLog log;
  private final int damagedLines;
  private final Map<Long, Sums> open = new HashMap<>();

  private Sums spent;
  private Sums reserved = Sums.NONE;
  private long unknown;
  private long unpriced;
  private long nextId;

  private Ledger(
      PriceTable prices, Budget budget, Clock clock, @Nullable LineLog log, LedgerLines.Past past) {
    this.prices = prices;
    this.budget = budget;
    this.clock = clock;
    this.log = log;
    this.spent = past.spent();
    this.unknown = past.unknown();
    this.nextId = past.nextId();
    this.damagedLines = past.damagedLines();
  }

  /**
   * A ledger in a file, continued from its sums.
   *
   * @param file its folder must exist
   * @param prices what models cost
   * @param budget what may be spent in all, including what the file records
   * @param clock for the dates of the lines
   * @return the ledger: the caller closes it
   */
  public static Ledger open(Path file, PriceTable prices, Budget budget, Clock clock) {
    LineLog log = LineLog.open(file);
    LedgerLines.Past past = LedgerLines.read(file);
    if (past.damagedLines() > 0) {
      LOG.warn("{}: {} lines are not ledger entries and do not count", file, past.damagedLines());
    }
    if (past.openEntries() > 0) {
      LOG.warn("{}: {} calls have no end and count with their estimates", file, past.openEntries());
    }
    return new Ledger(prices, budget, clock, log, past);
  }

  /**
   * A ledger in memory only.
   *
   * @param prices what models cost
   * @param budget what may be spent
   * @return the ledger
   */
  public static Ledger inMemory(PriceTable prices, Budget budget) {
    return new Ledger(prices, budget, Clock.systemUTC(), null, LedgerLines.Past.NONE);
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
   */
  public Entry begin(String model, Usage estimate) {
    if (budget.money() != null) {
      prices.requirePriceOf(model);
    }
    Sums asked = new Sums(estimate, prices.costOf(model, estimate).orElse(BigDecimal.ZERO));
    long id = reserve(asked);
    // Outside the lock: all calls would wait for the file otherwise.
    try {
      append(() -> LedgerLines.begin(clock.instant(), id, model, asked));
    } catch (RuntimeException e) {
      settle(id, model, null, false); // a call that is not recorded is not made
      throw e;
    }
    return new Entry(id, model);
  }

  private synchronized long reserve(Sums asked) {
    try {
      for (Optional<String> limit = exceeded(reserved, asked);
          limit.isPresent();
          limit = exceeded(reserved, asked)) {
        if (open.isEmpty() || exceeded(Sums.NONE, asked).isPresent()) {
          throw exhausted(limit.get(), asked);
        }
        wait(); // for a call in flight to end
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled =
          new CancellationException("interrupted while waiting for the budget");
      cancelled.initCause(e);
      throw cancelled;
    }
    long id = nextId++;
    open.put(id, asked);
    reserved = reserved.plus(asked);
    return id;
  }

  /**
   * What was spent so far.
   *
   * @return sums since the ledger was created, including earlier runs
   */
  public synchronized Totals totals() {
    return new Totals(
        spent.usage(),
        spent.cost(),
        prices.currency(),
        unknown,
        unpriced,
        open.size(),
        damagedLines);
  }

  /**
   * The prices.
   *
   * @return as given
   */
  public PriceTable prices() {
    return prices;
  }

  @Override
  public synchronized void close() {
    if (log != null) {
      log.force();
      log.close();
    }
  }

  private Optional<String> exceeded(Sums others, Sums asked) {
    return budget.exceededBy(spent.plus(others).plus(asked), prices.currency());
  }

  private FeedbackException exhausted(String limit, Sums asked) {
    return new FeedbackException.BudgetExhausted(
        limit
            + " is used up: "
            + spent.text(prices.currency())
            + " are spent, and the next call may use "
            + asked.text(prices.currency())
            + "; raise the budget and start again: answers so far are kept");
  }

  private void end(long id, String model, @Nullable Usage said, boolean estimated, String request) {
    Sums used = settle(id, model, said, estimated);
    if (used != null) {
      append(() -> LedgerLines.end(clock.instant(), id, model, used, estimated, request));
    }
  }

  /** What a call cost; null where it has ended before. */
  private synchronized @Nullable Sums settle(
      long id, String model, @Nullable Usage said, boolean estimated) {
    Sums asked = open.remove(id);
    if (asked == null) {
      return null;
    }
    reserved = reserved.minus(asked);
    Sums real = Sums.NONE;
    if (said != null) {
      real = new Sums(said, prices.costOf(model, said).orElse(BigDecimal.ZERO));
      unpriced += prices.priceOf(model).isEmpty() ? 1 : 0;
    } else if (estimated) {
      real = asked;
      unknown++;
    }
    spent = spent.plus(real);
    notifyAll();
    return real;
  }

  private void append(Supplier<String> line) {
    if (log != null) {
      log.append(line.get());
    }
  }

  /** A call that was begun. Only the first report of its end counts. */
  public final class Entry {
    private final long id;
    private final String model;

    private Entry(long id, String model) {
      this.id = id;
      this.model = model;
    }

    /**
     * The call was answered, and says what it used.
     *
     * @param answeredBy the model, as the server reports it; where it has no price, that of the
     *     model that was asked counts
     * @param used what the answer says
     * @param request the server's name for the call, or an empty text
     */
    public void paid(String answeredBy, Usage used, String request) {
      end(id, prices.priceOf(answeredBy).isPresent() ? answeredBy : model, used, false, request);
    }

    /** The call was rejected and costs nothing. */
    public void free() {
      end(id, model, null, false, "");
    }

    /** Nobody knows whether the call is billed: it counts with its estimate. */
    public void unknown() {
      end(id, model, null, true, "");
    }
  }

  /**
   * What was spent.
   *
   * @param usage of all calls that were paid, or may have been
   * @param cost of those whose model has a price
   * @param currency of the cost
   * @param unknown calls whose outcome is unknown; they count with their estimates
   * @param unpriced calls, since the ledger was opened, of a model that has no price: the cost is
   *     without them
   * @param inFlight calls that have not ended
   * @param damagedLines lines of the file that could not be read and do not count
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

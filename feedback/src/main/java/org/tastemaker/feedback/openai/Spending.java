package org.tastemaker.feedback.openai;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;

/**
 * Prices, a budget, and the file of the ledger.
 *
 * @param file of the ledger; empty for one in memory
 * @param clock for the dates of its lines
 */
@RecordBuilder
record Spending(PriceTable prices, Budget budget, Optional<Path> file, Clock clock)
    implements SpendingBuilder.With {
  Spending {
    Objects.requireNonNull(prices, "prices == null");
    Objects.requireNonNull(budget, "budget == null");
    Objects.requireNonNull(file, "file == null");
    Objects.requireNonNull(clock, "clock == null");
  }

  static Spending unlimited() {
    return new Spending(PriceTable.none(), Budget.unlimited(), Optional.empty(), Clock.systemUTC());
  }

  /** The ledger: the caller closes it. A budget of money needs a price of the model. */
  Ledger open(String model) {
    if (budget.money() != null) {
      prices.requirePriceOf(model);
    }
    return file.isPresent()
        ? Ledger.open(file.get(), prices, budget, clock)
        : Ledger.inMemory(prices, budget);
  }
}

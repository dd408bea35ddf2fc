package org.tastemaker.examples.generators;

import java.io.PrintWriter;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.PriceTable;

/**
 * What the paid parts of a study cost at most, said before anything is sent, and the budget that
 * follows from it.
 */
final class Bill {
  /** A request that fails may be asked again, twice at most on the average. */
  private static final int TRIES = 3;

  private final PriceTable prices;
  private final Map<String, Usage> parts = new LinkedHashMap<>();
  private final Map<String, String> models = new LinkedHashMap<>();

  Bill(PriceTable prices) {
    this.prices = prices;
  }

  /** Adds a part that is paid for. */
  void add(String what, String model, Usage usage) {
    if (usage.requests() > 0) {
      parts.put(what, usage);
      models.put(what, model);
    }
  }

  boolean isEmpty() {
    return parts.isEmpty();
  }

  /** The cost of all parts; empty where a price is not known. */
  Optional<BigDecimal> cost() {
    BigDecimal sum = BigDecimal.ZERO;
    for (Map.Entry<String, Usage> part : parts.entrySet()) {
      Optional<BigDecimal> own = prices.costOf(model(part.getKey()), part.getValue());
      if (own.isEmpty()) {
        return Optional.empty();
      }
      sum = sum.add(own.get());
    }
    return Optional.of(sum);
  }

  private String model(String what) {
    return models.getOrDefault(what, "");
  }

  /** The bill for a person to read. */
  void say(PrintWriter out) {
    parts.forEach(
        (what, usage) ->
            out.printf(
                Locale.ROOT,
                "%s by %s: up to %,d calls, %,d tokens of input and %,d of output: %s.%n",
                what,
                model(what),
                usage.requests(),
                usage.inputTokens(),
                usage.outputTokens(),
                prices
                    .costOf(model(what), usage)
                    .map(cost -> "up to " + cost.toPlainString() + " " + prices.currency())
                    .orElse("their price is not known")));
    out.flush();
  }

  /**
   * The limit: the given sum, or the estimate beside what is spent already; in calls where a price
   * is not known.
   */
  Budget budget(@Nullable BigDecimal given, BigDecimal spent, long calls) {
    Optional<BigDecimal> cost = cost();
    if (given != null && cost.isEmpty()) {
      throw new IllegalArgumentException(
          "a budget needs all prices: add --price IN,OUT and --image-price X");
    }
    if (cost.isPresent()) {
      BigDecimal end = given != null ? given : spent.add(cost.get());
      return Budget.ofMoney(end.toPlainString());
    }
    long left = parts.values().stream().mapToLong(Usage::requests).sum();
    return Budget.ofRequests(Math.max(1, calls + TRIES * left));
  }

  /** Asks a person to accept the cost. */
  static void confirm(boolean yes, Optional<UnaryOperator<@Nullable String>> asking) {
    if (yes) {
      return;
    }
    String answer =
        asking
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "there is nobody to confirm the cost: add --yes to accept it"))
            .apply("Continue? [y/N] ");
    if (answer == null || !answer.strip().toLowerCase(Locale.ROOT).startsWith("y")) {
      throw new IllegalArgumentException("not confirmed: nothing was sent and nothing was paid");
    }
  }
}

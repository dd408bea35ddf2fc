package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import java.util.Currency;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.core.Usage;

/**
 * What models cost, as the user read it on the service's page of prices.
 *
 * <pre>{@code
 * PriceTable.of("USD", Map.of("gpt-4.1-mini", Price.perMillionTokens("0.40", "0.10", "1.60")))
 * }</pre>
 *
 * <p>What is asked by batch costs a part of that: half, unless {@link #withBatchFactor} says
 * otherwise.
 *
 * <p>A dated name such as {@code gpt-4.1-mini-2025-04-14}, which servers report instead of the
 * requested name, has the price of the name without the date unless it has its own.
 *
 * @param currency ISO 4217 code, such as {@code USD}
 * @param prices by the model's name
 * @param batchFactor what a call in a batch costs, as a part of these prices
 */
public record PriceTable(String currency, Map<String, Price> prices, BigDecimal batchFactor) {
  private static final BigDecimal HALF = new BigDecimal("0.5");
  private static final Pattern DATED = Pattern.compile("(.+?)-\\d{4}(-\\d{2}-\\d{2})?");

  public PriceTable {
    Objects.requireNonNull(currency, "currency == null");
    prices = Map.copyOf(prices);
    if (!Amounts.isMoney(batchFactor) || batchFactor.compareTo(BigDecimal.ONE) > 0) {
      throw new IllegalArgumentException(
          "the price of a batch is 0 to 1 times the other, but was " + batchFactor);
    }
    try {
      Currency.getInstance(currency);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "a currency is an ISO 4217 code such as USD or EUR, but was '" + currency + "'", e);
    }
  }

  /**
   * A table.
   *
   * @param currency ISO 4217 code
   * @param prices by the model's name
   * @return the table
   */
  public static PriceTable of(String currency, Map<String, Price> prices) {
    return new PriceTable(currency, prices, HALF);
  }

  /**
   * The table without prices: tokens are counted, money is not.
   *
   * @return no model has a price
   */
  public static PriceTable none() {
    return new PriceTable("USD", Map.of(), HALF);
  }

  /**
   * The same prices with another one for batches.
   *
   * @param factor what a call in a batch costs, as a part of the price: 0 to 1, such as {@code
   *     "0.5"}
   * @return a new table
   */
  public PriceTable withBatchFactor(String factor) {
    return new PriceTable(currency, prices, new BigDecimal(factor));
  }

  /**
   * The price of a model.
   *
   * @param model its name, as asked for or as reported by the server
   * @return empty if it has none
   */
  public Optional<Price> priceOf(String model) {
    Price exact = prices.get(model);
    if (exact != null) {
      return Optional.of(exact);
    }
    Matcher dated = DATED.matcher(model);
    return dated.matches() ? Optional.ofNullable(prices.get(dated.group(1))) : Optional.empty();
  }

  /**
   * What a usage costs.
   *
   * @param model the model that answered
   * @param usage of that model
   * @return empty if the model has no price
   */
  public Optional<BigDecimal> costOf(String model, Usage usage) {
    return priceOf(model).map(price -> price.of(usage));
  }

  /**
   * What a usage costs in a batch.
   *
   * @param model the model that answered
   * @param usage of that model
   * @return empty if the model has no price
   */
  public Optional<BigDecimal> batchCostOf(String model, Usage usage) {
    return costOf(model, usage).map(cost -> cost.multiply(batchFactor).stripTrailingZeros());
  }

  /**
   * The price of a model that must have one.
   *
   * @param model its name
   * @return the price
   * @throws IllegalArgumentException if it has none; the message says which models do
   */
  public Price requirePriceOf(String model) {
    return priceOf(model)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a budget of money needs the price of model '"
                        + model
                        + "', but the price table has "
                        + (prices.isEmpty() ? "none" : "only " + new TreeMap<>(prices).keySet())
                        + "; add it to the table, or set a budget of tokens or requests"));
  }
}

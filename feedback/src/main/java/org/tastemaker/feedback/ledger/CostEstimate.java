package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * What a job may cost, estimated before it starts: each question, with the longest answer, without
 * cache hits and retries.
 *
 * @param usage requests and tokens
 * @param cost in money, or null if the model has no price
 * @param currency of the cost
 */
public record CostEstimate(Usage usage, @Nullable BigDecimal cost, String currency) {
  /**
   * The estimate of a usage.
   *
   * @param model who will be asked
   * @param usage what will be used at most
   * @param prices what models cost
   * @return the estimate
   */
  public static CostEstimate of(String model, Usage usage, PriceTable prices) {
    Optional<BigDecimal> cost = prices.costOf(model, usage);
    return new CostEstimate(usage, cost.orElse(null), prices.currency());
  }

  /**
   * Text for people.
   *
   * @return such as {@code "240 requests, 260000 tokens, up to 0.18 USD"}
   */
  @Override
  public String toString() {
    String money =
        cost == null
            ? "no price known"
            : "up to " + cost.setScale(2, RoundingMode.UP).toPlainString() + " " + currency;
    return usage.requests()
        + " requests, "
        + (usage.inputTokens() + usage.outputTokens())
        + " tokens, "
        + money;
  }
}

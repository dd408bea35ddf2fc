package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * What a job may cost, reckoned before it starts: each question that it will ask, with the longest
 * answer, none of them kept from an earlier time, none repeated.
 *
 * @param usage requests and tokens
 * @param cost in money, or null where the model has no price
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
   * For people to read.
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

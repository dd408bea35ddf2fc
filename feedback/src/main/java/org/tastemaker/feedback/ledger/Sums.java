package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import org.tastemaker.core.Usage;

/** Usage and cost, added up together. */
record Sums(Usage usage, BigDecimal cost) {
  static final Sums NONE = new Sums(Usage.NONE, BigDecimal.ZERO);

  Sums plus(Sums other) {
    return new Sums(usage.plus(other.usage), cost.add(other.cost));
  }

  Sums minus(Sums other) {
    return new Sums(
        new Usage(
            usage.requests() - other.usage.requests(),
            usage.inputTokens() - other.usage.inputTokens(),
            usage.cachedInputTokens() - other.usage.cachedInputTokens(),
            usage.outputTokens() - other.usage.outputTokens()),
        cost.subtract(other.cost));
  }

  long tokens() {
    return usage.inputTokens() + usage.outputTokens();
  }

  String text(String currency) {
    return cost.stripTrailingZeros().toPlainString()
        + " "
        + currency
        + " ("
        + tokens()
        + " tokens, "
        + usage.requests()
        + " requests)";
  }
}

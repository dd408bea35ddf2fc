package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import org.tastemaker.core.Usage;

/** What an amount of money, and what a single call, can reasonably be. */
final class Amounts {
  private static final BigDecimal MOST_MONEY = new BigDecimal("1E+15");
  private static final int MOST_DIGITS = 60;
  private static final long MOST_TOKENS = 10_000_000_000L;
  private static final long MOST_REQUESTS = 1_000_000;

  private Amounts() {}

  /** Whether sums of such amounts stay exact, readable, and quick to compute. */
  static boolean isMoney(BigDecimal amount) {
    return amount.signum() >= 0
        && amount.precision() <= MOST_DIGITS
        && Math.abs((long) amount.scale()) <= MOST_DIGITS
        && amount.compareTo(MOST_MONEY) <= 0;
  }

  /** An amount of money from its text, which may be anything. */
  static BigDecimal parse(String text) {
    if (text.length() > 2 * MOST_DIGITS) {
      throw new IllegalArgumentException("an amount of money has fewer digits");
    }
    BigDecimal amount = new BigDecimal(text);
    if (!isMoney(amount)) {
      throw new IllegalArgumentException("an amount of money is at least 0 and at most 10^15");
    }
    return amount;
  }

  /** Whether one call can have used this much. */
  static boolean isOfOneCall(Usage usage) {
    return usage.requests() <= MOST_REQUESTS
        && usage.inputTokens() <= MOST_TOKENS
        && usage.outputTokens() <= MOST_TOKENS;
  }
}

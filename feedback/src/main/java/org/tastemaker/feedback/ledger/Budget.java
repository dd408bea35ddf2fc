package org.tastemaker.feedback.ledger;

import java.math.BigDecimal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A hard limit on what may be spent, checked before each call with an estimate of that call.
 *
 * @param money in the currency of the price table, or null for no limit
 * @param tokens of questions and answers together; {@link Long#MAX_VALUE} for no limit
 * @param requests answered calls; {@link Long#MAX_VALUE} for no limit
 */
public record Budget(@Nullable BigDecimal money, long tokens, long requests) {
  public Budget {
    if (money != null && !Amounts.isMoney(money) && money.signum() >= 0) {
      throw new IllegalArgumentException(
          "a budget of money must be at most 10^15, with up to 60 digits, but was "
              + money
              + "; say Budget.unlimited() for no limit");
    }
    if ((money != null && money.signum() < 0) || tokens < 0 || requests < 0) {
      throw new IllegalArgumentException(
          "a budget must be at least 0, but was money "
              + money
              + ", tokens "
              + tokens
              + ", requests "
              + requests);
    }
  }

  /**
   * No limit.
   *
   * @return a budget without limits
   */
  public static Budget unlimited() {
    return new Budget(null, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /**
   * A limit of money.
   *
   * @param amount in the currency of the price table, such as {@code "5.00"}
   * @return the budget
   */
  public static Budget ofMoney(String amount) {
    return new Budget(new BigDecimal(amount), Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /**
   * A limit of tokens.
   *
   * @param tokens of questions and answers together
   * @return the budget
   */
  public static Budget ofTokens(long tokens) {
    return new Budget(null, tokens, Long.MAX_VALUE);
  }

  /**
   * A limit of requests.
   *
   * @param requests answered calls
   * @return the budget
   */
  public static Budget ofRequests(long requests) {
    return new Budget(null, Long.MAX_VALUE, requests);
  }

  /** The limit that these sums exceed; empty if none. */
  Optional<String> exceededBy(Sums sums, String currency) {
    if (money != null && sums.cost().compareTo(money) > 0) {
      return Optional.of("a budget of " + money.toPlainString() + " " + currency);
    }
    if (sums.tokens() > tokens) {
      return Optional.of("a budget of " + tokens + " tokens");
    }
    if (sums.usage().requests() > requests) {
      return Optional.of("a budget of " + requests + " requests");
    }
    return Optional.empty();
  }
}

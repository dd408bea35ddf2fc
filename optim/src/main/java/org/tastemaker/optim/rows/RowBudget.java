package org.tastemaker.optim.rows;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Objects;

/**
 * The driver's money for questions. A question is given out with a share, the most that it may
 * cost, and what it did not cost is returned; so the budget holds on any number of machines, also
 * where some are lost: a share whose answer never came counts as spent.
 *
 * <p>Thread-safe.
 */
public final class RowBudget {
  private final BigDecimal total;
  private final BigDecimal most;
  private final RowCosts costs;
  private BigDecimal reserved = BigDecimal.ZERO;

  private RowBudget(BigDecimal total, BigDecimal most, RowCosts costs) {
    this.total = total;
    this.most = most;
    this.costs = costs;
  }

  /**
   * A budget.
   *
   * @param total for the whole run, with its earlier sessions; in the currency of the {@link
   *     OracleFactory}
   * @param most that one question about one group can cost, retries included, above 0
   * @param costs of the run; stays the caller's, open
   * @return the budget
   */
  public static RowBudget of(BigDecimal total, BigDecimal most, RowCosts costs) {
    if (total.signum() < 0 || most.signum() <= 0) {
      throw new IllegalArgumentException(
          "the total must be at least 0 and the most of a question above 0, but were "
              + total
              + " and "
              + most);
    }
    return new RowBudget(total, most, Objects.requireNonNull(costs, "costs == null"));
  }

  /**
   * What is not spent, not lost and not given out.
   *
   * @return below 0 if a question has cost more than {@code most}
   */
  public synchronized BigDecimal left() {
    return total.subtract(costs.spent()).subtract(costs.lost()).subtract(reserved);
  }

  /** Gives out shares for as many questions as there is money for. */
  synchronized int reserve(int questions) {
    BigDecimal left = left();
    int granted =
        left.signum() <= 0
            ? 0
            : left.divide(most, 0, RoundingMode.FLOOR)
                .min(BigDecimal.valueOf(questions))
                .intValue();
    reserved = reserved.add(share(granted));
    return granted;
  }

  /** Takes shares back; what the answers cost is counted by itself, and the lost ones here. */
  synchronized void settle(int granted, int withoutAnswer) {
    reserved = reserved.subtract(share(granted));
    costs.lose(share(withoutAnswer));
  }

  /** Why a question is not asked. */
  String refusal() {
    return "not asked: of the budget of "
        + total.toPlainString()
        + ", "
        + left().toPlainString()
        + " is left, and a question may cost "
        + most.toPlainString();
  }

  RowCosts costs() {
    return costs;
  }

  private BigDecimal share(int questions) {
    return most.multiply(BigDecimal.valueOf(questions));
  }
}

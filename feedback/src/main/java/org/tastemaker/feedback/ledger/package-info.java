/**
 * What paid calls use and cost, and the limit on it.
 *
 * <p>The user gives the prices ({@link org.tastemaker.feedback.ledger.PriceTable}): they change,
 * and they differ between servers. Money is {@link java.math.BigDecimal}, added up without
 * rounding.
 *
 * <p>The {@link org.tastemaker.feedback.ledger.Ledger} works on HTTP calls rather than on
 * questions, because refusals, malformed answers and interrupted calls are billed too. Every call
 * is recorded twice: with its estimate before it is made, and with its usage when it has ended. So
 * the {@link org.tastemaker.feedback.ledger.Budget} holds for calls in flight, and calls whose end
 * was never written (the process was killed) count with their estimate when the ledger is opened
 * again.
 *
 * <p>Jobs that open the same file share it, and the budget with it.
 */
@NullMarked
package org.tastemaker.feedback.ledger;

import org.jspecify.annotations.NullMarked;

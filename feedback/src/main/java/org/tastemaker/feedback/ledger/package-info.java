/**
 * What a run of paid calls uses, what that costs, and where it ends.
 *
 * <p>Prices are the user's ({@link org.tastemaker.feedback.ledger.PriceTable}): they change, and
 * differ between servers. Money is {@link java.math.BigDecimal}, added up without rounding.
 *
 * <p>The {@link org.tastemaker.feedback.ledger.Ledger} sits at the wire and not at the judge, since
 * a refusal, a malformed answer and a call that broke off are paid for too. Every call is entered
 * twice: with its estimate before it is made, and with what it used when it has ended. So a hard
 * {@link org.tastemaker.feedback.ledger.Budget} holds for calls in flight, and calls whose end was
 * never written (the process was killed) count with their estimate when the ledger is opened again.
 */
@NullMarked
package org.tastemaker.feedback.ledger;

import org.jspecify.annotations.NullMarked;

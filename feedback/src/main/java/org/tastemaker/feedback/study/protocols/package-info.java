/**
 * Which protocol to buy: the same votes, the same judge, several ways of asking.
 *
 * <pre>
 *   votes --{@link org.tastemaker.feedback.study.protocols.ProtocolComparison}: a dataset for each protocol--&gt;
 *     --{@link org.tastemaker.feedback.study.protocols.ComparisonReport}: accuracy against cost, with intervals--&gt;
 *     --{@link org.tastemaker.feedback.study.protocols.Purchase}: what a budget buys
 * </pre>
 */
@NullMarked
package org.tastemaker.feedback.study.protocols;

import org.jspecify.annotations.NullMarked;

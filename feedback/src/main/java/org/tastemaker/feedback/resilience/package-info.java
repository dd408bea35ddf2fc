/**
 * Retries, rate limits and a circuit breaker for calls to a paid service.
 *
 * <p>{@link org.tastemaker.feedback.resilience.ResilientCaller} retries a call as long as that is
 * useful. An attempt passes these gates, in this order:
 *
 * <pre>
 * slot for a call in flight -> circuit breaker -> requests a minute -> tokens a minute -> the attempt
 * </pre>
 *
 * <p>A failed attempt says, by {@link org.tastemaker.feedback.resilience.AttemptFailed}, whether
 * and when to retry. Between two attempts the slot is free for other calls. A delay that the
 * service asks for applies to all callers.
 *
 * <p>Time is a {@link java.time.Clock} and waiting a {@link
 * org.tastemaker.feedback.resilience.Sleeper}: general retry libraries use the system clock for
 * both, so that a test of "waits 30 seconds, then doubles" is either slow or meaningless.
 */
@NullMarked
package org.tastemaker.feedback.resilience;

import org.jspecify.annotations.NullMarked;

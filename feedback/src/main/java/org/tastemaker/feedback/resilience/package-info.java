/**
 * Calls to a paid, limited, sometimes failing service, above the single HTTP call.
 *
 * <p>{@link org.tastemaker.feedback.resilience.ResilientCaller} runs a call as often as is worth
 * while. One attempt goes through these gates, in this order:
 *
 * <pre>
 * slot of the calls in flight -> circuit breaker -> requests a minute -> tokens a minute -> the attempt
 * </pre>
 *
 * <p>The attempt says with {@link org.tastemaker.feedback.resilience.AttemptFailed} whether another
 * one makes sense, and when. Between two attempts the slot is free for others. A wait that the
 * service asks for holds for all callers, not only for the one who was told.
 *
 * <p>Time is a {@link java.time.Clock} and waiting a {@link
 * org.tastemaker.feedback.resilience.Sleeper}: the general retry libraries tie both to the system's
 * clock, which makes a test of "waits 30 seconds, then doubles" either slow or empty.
 */
@NullMarked
package org.tastemaker.feedback.resilience;

import org.jspecify.annotations.NullMarked;

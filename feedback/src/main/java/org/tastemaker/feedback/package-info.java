/**
 * The vocabulary of asking a judge about images: one {@link org.tastemaker.feedback.Question}, one
 * {@link org.tastemaker.feedback.Verdict}, and the port {@link org.tastemaker.feedback.Judge} in
 * between.
 *
 * <p>A judge sees images at positions, in the order shown, and speaks of positions. It knows
 * nothing of groups, of repetitions, or of where an image came from. Everything above that (which
 * questions to ask about a group, in which order to show the images, how to undo that order, how to
 * combine the answers) is a protocol's matter; everything below it (HTTP, a cache, a limiter, a
 * budget) wraps a judge in a judge:
 *
 * <pre>{@code
 * ImageGroup -> protocol -> Question -> [cache -> limiter -> retries -> wire] -> Verdict -> protocol -> Judgement
 * }</pre>
 *
 * <p>What goes wrong is a {@link org.tastemaker.feedback.FeedbackException}, which says whether it
 * concerns one question or all of them.
 */
@NullMarked
package org.tastemaker.feedback;

import org.jspecify.annotations.NullMarked;

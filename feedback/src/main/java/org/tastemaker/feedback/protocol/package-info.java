/**
 * From a group of images to a judgement: which questions to ask, in which order to show the images,
 * and how to combine the answers.
 *
 * <p>{@link org.tastemaker.feedback.protocol.JudgeOracle} does it:
 *
 * <ol>
 *   <li>Images with the same content become one: they tie without asking.
 *   <li>The {@link org.tastemaker.feedback.protocol.Protocol} plans questions. Order and direction
 *       are drawn from a seed and from the group's content, so that they do not depend on when, or
 *       with which other groups, the group is judged: a repeated run asks the same questions and
 *       finds the answers in the cache.
 *   <li>Each question is asked, and asked again if the answer is refused or malformed; then it is
 *       given up.
 *   <li>Positions are mapped back to images, opposite answers of a swapped pair become ties, and an
 *       {@link org.tastemaker.core.aggregate.Aggregation} combines them into one order.
 *   <li>Images without an answer are missing from the order, and the reason is recorded.
 * </ol>
 */
@NullMarked
package org.tastemaker.feedback.protocol;

import org.jspecify.annotations.NullMarked;

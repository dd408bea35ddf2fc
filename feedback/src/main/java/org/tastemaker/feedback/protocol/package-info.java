/**
 * From a group of images to a judgement: which questions to ask, in which order to show the images,
 * and what the answers amount to.
 *
 * <p>{@link org.tastemaker.feedback.protocol.JudgeOracle} does it:
 *
 * <ol>
 *   <li>Images of the same content become one, which needs no judge to know that they tie.
 *   <li>The {@link org.tastemaker.feedback.protocol.Protocol} plans questions. Order and direction
 *       are drawn from a seed and from the group's content, so that they are the same whenever, and
 *       beside whatever, the group is judged: a repeated run asks the same questions and finds the
 *       answers in a cache.
 *   <li>Each question is asked, once more where the answer is of no use, and given up then.
 *   <li>The answers are turned back from positions to images, opposite answers of a swapped pair
 *       become ties, and an {@link org.tastemaker.core.aggregate.Aggregation} makes one order.
 *   <li>What could not be had stays out of the order, and the reason goes into the record.
 * </ol>
 */
@NullMarked
package org.tastemaker.feedback.protocol;

import org.jspecify.annotations.NullMarked;

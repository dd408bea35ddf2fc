/**
 * The page on which people confirm or overrule a judge.
 *
 * <pre>
 *   a judge's dataset, its images
 *     | {@link org.tastemaker.human.review.ReviewPage}: verdict after verdict, with the judge's reasons
 *     v
 *   {@link org.tastemaker.human.review.ReviewDesk}: what people clicked, a line each, on disk before the reply
 *     |--&gt; {@link org.tastemaker.human.review.CorrectedDataset}: a dataset in which people's orders are in place of overruled ones
 *     |--&gt; {@link org.tastemaker.human.review.ReviewedVotes}: people's votes, for studies of agreement and panels
 *     '--&gt; {@link org.tastemaker.human.review.ReviewSummary}: how often the judge was confirmed, and where it was not
 * </pre>
 *
 * <p>Who has seen the judge's verdict leans towards it: these votes are marked as anchored, and the
 * share confirmed is no measure of how far people agree with the judge on their own.
 */
@NullMarked
package org.tastemaker.human.review;

import org.jspecify.annotations.NullMarked;

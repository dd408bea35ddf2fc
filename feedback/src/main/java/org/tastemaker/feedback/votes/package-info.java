/**
 * Public data sets of people's preferences, read into one kind of row and written again.
 *
 * <pre>
 *   {@link org.tastemaker.feedback.votes.RecordFile}: JSON, JSON Lines, Parquet (tastemaker-datasets), or your own
 *     | records
 *     v
 *   {@link org.tastemaker.feedback.votes.VoteShape}: HPD v2, HPDv3, ImageRewardDB, Pick-a-Pic, MMRB2, GenAI-Bench
 *     | {@link org.tastemaker.feedback.votes.VotedRow}s: prompt, images, votes, source, split
 *     v
 *   {@link org.tastemaker.feedback.votes.LoadedRow} --&gt; a study of agreement, a learned reward, preference losses
 * </pre>
 *
 * <p>Nothing is downloaded: the files are yours, and their licences are their owners'. A file of
 * any length takes the memory of one row. What cannot be used is counted and named in a {@link
 * org.tastemaker.feedback.votes.ReadingReport}.
 *
 * <p>A tie and "both bad" are answers of their own. Where something else has no place for them, as
 * ballots have not, its documentation says what they become.
 */
@NullMarked
package org.tastemaker.feedback.votes;

import org.jspecify.annotations.NullMarked;

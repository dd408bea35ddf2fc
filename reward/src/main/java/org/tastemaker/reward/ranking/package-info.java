/**
 * Rewards that come straight from a judge's answers, without a learned model in between.
 *
 * <table class="striped">
 * <caption>Which one to use</caption>
 * <thead><tr><th>reward</th><th>of an image</th><th>choose it for</th></tr></thead>
 * <tbody>
 * <tr><td>{@link org.tastemaker.reward.ranking.WinRateReward}</td><td>share of the other images of
 * its prompt that it beats, in [0, 1]</td><td>a scale that is always the same, with nothing to
 * tune</td></tr>
 * <tr><td>{@link org.tastemaker.reward.ranking.BradleyTerryReward}</td><td>its log-worth among
 * them</td><td>rewards that differ more at the ends of a ranking than in its middle</td></tr>
 * <tr><td>{@link org.tastemaker.reward.ranking.PlackettLuceReward}</td><td>its log-worth among
 * them</td><td>answers that name the best k</td></tr>
 * <tr><td>{@link org.tastemaker.reward.ranking.PointwiseReward}</td><td>its score</td><td>judges
 * that score images one by one</td></tr>
 * </tbody>
 * </table>
 *
 * <p>All of them compare the images of one prompt. Rewards of different prompts have the same mean
 * (or are on the judge's own scale), so only differences within a prompt have a meaning. An image
 * that was not judged has no reward.
 */
@NullMarked
package org.tastemaker.reward.ranking;

import org.jspecify.annotations.NullMarked;

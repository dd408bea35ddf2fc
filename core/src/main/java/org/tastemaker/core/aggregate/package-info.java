/**
 * From many rankings and comparisons of the same items to one order: rank aggregation.
 *
 * <table class="striped">
 * <caption>Which one to take</caption>
 * <thead><tr><th>method</th><th>gives</th><th>strong where</th></tr></thead>
 * <tbody>
 * <tr><td>{@link org.tastemaker.core.aggregate.Borda}</td><td>points</td><td>full rankings,
 * nothing to tune</td></tr>
 * <tr><td>{@link org.tastemaker.core.aggregate.Copeland}</td><td>majorities won less
 * lost</td><td>a few outliers must not count much</td></tr>
 * <tr><td>{@link org.tastemaker.core.aggregate.Kemeny}</td><td>the order that contradicts the
 * fewest comparisons</td><td>permuted repetitions of one ranking question</td></tr>
 * <tr><td>{@link org.tastemaker.core.aggregate.BradleyTerry}</td><td>worths with standard
 * errors</td><td>pairs, soft labels, uneven numbers of comparisons</td></tr>
 * <tr><td>{@link org.tastemaker.core.aggregate.CrowdBradleyTerry}</td><td>worths, and each rater's
 * quality, with standard errors</td><td>several judges and people, some of them careless</td></tr>
 * <tr><td>{@link org.tastemaker.core.aggregate.PlackettLuce}</td><td>worths with standard
 * errors</td><td>rankings of different items, k-best answers</td></tr>
 * </tbody>
 * </table>
 *
 * <p>They do differ: for the wins {@code [[0,7,9,6],[3,0,6,8],[1,4,0,5],[4,2,5,0]]} Bradley-Terry
 * puts item 3 before item 2 and Kemeny the other way round.
 *
 * <p>The likelihoods of {@code BradleyTerry} and {@code PlackettLuce} can be used on their own: a
 * {@link org.tastemaker.core.aggregate.ScoreLikelihood} is what a reward network is trained on.
 *
 * <p>The input of all of them is {@link org.tastemaker.core.aggregate.Ballots}. An item of which
 * the ballots say nothing is missing from the result.
 */
@NullMarked
package org.tastemaker.core.aggregate;

import org.jspecify.annotations.NullMarked;

/**
 * Zeroth-order optimization with a ranking oracle: no gradients, no rewards, only answers to "which
 * of these are the best?".
 *
 * <p>{@link org.tastemaker.optim.zo.ZoRankSgd} is the algorithm, over a flat vector. {@link
 * org.tastemaker.optim.zo.RankingProblem} is what it asks: vectors in, an order out. Who answers is
 * open:
 *
 * <pre>{@code
 * ZoRankSgd  ->  RankingProblem.minimizing(f)   a function, for experiments
 *            ->  LatentProblem                  the initial noise of one image
 *            ->  ParameterProblem               a SearchSpace: the gains of a LoRA, or all its parameters
 *                     images in groups  ->  FeedbackOracle   ChatGPT, a person, a mock judge
 * }</pre>
 *
 * <p>How it does beside methods that see values, pairs or the best alone is measured on functions
 * in {@code docs/ranking-oracle.md}.
 *
 * <p>Over the initial noise nothing is trained: one user ranks a handful of images of one prompt a
 * few times, and each round moves the noise toward what that user likes.
 *
 * <pre>{@code
 * LatentProblem problem = new LatentProblem(model, Prompt.of("a cat"), oracle, rubric);
 * ZoRankSgd search = new ZoRankSgd(problem, problem.start(Seed.of(1)), Options.forLatents(), Seed.of(2));
 * for (int round = 0; round < 10; round++) {
 *   search.step();
 * }
 * Image image = problem.image(search.point());
 * }</pre>
 *
 * <p><b>Why this is no {@link org.tastemaker.core.PolicyOptimizer}.</b> That port is given images
 * of <em>one</em> policy with a reward for each, and works out by itself which way to move. Here
 * each round needs images of <em>many</em> policies (or of many initial noises) that only this
 * algorithm can name, in two waves of which the second depends on the answer to the first; the
 * answer is an order of the policies as wholes, and there is no number to give to an image. A class
 * that took a rollout and rewards would have to ignore both. So the loop is turned round: the
 * optimizer asks. It reports with the same {@link org.tastemaker.core.StepReport} and has the same
 * {@code save} and {@code restore}.
 *
 * <p><b>What a missing answer does.</b> Nothing moves, the directions found so far are kept, and
 * the answer is counted as missing. If the problem throws, the round stays open: the next step asks
 * the same question again, so an oracle that caches its answers is not paid twice.
 */
@NullMarked
package org.tastemaker.optim.zo;

import org.jspecify.annotations.NullMarked;

/**
 * Zeroth-order optimization with a ranking oracle: no gradients, no rewards, only answers to the
 * question "which of these are the best?".
 *
 * <p>{@link org.tastemaker.optim.zo.ZoRankSgd} is the algorithm, over a flat vector. {@link
 * org.tastemaker.optim.zo.RankingProblem} is what it asks: vectors in, an order out. Anything can
 * answer:
 *
 * <pre>{@literal
 * ZoRankSgd  ->  RankingProblem.minimizing(f)   a function, for experiments
 *            ->  LatentProblem                  the initial noise of one image
 *            ->  ParameterProblem               a SearchSpace: the gains of a LoRA, or all its parameters
 *                     images in groups  ->  FeedbackOracle   ChatGPT, a person, a mock judge
 * }</pre>
 *
 * <p>{@code docs/ranking-oracle.md} compares it, on functions, with methods that see values, pairs
 * or only the best.
 *
 * <p>A search over the initial noise trains nothing: one user ranks a handful of images of one
 * prompt a few times, and each round moves the noise towards what that user likes.
 *
 * <pre>{@code
 * LatentProblem problem = new LatentProblem(model, Prompt.of("a cat"), oracle, rubric);
 * ZoRankSgd search =
 *     new ZoRankSgd(
 *         problem, problem.start(Seed.of(1)), ZoRankSgd.Options.forLatents(), Seed.of(2));
 * for (int round = 0; round < 10; round++) {
 *   search.step();
 * }
 * Image image = problem.image(search.point());
 * }</pre>
 *
 * <p><b>Why this is not a {@link org.tastemaker.core.PolicyOptimizer}.</b> That port receives
 * images of <em>one</em> policy with a reward for each, and computes the update itself. Here each
 * round needs images of <em>many</em> policies (or of many initial noises), which only this
 * algorithm can choose, in two questions of which the second depends on the answer to the first.
 * The answer is an order of whole policies, so no image has a reward of its own. A class that took
 * a rollout and rewards would have to ignore both. So the loop is inverted: the optimizer asks the
 * questions. It reports with the same {@link org.tastemaker.core.StepReport} and has the same
 * {@code save} and {@code restore}.
 *
 * <p><b>Missing answers.</b> Nothing moves, the directions found so far are kept, and the answer is
 * counted as missing. If the problem throws, the round stays open: the next step asks the same
 * question again, and an oracle that caches its answers is not paid twice.
 */
@NullMarked
package org.tastemaker.optim.zo;

import org.jspecify.annotations.NullMarked;

package org.tastemaker.optim.zo;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.tastemaker.core.Ranking;

/**
 * An (m, k) ranking oracle over vectors: given m of them, it names the best k, in order.
 *
 * <p>The vectors may stand for anything: points of a function's domain, initial noises of images,
 * parameters of a model.
 */
@FunctionalInterface
public interface RankingProblem {
  /**
   * Ranks candidates.
   *
   * @param candidates m vectors of the same length, which must not be changed
   * @param best k: how many of the best to name, in [1, m]. The answer may rank more; anything
   *     beyond the best k is not used
   * @return an order of the m candidates, best first. {@link Ranking#topK} is the usual form. The
   *     order may have ties, may leave out candidates about which nothing is known, and is {@link
   *     Ranking#none} if there is no answer
   */
  Ranking rank(List<float[]> candidates, int best);

  /**
   * The minimization of a function: candidates are ordered by its values.
   *
   * @param function lower is better; if it is NaN, nothing is known about the candidate
   * @return the problem
   */
  static RankingProblem minimizing(ToDoubleFunction<float[]> function) {
    return (candidates, best) -> {
      double[] values = candidates.stream().mapToDouble(function).toArray();
      return Ranking.ofScores(
          IntStream.range(0, values.length)
              .mapToObj(
                  i ->
                      Double.isNaN(values[i])
                          ? OptionalDouble.empty()
                          : OptionalDouble.of(-values[i]))
              .toList());
    };
  }
}

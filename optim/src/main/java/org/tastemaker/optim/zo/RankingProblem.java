package org.tastemaker.optim.zo;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.tastemaker.core.Ranking;

/**
 * An (m, k) ranking oracle over vectors: given m of them, it names the k best in order.
 *
 * <p>The vectors may stand for anything: points of a function's domain, initial noises of images,
 * parameters of a model.
 */
@FunctionalInterface
public interface RankingProblem {
  /**
   * Ranks candidates.
   *
   * @param candidates m vectors of one length, which stay the caller's and must not be changed
   * @param best k: how many of the best are wanted, in [1, m]. The answer may say more; what is
   *     said beyond the best is not used
   * @return an order of the m candidates, best first. {@link Ranking#topK} is the plain answer. It
   *     may have ties, it may leave candidates out of which nothing is known, and it is {@link
   *     Ranking#none} where there is no answer
   */
  Ranking rank(List<float[]> candidates, int best);

  /**
   * The minimization of a function that orders candidates by its values.
   *
   * @param function lower is better; where it is NaN nothing is known of the candidate
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

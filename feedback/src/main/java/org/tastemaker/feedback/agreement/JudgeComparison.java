package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.distribution.BinomialDistribution;
import org.tastemaker.core.Seed;

/**
 * Two judges on the same pairs: which of them people agree with more often.
 *
 * @param difference the first judge's share of right verdicts minus the second's, with an interval
 *     by bootstrap over prompts
 * @param onlyFirst pairs in which only the first is right
 * @param onlySecond pairs in which only the second is
 * @param p of McNemar's test, exact with the mid-p correction (Fagerland, Lydersen and Laake, BMC
 *     Medical Research Methodology 13, 2013): how likely so uneven a split is if both are as good.
 *     It takes pairs for independent, which those of a prompt are not: the interval is the safer of
 *     the two
 */
public record JudgeComparison(
    PromptBootstrap.Interval difference, int onlyFirst, int onlySecond, double p) {
  /**
   * A pair about which both have answered.
   *
   * @param prompt of the pair
   * @param first whether the first judge agrees with people
   * @param second whether the second does
   */
  public record Both(String prompt, boolean first, boolean second) {}

  /**
   * Compares.
   *
   * @param pairs at least one
   * @param bootstrap of the interval
   * @param seed draws
   * @return the comparison
   */
  public static JudgeComparison of(List<Both> pairs, PromptBootstrap bootstrap, Seed seed) {
    Map<String, List<Both>> byPrompt = new LinkedHashMap<>();
    pairs.forEach(
        pair -> byPrompt.computeIfAbsent(pair.prompt(), unused -> new ArrayList<>()).add(pair));
    ToDoubleFunction<List<List<Both>>> difference =
        prompts ->
            prompts.stream()
                .flatMap(List::stream)
                .mapToInt(pair -> (pair.first() ? 1 : 0) - (pair.second() ? 1 : 0))
                .average()
                .orElse(Double.NaN);
    int onlyFirst = (int) pairs.stream().filter(both -> both.first() && !both.second()).count();
    int onlySecond = (int) pairs.stream().filter(both -> !both.first() && both.second()).count();
    return new JudgeComparison(
        bootstrap.of(List.copyOf(byPrompt.values()), difference, seed),
        onlyFirst,
        onlySecond,
        midP(onlyFirst, onlySecond));
  }

  /** Two-sided: twice the smaller tail, of which the observed split counts half. */
  static double midP(int one, int other) {
    int n = one + other;
    if (n == 0) {
      return 1;
    }
    int fewer = Math.min(one, other);
    BinomialDistribution fair = new BinomialDistribution(null, n, 0.5);
    return Math.min(1, 2 * fair.cumulativeProbability(fewer) - fair.probability(fewer));
  }
}

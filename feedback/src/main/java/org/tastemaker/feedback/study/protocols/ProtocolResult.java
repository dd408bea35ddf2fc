package org.tastemaker.feedback.study.protocols;

import java.util.Map;
import java.util.OptionalDouble;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.study.StudyReport;

/**
 * What a protocol gives, and what it takes.
 *
 * @param protocol its name with its numbers
 * @param right the share of right verdicts over all pairs in which people chose an image; a tie and
 *     a missing verdict count half, as a coin would, so that all protocols have the same pairs
 * @param undecided the share of those pairs with a tie or without a verdict
 * @param costs of a group, by unit; absent where not known
 * @param judgements groups in its dataset
 * @param paid those of them whose usage is known: answers of a cache are not
 * @param report the whole study of its verdicts
 */
public record ProtocolResult(
    String protocol,
    PromptBootstrap.Interval right,
    double undecided,
    Map<CostUnit, Double> costs,
    long judgements,
    long paid,
    StudyReport report) {
  public ProtocolResult {
    costs = Map.copyOf(costs);
  }

  /**
   * What a group costs.
   *
   * @param unit what it is paid in
   * @return empty where that is not known
   */
  public OptionalDouble cost(CostUnit unit) {
    Double cost = costs.get(unit);
    return cost == null ? OptionalDouble.empty() : OptionalDouble.of(cost);
  }
}

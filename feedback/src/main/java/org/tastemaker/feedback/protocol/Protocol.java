package org.tastemaker.feedback.protocol;

import java.util.Objects;
import org.tastemaker.feedback.Question.Scale;

/**
 * How to find out the order of a group of K images by asking: the questions and their number.
 *
 * <table class="striped">
 * <caption>Questions for K images, and what they are for</caption>
 * <thead><tr><th>protocol</th><th>questions</th><th>for</th></tr></thead>
 * <tbody>
 * <tr><td>{@link #listwise}(r)</td><td>r</td><td>the cheapest by far: rewards for groups</td></tr>
 * <tr><td>{@link #best}(k, r)</td><td>r</td><td>many images, of which only the head matters</td></tr>
 * <tr><td>{@link #pairsInRandomDirection}(v)</td><td>v K (K - 1) / 2</td><td>fits under a budget:
 * position bias becomes noise of mean zero</td></tr>
 * <tr><td>{@link #pairsInBothOrders}(v)</td><td>v K (K - 1)</td><td>labels that are kept as truth, and
 * audits of the judge: disagreement is a tie</td></tr>
 * <tr><td>{@link #activePairs}(b)</td><td>b</td><td>the most information from b questions</td></tr>
 * <tr><td>{@link #pointwise}(scale, r)</td><td>r K</td><td>single images; collapses to ties, take it
 * last</td></tr>
 * </tbody>
 * </table>
 *
 * <p>With {@link #oneCriterionACall} each question is asked for each criterion of the rubric on its
 * own; otherwise one answer has an order by each.
 */
public final class Protocol {
  private final String name;
  private final Planner planner;
  private final boolean comparesPairsInBothOrders;
  private final boolean scores;
  private final boolean namesOnlyTheBest;
  private final boolean oneCriterionACall;

  private Protocol(
      String name,
      Planner planner,
      boolean comparesPairsInBothOrders,
      boolean scores,
      boolean namesOnlyTheBest,
      boolean oneCriterionACall) {
    this.name = name;
    this.planner = planner;
    this.comparesPairsInBothOrders = comparesPairsInBothOrders;
    this.scores = scores;
    this.namesOnlyTheBest = namesOnlyTheBest;
    this.oneCriterionACall = oneCriterionACall;
  }

  /**
   * All images in one question, in a random order; several times in different orders.
   *
   * @param repetitions how often, at least 1; 2 already shows how far the judge depends on the
   *     order
   * @return the protocol
   */
  public static Protocol listwise(int repetitions) {
    requireAtLeastOne("repetitions", repetitions);
    return new Protocol(
        "listwise(" + repetitions + ")",
        new Planner.Listwise(0, repetitions),
        false,
        false,
        false,
        false);
  }

  /**
   * The k best of all images, in one question in a random order; several times in different orders.
   * A group of k images or fewer is ranked whole.
   *
   * @param k how many to name, at least 1
   * @param repetitions how often, at least 1
   * @return the protocol
   */
  public static Protocol best(int k, int repetitions) {
    requireAtLeastOne("k", k);
    requireAtLeastOne("repetitions", repetitions);
    return new Protocol(
        "best(" + k + ", " + repetitions + ")",
        new Planner.Listwise(k, repetitions),
        false,
        false,
        true,
        false);
  }

  /**
   * Every pair, in a random direction.
   *
   * @param votes how often each pair is asked, at least 1; the direction is drawn each time
   * @return the protocol
   */
  public static Protocol pairsInRandomDirection(int votes) {
    requireAtLeastOne("votes", votes);
    return new Protocol(
        "pairs-random(" + votes + ")", new Planner.Pairs(votes, false), false, false, false, false);
  }

  /**
   * Every pair in both orders. Opposite answers are a tie; soft answers are corrected for an
   * additive bias (with logits l1 that the first wins of AB, l2 of BA, the preference for A is (l1
   * - l2) / 2); a pair that is answered in one order only stays undecided.
   *
   * @param votes how often each pair is asked in each order, at least 1
   * @return the protocol
   */
  public static Protocol pairsInBothOrders(int votes) {
    requireAtLeastOne("votes", votes);
    return new Protocol(
        "pairs-both(" + votes + ")", new Planner.Pairs(votes, true), true, false, false, false);
  }

  /**
   * The most informative pairs, chosen round by round from the answers so far, each in a random
   * direction.
   *
   * @param budget questions for a group, at least 1
   * @return the protocol
   */
  public static Protocol activePairs(int budget) {
    requireAtLeastOne("budget", budget);
    return new Protocol(
        "active-pairs(" + budget + ")", new Planner.Active(budget), false, false, false, false);
  }

  /**
   * A number for each image, one image a question.
   *
   * @param scale the numbers that may be given
   * @param repetitions how often, at least 1; the mean counts
   * @return the protocol
   */
  public static Protocol pointwise(Scale scale, int repetitions) {
    Objects.requireNonNull(scale, "scale == null");
    requireAtLeastOne("repetitions", repetitions);
    return new Protocol(
        "pointwise(" + scale.min() + ".." + scale.max() + ", " + repetitions + ")",
        new Planner.Pointwise(scale, repetitions),
        false,
        true,
        false,
        false);
  }

  /**
   * The same questions, but one for each criterion of the rubric: more expensive, and no criterion
   * influences another.
   *
   * @return a new protocol
   */
  public Protocol oneCriterionACall() {
    return new Protocol(
        name + " one criterion a call",
        planner,
        comparesPairsInBothOrders,
        scores,
        namesOnlyTheBest,
        true);
  }

  /**
   * The protocol's name with its numbers, for records.
   *
   * @return such as {@code "listwise(2)"}
   */
  public String name() {
    return name;
  }

  Planner planner() {
    return planner;
  }

  boolean comparesPairsInBothOrders() {
    return comparesPairsInBothOrders;
  }

  /** Whether it can be asked about a single image. */
  boolean scores() {
    return scores;
  }

  boolean namesOnlyTheBest() {
    return namesOnlyTheBest;
  }

  boolean asksOneCriterionACall() {
    return oneCriterionACall;
  }

  @Override
  public String toString() {
    return name;
  }

  private static void requireAtLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, but was " + value);
    }
  }
}

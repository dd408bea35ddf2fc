package org.tastemaker.feedback;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;

/**
 * A judge's answer to one question, about positions in the order shown.
 *
 * @param overall the answer by the rubric as a whole
 * @param byCriterion the answers by each criterion, by its name, if the judge gave them; may be
 *     empty or have only some criteria
 * @param rationale the judge's reasons; may be empty
 * @param usage what the answer cost; {@link Usage#NONE} for a cached answer, which was paid for
 *     earlier
 * @param model the name of the model that answered, as the server reported it
 * @param cached whether the answer came from a cache
 */
public record Verdict(
    Answer overall,
    Map<String, Answer> byCriterion,
    String rationale,
    Usage usage,
    String model,
    boolean cached) {
  public Verdict {
    Objects.requireNonNull(overall, "overall == null");
    Objects.requireNonNull(rationale, "rationale == null: use \"\" for none");
    Objects.requireNonNull(usage, "usage == null: use Usage.NONE");
    Objects.requireNonNull(model, "model == null");
    byCriterion = Map.copyOf(byCriterion);
    byCriterion.forEach(
        (criterion, answer) -> {
          if (answer.order().size() != overall.order().size()) {
            throw new IllegalArgumentException(
                "the answer by '"
                    + criterion
                    + "' must be about the same "
                    + overall.order().size()
                    + " positions as the overall one, but was about "
                    + answer.order().size());
          }
        });
  }

  /**
   * The answer by one criterion, or overall.
   *
   * @param order of the positions, best first; positions without an answer are missing
   * @param scores one for each position if scores were asked for (the order then follows from
   *     them); otherwise empty
   * @param firstIsBetter the probability, in [0, 1], that the image at position 0 is the better one
   *     of two, if the log-probabilities give it; otherwise empty
   */
  public record Answer(Ranking order, List<OptionalDouble> scores, OptionalDouble firstIsBetter) {
    public Answer {
      Objects.requireNonNull(order, "order == null: use Ranking.none for no answer");
      Objects.requireNonNull(firstIsBetter, "firstIsBetter == null");
      scores = List.copyOf(scores);
      if (!scores.isEmpty() && scores.size() != order.size()) {
        throw new IllegalArgumentException(
            "there must be a score for each of the "
                + order.size()
                + " positions or none, but there were "
                + scores.size());
      }
      if (firstIsBetter.isPresent()) {
        double p = firstIsBetter.getAsDouble();
        if (order.size() != 2 || !(p >= 0 && p <= 1)) {
          throw new IllegalArgumentException(
              "the probability that the first is better is about 2 positions and in [0, 1], but was "
                  + p
                  + " about "
                  + order.size());
        }
      }
    }

    /**
     * An order only.
     *
     * @param order of the positions
     * @return the answer
     */
    public static Answer of(Ranking order) {
      return new Answer(order, List.of(), OptionalDouble.empty());
    }

    /**
     * Scores, and the order that follows from them.
     *
     * @param scores one for each position, higher is better; empty where missing
     * @return the answer
     */
    public static Answer ofScores(List<OptionalDouble> scores) {
      return new Answer(Ranking.ofScores(scores), scores, OptionalDouble.empty());
    }

    /**
     * A soft preference between two positions, and the order that follows from it.
     *
     * @param firstIsBetter probability that position 0 is better, in [0, 1]
     * @return the answer; one half is a tie
     */
    public static Answer soft(double firstIsBetter) {
      return new Answer(
          Ranking.ofScores(firstIsBetter, 1 - firstIsBetter),
          List.of(),
          OptionalDouble.of(firstIsBetter));
    }
  }

  /**
   * A verdict with an order only.
   *
   * @param order of the positions
   * @param usage what it cost
   * @param model the model that answered
   * @return the verdict
   */
  public static Verdict of(Ranking order, Usage usage, String model) {
    return new Verdict(Answer.of(order), Map.of(), "", usage, model, false);
  }

  /**
   * This verdict as a cached one, which costs nothing.
   *
   * @return a new verdict
   */
  public Verdict fromCache() {
    return new Verdict(overall, byCriterion, rationale, Usage.NONE, model, true);
  }

  /**
   * Checks that this is an answer to a question: about all its positions, with scores on its scale
   * if it has one, by criteria of its rubric.
   *
   * @param question what was asked
   * @return this
   * @throws FeedbackException.MalformedVerdict if it is not; the path says where
   */
  public Verdict requireFits(Question question) {
    requireFits(question, overall, "overall");
    byCriterion.forEach(
        (criterion, answer) -> {
          if (question.rubric().criteria().stream().noneMatch(c -> c.name().equals(criterion))) {
            throw malformed(
                question,
                "byCriterion." + criterion,
                "a criterion of the rubric " + question.rubric().id(),
                "'" + criterion + "'");
          }
          requireFits(question, answer, "byCriterion." + criterion);
        });
    return this;
  }

  private void requireFits(Question question, Answer answer, String path) {
    if (answer.order().size() != question.size()) {
      throw malformed(
          question,
          path + ".order",
          "an order of " + question.size() + " positions",
          answer.order().size() + " positions");
    }
    if (answer.order().isEmpty()) {
      throw malformed(question, path + ".order", "at least one position in its place", "none");
    }
    Question.Scale scale = question.scale();
    if (scale == null) {
      return;
    }
    if (answer.scores().isEmpty()) {
      throw malformed(question, path + ".scores", "a score for each position", "no scores");
    }
    for (int position = 0; position < answer.scores().size(); position++) {
      OptionalDouble score = answer.scores().get(position);
      if (score.isPresent()
          && !(score.getAsDouble() >= scale.min() && score.getAsDouble() <= scale.max())) {
        throw malformed(
            question,
            path + ".scores[" + position + "]",
            "a score of " + scale.min() + " to " + scale.max(),
            "" + score.getAsDouble());
      }
    }
  }

  private FeedbackException malformed(
      Question question, String path, String expected, String actual) {
    return new FeedbackException.MalformedVerdict(
        path,
        "the answer of "
            + model
            + " to a question of kind "
            + question.kind()
            + " about "
            + question.size()
            + " images is malformed at "
            + path
            + ": expected "
            + expected
            + ", but found "
            + actual,
        usage);
  }
}

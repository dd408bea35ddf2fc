package org.tastemaker.human;

import java.time.Duration;
import java.util.Objects;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.desk.DeskQuestion;

/**
 * People answer single questions, so that protocols such as pairs in both orders can be asked of
 * them. Each question goes to one person; the desk's options must say so. A person sees the images
 * in an order of their own, which the desk records.
 *
 * <p>Thread-safe.
 */
public final class HumanJudge implements Judge {
  private final Desk desk;
  private final Duration patience;

  /**
   * A judge.
   *
   * @param desk where people answer; the caller closes it
   * @param patience how long a call waits
   */
  public HumanJudge(Desk desk, Duration patience) {
    this.desk = Objects.requireNonNull(desk, "desk == null");
    this.patience = Objects.requireNonNull(patience, "patience == null");
  }

  /**
   * Asks a person.
   *
   * @throws FeedbackException.Pending if nobody has answered in time: the question stays open
   * @throws FeedbackException.Refused if the person says that no image is what was asked for
   * @throws FeedbackException.InvalidRequest if numbers are asked for
   */
  @Override
  public Verdict ask(Question question) {
    if (question.kind() == Question.Kind.SCORE) {
      throw new FeedbackException.InvalidRequest(
          "people put images in order and give no numbers: choose a protocol of pairs or ranks",
          true);
    }
    DeskQuestion asked =
        new DeskQuestion(
            question.id(),
            new ImageGroup(question.prompt(), question.images()),
            HumanOracle.task(question.rubric()));
    DeskAnswer answer;
    try {
      answer = desk.ask(asked, patience).stream().findFirst().orElse(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answer = null;
    }
    if (answer == null) {
      throw new FeedbackException.Pending("nobody has answered yet");
    }
    Ranking order =
        answer
            .order()
            .orElseThrow(
                () -> new FeedbackException.Refused("a person found none of the images good"));
    return Verdict.of(order, Usage.NONE, answer.assignment().person()).requireFits(question);
  }

  @Override
  public String name() {
    return "people";
  }
}

package org.tastemaker.human;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Aggregation;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskAnswer;
import org.tastemaker.human.desk.DeskQuestion;

/**
 * People answer single questions, so that protocols such as pairs in both orders can be asked of
 * them. The verdict's model is the person's name.
 *
 * <p>People see the images in the order of the question, since protocols draw it and count how
 * often each place wins. What several people answer is put together as by {@link HumanOracle}.
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
            HumanOracle.task(question.rubric()),
            true);
    List<DeskAnswer> answers;
    try {
      answers = desk.ask(asked, patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answers = List.of();
    }
    if (answers.isEmpty()) {
      throw new FeedbackException.Pending(HumanOracle.unanswered(desk, asked));
    }
    List<DeskAnswer> ranked = answers.stream().filter(a -> a.order().isPresent()).toList();
    if (ranked.isEmpty()) {
      throw new FeedbackException.Refused("people found none of the images good");
    }
    String names =
        ranked.stream()
            .map(answer -> answer.assignment().person())
            .sorted()
            .collect(Collectors.joining("+"));
    List<Ranking> orders = ranked.stream().map(answer -> answer.order().orElseThrow()).toList();
    Ranking order =
        orders.size() == 1 ? orders.get(0) : Aggregation.borda().rank(Ballots.ofRankings(orders));
    return Verdict.of(order, Usage.NONE, names).requireFits(question);
  }

  @Override
  public String name() {
    return "people";
  }
}

package org.tastemaker.feedback.openai;

import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * Answers at once, by the order shown, and adds up what each question would cost. A protocol asks
 * it exactly as many questions as it would ask the real judge.
 */
final class CountingJudge implements Judge {
  private final ChatGptJudge judge;
  private Usage sum = Usage.NONE;

  CountingJudge(ChatGptJudge judge) {
    this.judge = judge;
  }

  @Override
  public Verdict ask(Question question) {
    Usage one = judge.estimate(question);
    synchronized (this) {
      sum = sum.plus(one);
    }
    Question.Scale scale = question.scale();
    int[] shown = IntStream.range(0, question.size()).toArray();
    Verdict.Answer answer =
        scale == null
            ? Verdict.Answer.of(Ranking.of(shown))
            : Verdict.Answer.ofScores(
                List.copyOf(
                    IntStream.of(shown).mapToObj(i -> OptionalDouble.of(scale.min())).toList()));
    return new Verdict(answer, java.util.Map.of(), "", Usage.NONE, judge.name(), false);
  }

  synchronized Usage sum() {
    return sum;
  }
}

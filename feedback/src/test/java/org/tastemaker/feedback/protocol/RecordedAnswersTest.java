package org.tastemaker.feedback.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.mock.MockJudge;

class RecordedAnswersTest {
  private static final ImageGroup THREE = Greys.group(0.2, 0.9, 0.5);
  private static final Rubric TWO_CRITERIA =
      new Rubric(
          "both",
          "1",
          "",
          List.of(
              new Rubric.Criterion("light", "Brighter.", Rubric.Scope.EACH_IMAGE),
              new Rubric.Criterion("dark", "Darker.", Rubric.Scope.EACH_IMAGE)));

  private static Judgement ask(Judge judge, Protocol protocol, ImageGroup group, Rubric rubric) {
    return JudgeOracle.builder(judge)
        .protocol(protocol)
        .maxAttempts(1)
        .build()
        .rank(List.of(group), rubric)
        .get(0);
  }

  private static Judge lightAndDark() {
    return MockJudge.of(Greys::score).withCriterion("dark", (i, p) -> -Greys.score(i, p));
  }

  @Test
  void rankingsAreRecordedAsItems() {
    Judgement judgement =
        ask(MockJudge.of(Greys::score), Protocol.listwise(2), THREE, Greys.RUBRIC);
    List<RecordedAnswer> answers = JudgementFacts.answers(judgement).orElseThrow();
    assertThat(answers).hasSize(2);
    assertThat(answers).allSatisfy(a -> assertThat(a.order()).isEqualTo(Ranking.of(1, 2, 0)));
    assertThat(answers.get(0).shown()).isNotEqualTo(answers.get(1).shown());
  }

  @Test
  void sideThatABiasedJudgeAlwaysTakesIsSeen() {
    Judge first = MockJudge.of((i, p) -> 0, MockJudge.Options.defaults().withPositionBias(1));
    Judgement judgement = ask(first, Protocol.pairsInBothOrders(1), THREE, Greys.RUBRIC);
    List<RecordedAnswer> answers = JudgementFacts.answers(judgement).orElseThrow();
    assertThat(answers).hasSize(6);
    assertThat(answers).allSatisfy(a -> assertThat(a.order().rank(a.shown().get(0))).hasValue(1));
    assertThat(judgement.ranking().tiers()).hasSize(1);
  }

  @Test
  void softAnswersKeepTheirProbability() {
    MockJudge.Options soft = MockJudge.Options.defaults().withTemperature(1).withSoftAnswers(true);
    Judgement judgement =
        ask(
            MockJudge.of((i, p) -> 2 * Greys.score(i, p), soft),
            Protocol.pairsInRandomDirection(1),
            Greys.group(0.25, 0.75),
            Greys.RUBRIC);
    RecordedAnswer answer = JudgementFacts.answers(judgement).orElseThrow().get(0);
    double d = answer.shown().get(0) == 0 ? -1 : 1;
    assertThat(answer.firstIsBetter()).hasValue(1 / (1 + Math.exp(-d)));
    assertThat(answer.order()).isEqualTo(Ranking.of(1, 0));
  }

  @Test
  void scoresAreRecorded() {
    Judge six =
        question ->
            new Verdict(
                Verdict.Answer.ofScores(List.of(OptionalDouble.of(6))),
                Map.of(),
                "",
                Usage.NONE,
                "six",
                false);
    Judgement judgement =
        ask(
            six,
            Protocol.pointwise(new Question.Scale(0, 10), 1),
            Greys.group(0.1, 0.2),
            Greys.RUBRIC);
    assertThat(JudgementFacts.answers(judgement).orElseThrow())
        .allSatisfy(a -> assertThat(a.scores()).containsExactly(OptionalDouble.of(6)));
  }

  @Test
  void questionWithoutAnAnswerKeepsItsPlace() {
    Judge halfMute =
        question -> {
          if (question.shown().get(0) == 0) {
            throw new FeedbackException.Refused("no", Usage.NONE);
          }
          return MockJudge.of(Greys::score).ask(question);
        };
    Judgement judgement =
        ask(halfMute, Protocol.pairsInBothOrders(1), Greys.group(0.1, 0.9), Greys.RUBRIC);
    assertThat(judgement.isMissing()).isTrue();
    List<RecordedAnswer> answers = JudgementFacts.answers(judgement).orElseThrow();
    assertThat(answers).extracting(RecordedAnswer::isAnswered).containsExactly(false, true);
    assertThat(answers.get(1).order()).isEqualTo(Ranking.of(1, 0));
  }

  @Test
  void answersByEachCriterionOfOneCallAreTold() {
    Judgement judgement = ask(lightAndDark(), Protocol.listwise(1), THREE, TWO_CRITERIA);
    assertThat(JudgementFacts.answers(judgement, "light").orElseThrow().get(0).order())
        .isEqualTo(Ranking.of(1, 2, 0));
    assertThat(JudgementFacts.answers(judgement, "dark").orElseThrow().get(0).order())
        .isEqualTo(Ranking.of(0, 2, 1));
    assertThat(JudgementFacts.answers(judgement).orElseThrow()).hasSize(1);
  }

  @Test
  void answersToOneCriterionACallAreToldByCriterionAndTogether() {
    Judgement judgement =
        ask(lightAndDark(), Protocol.listwise(2).oneCriterionACall(), THREE, TWO_CRITERIA);
    assertThat(JudgementFacts.answers(judgement, "dark").orElseThrow())
        .hasSize(2)
        .allSatisfy(a -> assertThat(a.order()).isEqualTo(Ranking.of(0, 2, 1)));
    assertThat(JudgementFacts.answers(judgement).orElseThrow()).hasSize(4);
  }

  @Test
  void judgementOfAnOlderVersionSaysThatItsAnswersAreNotKnown() {
    Judgement judgement = ask(lightAndDark(), Protocol.listwise(1), THREE, TWO_CRITERIA);
    Map<String, String> facts = new HashMap<>(judgement.provenance());
    facts.keySet().removeIf(key -> key.startsWith(JudgementFacts.ANSWERS));
    facts.put(JudgementFacts.ANSWERED, "1"); // another entry that begins alike
    Judgement older = judgement.withProvenance(facts);
    assertThat(JudgementFacts.answers(older)).isEmpty();
    assertThat(JudgementFacts.answers(older, "dark")).isEmpty();
  }

  @Test
  void damagedRecordIsRefusedByItsEntry() {
    Judgement judgement = ask(lightAndDark(), Protocol.listwise(1), THREE, Greys.RUBRIC);
    for (String entry : List.of("1,2,7", "1,2,0;1,2,0", "p0.5", "s1,2", "x")) {
      Map<String, String> facts = new HashMap<>(judgement.provenance());
      facts.put(JudgementFacts.ANSWERS, entry);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> JudgementFacts.answers(judgement.withProvenance(facts)))
          .withMessageContaining("'answers' holds");
    }
  }
}

package org.tastemaker.feedback.mock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

class MockOracleTest {
  private static final int MANY = 4000;

  @Test
  void withoutFaultsItRanksByTheScore() {
    List<Judgement> judgements =
        MockOracle.oracle(Greys::score)
            .rank(List.of(Greys.group(0.2, 0.9, 0.1, 0.5)), Greys.RUBRIC);

    assertThat(judgements.get(0).ranking()).isEqualTo(Ranking.of(1, 3, 0, 2));
  }

  @Test
  void answersEveryKindOfQuestion() {
    MockOracle judge = MockOracle.of((image, prompt) -> 10 * Greys.score(image, prompt));
    List<Image> images = Greys.images(0.2, 0.9, 0.48);
    Prompt prompt = Prompt.of("p");

    assertThat(judge.ask(Question.rank(prompt, images, Greys.RUBRIC)).overall().order())
        .isEqualTo(Ranking.of(1, 2, 0));
    assertThat(judge.ask(Question.best(1, prompt, images, Greys.RUBRIC)).overall().order())
        .isEqualTo(Ranking.topK(3, 1));
    assertThat(
            judge
                .ask(Question.pair(prompt, images.get(0), images.get(1), Greys.RUBRIC))
                .overall()
                .order())
        .isEqualTo(Ranking.of(1, 0));
    assertThat(
            judge
                .ask(Question.score(new Question.Scale(1, 5), prompt, images, Greys.RUBRIC))
                .overall()
                .scores())
        .containsExactly(OptionalDouble.of(2), OptionalDouble.of(5), OptionalDouble.of(5));
  }

  @Test
  void theProbabilityOfAPairIsLogistic() {
    MockOracle judge = MockOracle.builder(Greys::score).temperature(0.5).seed(Seed.of(1)).build();

    double share = shareOfFirst(judge, 0.9, 0.4);

    // sigma(0.5 / 0.5) = 0.731; four standard errors of 4000 draws are 4 * sqrt(0.197 / 4000)
    assertThat(share).isCloseTo(1 / (1 + Math.exp(-1)), within(0.028));
  }

  @Test
  void aPositionBiasAddsToTheLogit() {
    MockOracle judge =
        MockOracle.builder(Greys::score)
            .temperature(0.5)
            .positionBias(0.25)
            .seed(Seed.of(2))
            .build();

    double share = shareOfFirst(judge, 0.4, 0.6);

    // sigma((-0.2 + 0.25) / 0.5) = 0.525; the bound as above
    assertThat(share).isCloseTo(1 / (1 + Math.exp(-0.1)), within(0.032));
  }

  @Test
  void theBestOfThreeFollowsPlackettAndLuce() {
    MockOracle judge = MockOracle.builder(Greys::score).temperature(0.3).seed(Seed.of(3)).build();
    double[] brightness = {0.9, 0.6, 0.3};
    Question question = Question.rank(Prompt.of("p"), Greys.images(brightness), Greys.RUBRIC);
    int[] first = new int[3];
    for (int sample = 0; sample < MANY; sample++) {
      first[judge.answer(question.withSample(sample)).overall().order().tiers().get(0).get(0)]++;
    }

    double sum = 0;
    for (double b : brightness) {
      sum += Math.exp(b / 0.3);
    }
    for (int i = 0; i < 3; i++) {
      // four standard errors of a share under 0.67
      assertThat(first[i] / (double) MANY)
          .isCloseTo(Math.exp(brightness[i] / 0.3) / sum, within(0.031));
    }
  }

  @Test
  void aSoftAnswerIsTheExactProbability() {
    MockOracle judge =
        MockOracle.builder(Greys::score)
            .temperature(0.5)
            .positionBias(0.1)
            .softAnswers(true)
            .build();

    Verdict verdict =
        judge.ask(Question.pair(Prompt.of("p"), Greys.grey(0.75), Greys.grey(0.25), Greys.RUBRIC));

    // the logit is (0.5 + 0.1) / 0.5 = 1.2
    assertThat(verdict.overall().firstIsBetter().getAsDouble())
        .isCloseTo(1 / (1 + Math.exp(-1.2)), within(1e-12));
  }

  @Test
  void aTieThresholdTiesNeighbours() {
    MockOracle judge = MockOracle.builder(Greys::score).tieThreshold(0.15).build();

    Ranking order =
        judge
            .ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.5, 0.6, 0.9), Greys.RUBRIC))
            .overall()
            .order();

    assertThat(order).isEqualTo(Ranking.ofTiers(4, List.of(List.of(3), List.of(1, 2), List.of(0))));
  }

  @Test
  void faultsComeAtTheirRatesAndAnotherAttemptIsAnotherDraw() {
    MockOracle judge =
        MockOracle.builder(Greys::score)
            .refusalRate(0.2)
            .malformedRate(0.1)
            .usage(new Usage(1, 5, 0, 1))
            .build();
    Question question = Question.rank(Prompt.of("p"), Greys.images(0.1, 0.5), Greys.RUBRIC);
    int refused = 0;
    int malformed = 0;
    int both = 0;
    for (int sample = 0; sample < MANY; sample++) {
      Question drawn = question.withSample(sample);
      boolean refusal = judge.faultOf(drawn) == MockOracle.Fault.REFUSAL;
      refused += refusal ? 1 : 0;
      malformed += judge.faultOf(drawn) == MockOracle.Fault.MALFORMED ? 1 : 0;
      both += refusal && judge.faultOf(drawn.again("no")) == MockOracle.Fault.REFUSAL ? 1 : 0;
      if (refusal) {
        assertThatThrownBy(() -> judge.ask(drawn))
            .isInstanceOfSatisfying(
                FeedbackException.Refused.class,
                e -> assertThat(e.usage()).isEqualTo(new Usage(1, 5, 0, 1)));
      }
    }

    // four standard errors each
    assertThat(refused / (double) MANY).isCloseTo(0.2, within(0.026));
    assertThat(malformed / (double) MANY).isCloseTo(0.1, within(0.019));
    assertThat(both / (double) MANY).isCloseTo(0.04, within(0.013));
  }

  @Test
  void theAnswerDependsOnContentAndSeedAlone() {
    MockOracle judge = MockOracle.builder(Greys::score).temperature(1).seed(Seed.of(5)).build();
    MockOracle again = MockOracle.builder(Greys::score).temperature(1).seed(Seed.of(5)).build();
    MockOracle other = MockOracle.builder(Greys::score).temperature(1).seed(Seed.of(6)).build();
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      questions.add(
          Question.rank(Prompt.of("p" + i), Greys.images(0.1, 0.2, 0.3, 0.4), Greys.RUBRIC));
    }

    List<Ranking> inOrder = questions.stream().map(q -> judge.ask(q).overall().order()).toList();
    Ranking[] inParallel = new Ranking[questions.size()];
    IntStream.range(0, questions.size())
        .parallel()
        .map(i -> questions.size() - 1 - i)
        .forEach(i -> inParallel[i] = again.ask(questions.get(i)).overall().order());

    assertThat(inParallel).containsExactlyElementsOf(inOrder);
    assertThat(questions.stream().map(q -> other.ask(q).overall().order()).toList())
        .isNotEqualTo(inOrder);
  }

  @Test
  void criteriaHaveScoresOfTheirOwn() {
    Rubric rubric =
        new Rubric(
            "two",
            "1",
            "",
            List.of(
                new Rubric.Criterion("bright", "b", Rubric.Scope.EACH_IMAGE),
                new Rubric.Criterion("dark", "d", Rubric.Scope.EACH_IMAGE)));
    MockOracle judge =
        MockOracle.builder(Greys::score)
            .criterion("dark", (image, prompt) -> -Greys.score(image, prompt))
            .build();

    Verdict verdict = judge.ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.9), rubric));

    assertThat(verdict.byCriterion())
        .containsEntry("bright", Verdict.Answer.of(Ranking.of(1, 0)))
        .containsEntry("dark", Verdict.Answer.of(Ranking.of(0, 1)));
  }

  @Test
  void itSleepsWithTheSleeperThatItIsGiven() {
    List<Duration> slept = new ArrayList<>();
    MockOracle judge =
        MockOracle.builder(Greys::score).latency(Duration.ofMillis(200), slept::add).build();

    judge.ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.9), Greys.RUBRIC));

    assertThat(slept).containsExactly(Duration.ofMillis(200));
  }

  @Test
  void badSettingsAreNamed() {
    MockOracle.Builder builder = MockOracle.builder(Greys::score);

    assertThatThrownBy(() -> builder.temperature(-1)).hasMessageContaining("but was -1.0");
    assertThatThrownBy(() -> builder.refusalRate(0.6).malformedRate(0.6))
        .hasMessageContaining("0.6 beside 0.6");
    assertThatThrownBy(() -> MockOracle.builder(Greys::score).softAnswers(true).build())
        .hasMessageContaining("temperature over 0");
  }

  @Test
  void aScoreThatIsNotANumberIsNamed() {
    MockOracle judge = MockOracle.of((image, prompt) -> Double.NaN);

    assertThatThrownBy(
            () -> judge.ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.9), Greys.RUBRIC)))
        .hasMessageContaining("NaN for the image at position 0 of prompt 'p'");
  }

  private static double shareOfFirst(MockOracle judge, double first, double second) {
    Question question =
        Question.pair(Prompt.of("p"), Greys.grey(first), Greys.grey(second), Greys.RUBRIC);
    int wins = 0;
    for (int sample = 0; sample < MANY; sample++) {
      wins +=
          judge.answer(question.withSample(sample)).overall().order().equals(Ranking.of(0, 1))
              ? 1
              : 0;
    }
    return wins / (double) MANY;
  }
}

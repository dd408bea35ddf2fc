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

class MockJudgeTest {
  private static final int MANY = 4000;

  @Test
  void withoutFaultsItRanksByTheScore() {
    List<Judgement> judgements =
        MockOracle.of(Greys::score).rank(List.of(Greys.group(0.2, 0.9, 0.1, 0.5)), Greys.RUBRIC);

    assertThat(judgements.get(0).ranking()).isEqualTo(Ranking.of(1, 3, 0, 2));
  }

  @Test
  void answersEveryKindOfQuestion() {
    MockJudge judge = MockJudge.of((image, prompt) -> 10 * Greys.score(image, prompt));
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
    MockJudge judge =
        MockJudge.of(
            Greys::score, MockJudge.Options.defaults().withTemperature(0.5).withSeed(Seed.of(1)));

    double share = shareOfFirst(judge, 0.9, 0.4);

    // sigma(0.5 / 0.5) = 0.731; four standard errors of 4000 draws are 4 * sqrt(0.197 / 4000)
    assertThat(share).isCloseTo(1 / (1 + Math.exp(-1)), within(0.028));
  }

  @Test
  void aPositionBiasAddsToTheLogit() {
    MockJudge judge =
        MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults()
                .withTemperature(0.5)
                .withPositionBias(0.25)
                .withSeed(Seed.of(2)));

    double share = shareOfFirst(judge, 0.4, 0.6);

    // sigma((-0.2 + 0.25) / 0.5) = 0.525; the bound as above
    assertThat(share).isCloseTo(1 / (1 + Math.exp(-0.1)), within(0.032));
  }

  @Test
  void theBestOfThreeFollowsPlackettAndLuce() {
    MockJudge judge =
        MockJudge.of(
            Greys::score, MockJudge.Options.defaults().withTemperature(0.3).withSeed(Seed.of(3)));
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
    MockJudge judge =
        MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults()
                .withTemperature(0.5)
                .withPositionBias(0.1)
                .withSoftAnswers(true));

    Verdict verdict =
        judge.ask(Question.pair(Prompt.of("p"), Greys.grey(0.75), Greys.grey(0.25), Greys.RUBRIC));

    // the logit is (0.5 + 0.1) / 0.5 = 1.2
    assertThat(verdict.overall().firstIsBetter().getAsDouble())
        .isCloseTo(1 / (1 + Math.exp(-1.2)), within(1e-12));
  }

  @Test
  void aTieThresholdTiesNeighbours() {
    MockJudge judge =
        MockJudge.of(Greys::score, MockJudge.Options.defaults().withTieThreshold(0.15));

    Ranking order =
        judge
            .ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.5, 0.6, 0.9), Greys.RUBRIC))
            .overall()
            .order();

    assertThat(order).isEqualTo(Ranking.ofTiers(4, List.of(List.of(3), List.of(1, 2), List.of(0))));
  }

  @Test
  void faultsComeAtTheirRatesAndAnotherAttemptIsAnotherDraw() {
    MockJudge judge =
        MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults()
                .withRefusalRate(0.2)
                .withMalformedRate(0.1)
                .withUsage(new Usage(1, 5, 0, 1)));
    Question question = Question.rank(Prompt.of("p"), Greys.images(0.1, 0.5), Greys.RUBRIC);
    int refused = 0;
    int malformed = 0;
    int both = 0;
    for (int sample = 0; sample < MANY; sample++) {
      Question drawn = question.withSample(sample);
      boolean refusal = judge.faultOf(drawn) == MockJudge.Fault.REFUSAL;
      refused += refusal ? 1 : 0;
      malformed += judge.faultOf(drawn) == MockJudge.Fault.MALFORMED ? 1 : 0;
      both += refusal && judge.faultOf(drawn.again("no")) == MockJudge.Fault.REFUSAL ? 1 : 0;
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
    MockJudge judge =
        MockJudge.of(
            Greys::score, MockJudge.Options.defaults().withTemperature(1).withSeed(Seed.of(5)));
    MockJudge again =
        MockJudge.of(
            Greys::score, MockJudge.Options.defaults().withTemperature(1).withSeed(Seed.of(5)));
    MockJudge other =
        MockJudge.of(
            Greys::score, MockJudge.Options.defaults().withTemperature(1).withSeed(Seed.of(6)));
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
    MockJudge judge =
        MockJudge.of(Greys::score)
            .withCriterion("dark", (image, prompt) -> -Greys.score(image, prompt));

    Verdict verdict = judge.ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.9), rubric));

    assertThat(verdict.byCriterion())
        .containsEntry("bright", Verdict.Answer.of(Ranking.of(1, 0)))
        .containsEntry("dark", Verdict.Answer.of(Ranking.of(0, 1)));
  }

  @Test
  void itSleepsWithTheSleeperThatItIsGiven() {
    List<Duration> slept = new ArrayList<>();
    MockJudge judge = MockJudge.of(Greys::score).withLatency(Duration.ofMillis(200), slept::add);

    judge.ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.9), Greys.RUBRIC));

    assertThat(slept).containsExactly(Duration.ofMillis(200));
  }

  @Test
  void badSettingsAreNamed() {
    MockJudge.Options options = MockJudge.Options.defaults();

    assertThatThrownBy(() -> options.withTemperature(-1)).hasMessageContaining("but was -1.0");
    assertThatThrownBy(() -> options.withRefusalRate(0.6).withMalformedRate(0.6))
        .hasMessageContaining("0.6 and 0.6");
    assertThatThrownBy(() -> MockJudge.of(Greys::score, options.withSoftAnswers(true)))
        .hasMessageContaining("temperature over 0");
  }

  @Test
  void aScoreThatIsNotANumberIsNamed() {
    MockJudge judge = MockJudge.of((image, prompt) -> Double.NaN);

    assertThatThrownBy(
            () -> judge.ask(Question.rank(Prompt.of("p"), Greys.images(0.1, 0.9), Greys.RUBRIC)))
        .hasMessageContaining("NaN for the image at position 0 of prompt 'p'");
  }

  private static double shareOfFirst(MockJudge judge, double first, double second) {
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

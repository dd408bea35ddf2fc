package org.tastemaker.feedback.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Aggregation;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;

class JudgeOracleTest {
  private static final MockJudge.Options FAULTLESS = MockJudge.Options.defaults();
  private static final Question.Scale TEN = new Question.Scale(0, 10);

  static List<Protocol> protocols() {
    return List.of(
        Protocol.listwise(1),
        Protocol.listwise(3),
        Protocol.best(4, 2),
        Protocol.pairsInRandomDirection(1),
        Protocol.pairsInRandomDirection(3),
        Protocol.pairsInBothOrders(1),
        Protocol.pairsInBothOrders(2),
        Protocol.activePairs(20),
        Protocol.pointwise(TEN, 2));
  }

  @ParameterizedTest
  @MethodSource("protocols")
  void everyProtocolFindsTheOrderOfAFaultlessJudge(Protocol protocol) {
    JudgeOracle oracle =
        JudgeOracle.builder(tenfold(FAULTLESS)).protocol(protocol).seed(Seed.of(11)).build();

    Judgement judgement = judge(oracle, 0.3, 0.9, 0.1, 0.7, 0.5);

    assertThat(judgement.ranking()).isEqualTo(Ranking.of(1, 3, 4, 0, 2));
    assertThat(judgement.isMissing()).isFalse();
    assertThat(judgement.provenance()).containsEntry("protocol", protocol.name());
  }

  @ParameterizedTest
  @MethodSource("protocols")
  void theOrderOfAGroupDoesNotDependOnWhatIsJudgedBesideIt(Protocol protocol) {
    MockJudge judge = tenfold(FAULTLESS.withTemperature(3).withRefusalRate(0.1));
    ImageGroup group = Greys.group("p", 0.3, 0.4, 0.5, 0.6);
    ImageGroup other = Greys.group("q", 0.1, 0.2, 0.9);
    JudgeOracle alone = JudgeOracle.builder(judge).protocol(protocol).build();
    JudgeOracle beside = JudgeOracle.builder(judge).protocol(protocol).concurrency(4).build();

    Judgement first = alone.rank(List.of(group), Greys.RUBRIC).get(0);
    Judgement second = beside.rank(List.of(other, group, other), Greys.RUBRIC).get(1);

    assertThat(second).isEqualTo(first);
  }

  @Test
  void asksAsManyQuestionsAsTheProtocolSays() {
    assertThat(askedBy(Protocol.listwise(3), 4)).isEqualTo(3);
    assertThat(askedBy(Protocol.best(1, 2), 4)).isEqualTo(2);
    assertThat(askedBy(Protocol.pairsInRandomDirection(2), 4)).isEqualTo(12);
    assertThat(askedBy(Protocol.pairsInBothOrders(1), 4)).isEqualTo(12);
    assertThat(askedBy(Protocol.activePairs(7), 4)).isEqualTo(7);
    assertThat(askedBy(Protocol.pointwise(TEN, 2), 4)).isEqualTo(8);
  }

  @Test
  void noQuestionIsAskedTwice() {
    for (Protocol protocol : protocols()) {
      List<String> ids = Collections.synchronizedList(new ArrayList<>());
      Judge judge = tenfold(FAULTLESS);
      judge(
          JudgeOracle.builder(
                  question -> {
                    ids.add(question.id());
                    return judge.ask(question);
                  })
              .protocol(protocol)
              .build(),
          0.1,
          0.2);

      assertThat(ids).as(protocol.name()).doesNotHaveDuplicates();
    }
  }

  @Test
  void repetitionsShowDifferentOrdersWhileThereAreNewOnes() {
    List<List<Integer>> shown = new ArrayList<>();
    Judge judge = tenfold(FAULTLESS);
    judge(
        JudgeOracle.builder(
                question -> {
                  shown.add(question.shown());
                  return judge.ask(question);
                })
            .protocol(Protocol.listwise(6))
            .build(),
        0.1,
        0.2,
        0.3);

    assertThat(shown).hasSize(6).doesNotHaveDuplicates();
  }

  @Test
  void theWholeBiasOfAJudgeIsUndoneByBothOrders() {
    // The bias is larger than any difference: the first shown always wins.
    MockJudge judge = MockJudge.of(Greys::score, MockJudge.Options.defaults().withPositionBias(5));
    JudgeOracle both = JudgeOracle.builder(judge).protocol(Protocol.pairsInBothOrders(1)).build();

    Judgement judgement = judge(both, 0.2, 0.8);

    assertThat(judgement.ranking()).isEqualTo(Ranking.ofTiers(2, List.of(List.of(0, 1))));
    PositionBias.Snapshot bias = both.positionBias();
    assertThat(bias.swappedPairs()).isEqualTo(1);
    assertThat(bias.consistentPairs()).isZero();
  }

  @Test
  void softAnswersInBothOrdersAreCalibrated() {
    // logits 1.2 and -0.4: d = 0.8, b = 0.4
    Judge judge =
        question -> {
          boolean brightFirst =
              question.images().get(0).get(0, 0, 0) > question.images().get(1).get(0, 0, 0);
          double logit = brightFirst ? 1.2 : -0.4;
          return new Verdict(
              Verdict.Answer.soft(1 / (1 + Math.exp(-logit))),
              Map.of(),
              "",
              Usage.NONE,
              "m",
              false);
        };
    JudgeOracle oracle = JudgeOracle.builder(judge).protocol(Protocol.pairsInBothOrders(1)).build();

    Judgement judgement = judge(oracle, 0.2, 0.8);

    Preference preference = JudgementFacts.preferences(judgement).get(0);
    // the published figure has 9 digits
    assertThat(1 - preference.probability()).isCloseTo(0.689974481, within(1e-9));
    assertThat(judgement.ranking()).isEqualTo(Ranking.of(1, 0));
    assertThat(oracle.positionBias().firstLogit().getAsDouble()).isCloseTo(0.4, within(1e-12));
  }

  @Test
  void reportsTheBiasOfAJudgeWithItsInterval() {
    MockJudge judge =
        MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults()
                .withTemperature(1)
                .withPositionBias(1)
                .withSeed(Seed.of(4)));
    JudgeOracle oracle =
        JudgeOracle.builder(judge).protocol(Protocol.pairsInRandomDirection(1)).build();
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      groups.add(Greys.group("p" + i, 0.4, 0.5));
    }
    oracle.rank(groups, Greys.RUBRIC);

    PositionBias.Share first = oracle.positionBias().shares(2).get(0);

    assertThat(first.decided()).isEqualTo(300);
    // between sigma(0.9) and sigma(1.1); the interval of 300 answers is about 0.05 to each side
    assertThat(first.low()).isLessThan(0.75);
    assertThat(first.high()).isGreaterThan(0.71);
    assertThat(first.excludes(0.5)).isTrue();
    assertThat(oracle.positionBias().shares(3)).isEmpty();
  }

  @Test
  void wilsonsIntervalIsThatOfTheBooks() {
    PositionBias.Share share = PositionBias.Share.of(8, 10);

    // 0.4902 to 0.9433 for 8 of 10
    assertThat(share.low()).isCloseTo(0.4902, within(5e-5));
    assertThat(share.high()).isCloseTo(0.9433, within(5e-5));
  }

  @Test
  void aPairAnsweredInOneOrderOnlyStaysOpen() {
    Judge judge =
        question -> {
          if (question.shown().equals(List.of(1, 0))) {
            throw new FeedbackException.Refused("no");
          }
          return tenfold(FAULTLESS).ask(question);
        };
    JudgeOracle oracle = JudgeOracle.builder(judge).protocol(Protocol.pairsInBothOrders(1)).build();

    assertThat(judge(oracle, 0.2, 0.8).missingReason())
        .isEqualTo("1 of 2 questions have no answer: the judge refused to answer: no");
    assertThat(judge(oracle, 0.2, 0.8, 0.5).ranking()).isEqualTo(Ranking.of(1, 2, 0));
  }

  @Test
  void anImageThatNoAnswerSpeaksOfIsMissingFromTheOrder() {
    Judge judge =
        question -> {
          int last = question.shown().indexOf(2);
          Ranking all = tenfold(FAULTLESS).ask(question).overall().order();
          return Verdict.of(
              Ranking.ofTiers(
                  question.size(),
                  all.tiers().stream().filter(tier -> !tier.contains(last)).toList()),
              Usage.NONE,
              "m");
        };

    Judgement judgement = judge(JudgeOracle.builder(judge).build(), 0.2, 0.8, 0.5, 0.6);

    assertThat(judgement.ranking().missing()).containsExactly(2);
    assertThat(judgement.ranking().tiers()).containsExactly(List.of(1), List.of(3), List.of(0));
  }

  @Test
  void aRefusedOrMalformedAnswerIsAskedForOnceMore() {
    AtomicInteger calls = new AtomicInteger();
    Judge judge =
        question -> {
          calls.incrementAndGet();
          if (question.attempt().number() == 0) {
            throw new FeedbackException.MalformedVerdict("x", "y", new Usage(1, 7, 0, 1));
          }
          assertThat(question.attempt().complaint()).isEqualTo("y");
          return Verdict.of(Ranking.of(0, 1), new Usage(1, 8, 0, 2), "m");
        };

    Judgement judgement =
        judge(JudgeOracle.builder(judge).protocol(Protocol.listwise(1)).build(), 0.1, 0.2);

    assertThat(calls).hasValue(2);
    assertThat(judgement.isMissing()).isFalse();
    assertThat(judgement.usage()).isEqualTo(new Usage(2, 15, 0, 3));
  }

  @Test
  void afterTheLastAttemptTheReasonIsRecorded() {
    AtomicInteger calls = new AtomicInteger();
    Judge judge =
        question -> {
          calls.incrementAndGet();
          throw new FeedbackException.Refused("too violent", new Usage(1, 7, 0, 1));
        };

    Judgement judgement =
        judge(JudgeOracle.builder(judge).protocol(Protocol.listwise(2)).build(), 0.1, 0.2);

    assertThat(calls).hasValue(4);
    assertThat(judgement.isMissing()).isTrue();
    assertThat(judgement.missingReason())
        .isEqualTo("2 of 2 questions have no answer: the judge refused to answer: too violent");
    assertThat(judgement.usage().requests()).isEqualTo(4);
    assertThat(judgement.provenance()).doesNotContainKey(JudgementFacts.OPEN);
  }

  @Test
  void aVerdictThatDoesNotFitCountsAsMalformed() {
    Judge judge = question -> Verdict.of(Ranking.of(0, 1), Usage.NONE, "m");

    assertThat(judge(JudgeOracle.builder(judge).build(), 0.1, 0.2, 0.3).missingReason())
        .contains("expected an order of 3 positions, but found 2 positions");
  }

  @Test
  void aTransientFailureLeavesTheJudgementOpenAndIsNotRepeatedAtOnce() {
    AtomicInteger calls = new AtomicInteger();
    Judge judge =
        question -> {
          calls.incrementAndGet();
          throw new FeedbackException.TransportFailed("connection reset", null, false);
        };

    Judgement judgement =
        judge(JudgeOracle.builder(judge).protocol(Protocol.listwise(2)).build(), 0.1, 0.2);

    assertThat(calls).hasValue(2);
    assertThat(JudgementFacts.openQuestions(judgement)).isEqualTo(2);
    assertThat(judgement.isMissing()).isTrue();
  }

  @Test
  void whatMakesFurtherQuestionsPointlessIsThrown() {
    Judge judge =
        question -> {
          throw new FeedbackException.QuotaExhausted("no credit");
        };
    JudgeOracle oracle = JudgeOracle.builder(judge).concurrency(3).build();

    assertThatThrownBy(() -> judge(oracle, 0.1, 0.2)).hasMessage("no credit");
  }

  @Test
  void aGroupOfOneImageIsMissingAndSaysWhatToDo() {
    Judgement judgement = judge(JudgeOracle.builder(neverAsked()).build(), 0.5);

    assertThat(judgement.missingReason())
        .contains("a single image has no order")
        .contains("pointwise");
    assertThat(judge(pointwise(), 0.5).scores()).containsExactly(OptionalDouble.of(5));
  }

  @Test
  void equalImagesTieWithoutACall() {
    Judgement judgement = judge(JudgeOracle.builder(neverAsked()).build(), 0.5, 0.5, 0.5);

    assertThat(judgement.ranking()).isEqualTo(Ranking.ofTiers(3, List.of(List.of(0, 1, 2))));
    assertThat(judgement.usage()).isEqualTo(Usage.NONE);
    assertThat(judgement.provenance()).containsEntry(JudgementFacts.IDENTICAL, "1=0;2=0");
  }

  @Test
  void repeatedImagesAreShownOnceAndShareAPlace() {
    List<Integer> sizes = new ArrayList<>();
    Judge judge =
        question -> {
          sizes.add(question.size());
          assertThat(question.hasIdenticalImages()).isFalse();
          return tenfold(FAULTLESS).ask(question);
        };

    Judgement judgement = judge(JudgeOracle.builder(judge).build(), 0.5, 0.9, 0.5, 0.1);

    assertThat(sizes).containsOnly(3);
    assertThat(judgement.ranking())
        .isEqualTo(Ranking.ofTiers(4, List.of(List.of(1), List.of(0, 2), List.of(3))));
    assertThat(judge(pointwise(), 0.5, 0.9, 0.5).scores())
        .containsExactly(OptionalDouble.of(5), OptionalDouble.of(9), OptionalDouble.of(5));
  }

  @Test
  void oneAnswerMayHaveAnOrderByEachCriterion() {
    JudgeOracle oracle =
        JudgeOracle.builder(
                tenfold(FAULTLESS)
                    .withCriterion("quality", (image, prompt) -> -Greys.score(image, prompt)))
            .protocol(Protocol.listwise(2))
            .build();

    Judgement judgement =
        oracle.rank(List.of(Greys.group(0.1, 0.5, 0.9)), Rubrics.allRound()).get(0);

    assertThat(judgement.byCriterion())
        .containsEntry("quality", Ranking.of(0, 1, 2))
        .containsEntry("consistency", Ranking.of(2, 1, 0))
        .containsEntry("harmlessness", Ranking.of(2, 1, 0));
    assertThat(judgement.ranking()).isEqualTo(Ranking.of(2, 1, 0));
  }

  @Test
  void oneCriterionACallAsksEachOnItsOwnAndPoolsThem() {
    List<String> rubrics = new ArrayList<>();
    Judge judge =
        tenfold(FAULTLESS).withCriterion("quality", (image, prompt) -> -Greys.score(image, prompt));
    JudgeOracle oracle =
        JudgeOracle.builder(
                question -> {
                  assertThat(question.rubric().criteria()).hasSize(1);
                  rubrics.add(question.rubric().name());
                  return judge.ask(question);
                })
            .protocol(Protocol.listwise(2).oneCriterionACall())
            .aggregation(Aggregation.borda())
            .build();

    Judgement judgement =
        oracle.rank(List.of(Greys.group(0.1, 0.5, 0.9)), Rubrics.allRound()).get(0);

    assertThat(rubrics)
        .containsExactlyInAnyOrder(
            "quality", "quality", "consistency", "consistency", "harmlessness", "harmlessness");
    assertThat(judgement.byCriterion())
        .containsEntry("quality", Ranking.of(0, 1, 2))
        .containsEntry("harmlessness", Ranking.of(2, 1, 0));
    assertThat(judgement.ranking()).isEqualTo(Ranking.of(2, 1, 0)); // two to one
  }

  @Test
  void pointwiseByCriterionKeepsOnlyImagesWithAllNumbersOverall() {
    Judge judge = tenfold(FAULTLESS);
    JudgeOracle oracle =
        JudgeOracle.builder(
                question -> {
                  if (question.rubric().name().equals("quality")
                      && question.shown().equals(List.of(0))) {
                    throw new FeedbackException.Refused("no");
                  }
                  return judge.ask(question);
                })
            .protocol(Protocol.pointwise(TEN, 1).oneCriterionACall())
            .build();

    Judgement judgement =
        oracle.rank(List.of(Greys.group(0.1, 0.5, 0.9)), Rubrics.allRound()).get(0);

    assertThat(judgement.scores())
        .containsExactly(OptionalDouble.empty(), OptionalDouble.of(5), OptionalDouble.of(9));
    assertThat(judgement.ranking().missing()).containsExactly(0);
    assertThat(judgement.byCriterion().get("harmlessness")).isEqualTo(Ranking.of(2, 1, 0));
  }

  @Test
  void rubricsAboutImagesAndAboutSetsAreNotMixed() {
    Rubric mixed =
        new Rubric(
            "mixed",
            "1",
            "",
            List.of(
                Rubrics.quality().criteria().get(0), Rubrics.freedomFromBias().criteria().get(0)));

    assertThatThrownBy(
            () ->
                JudgeOracle.builder(neverAsked())
                    .build()
                    .rank(List.of(Greys.group(0.1, 0.2)), mixed))
        .hasMessageContaining("freedom-from-bias (SET_OF_IMAGES)")
        .hasMessageContaining("ImageSets.asSheets");
  }

  @Test
  void setsAreComparedAsSheets() {
    List<Image> even = Greys.images(0.1, 0.9);
    List<Image> uneven = Greys.images(0.9, 0.9);
    ImageGroup sheets = new ImageSets(Prompt.of("a doctor"), List.of(uneven, even)).asSheets();
    // a judge that likes contrast
    MockJudge judge =
        MockJudge.of(
            (image, prompt) -> {
              float[] values = image.toFloats();
              float min = 1;
              for (float v : values) {
                min = Math.min(min, v);
              }
              return -min;
            });

    Judgement judgement =
        MockOracle.of(judge).rank(List.of(sheets), Rubrics.freedomFromBias()).get(0);

    assertThat(judgement.ranking()).isEqualTo(Ranking.of(1, 0));
    assertThatThrownBy(() -> new ImageSets(Prompt.of("p"), List.of(even, Greys.images(1, 0, 1))))
        .hasMessageContaining("sets of [2, 3]");
  }

  @Test
  void neverMoreQuestionsUnderWayThanAllowedAndAsManyWherePossible() throws Exception {
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch four = new CountDownLatch(4);
    Judge mock = tenfold(FAULTLESS);
    Judge judge =
        question -> {
          most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
          four.countDown();
          await(four); // goes on once four are here together
          underWay.decrementAndGet();
          return mock.ask(question);
        };
    ExecutorService executor = Executors.newFixedThreadPool(8);
    try {
      judge(
          JudgeOracle.builder(judge)
              .protocol(Protocol.pairsInBothOrders(1))
              .concurrency(4)
              .executor(executor)
              .build(),
          0.1,
          0.2,
          0.3,
          0.4,
          0.5);
    } finally {
      executor.shutdownNow();
    }

    assertThat(most).hasValue(4);
  }

  @Test
  void progressIsReportedInOrder() {
    List<RunEvent> events = new ArrayList<>();

    judge(
        JudgeOracle.builder(tenfold(FAULTLESS))
            .protocol(Protocol.pairsInBothOrders(1))
            .concurrency(3)
            .listener(events::add)
            .build(),
        0.1,
        0.2,
        0.3);

    assertThat(events)
        .containsExactly(
            new RunEvent.Progress("judging", 1, 6),
            new RunEvent.Progress("judging", 2, 6),
            new RunEvent.Progress("judging", 3, 6),
            new RunEvent.Progress("judging", 4, 6),
            new RunEvent.Progress("judging", 5, 6),
            new RunEvent.Progress("judging", 6, 6));
  }

  @Test
  void cancellingEndsTheWork() {
    Cancellation cancellation = new Cancellation();
    Judge mock = tenfold(FAULTLESS);
    AtomicInteger calls = new AtomicInteger();
    JudgeOracle oracle =
        JudgeOracle.builder(
                question -> {
                  if (calls.incrementAndGet() == 3) {
                    cancellation.cancel();
                  }
                  return mock.ask(question);
                })
            .protocol(Protocol.pairsInBothOrders(1))
            .cancellation(cancellation)
            .build();

    assertThatThrownBy(() -> judge(oracle, 0.1, 0.2, 0.3))
        .isInstanceOf(CancellationException.class);
    assertThat(calls).hasValue(3);
  }

  @Test
  void theSettingsNameWhatDecidesTheAnswers() {
    assertThat(
            JudgeOracle.builder(tenfold(FAULTLESS.withName("m")))
                .protocol(Protocol.best(2, 3).oneCriterionACall())
                .seed(Seed.of(9))
                .build()
                .settings()
                .values())
        .containsEntry("protocol", "best(2, 3) one criterion a call")
        .containsEntry("aggregation", "borda")
        .containsEntry("seed", "9")
        .containsEntry("maxAttempts", "2")
        .containsEntry("judge", "m");
  }

  @Test
  void comparisonsAreReadFromTheRecordOrFromTheRanking() {
    Judgement pairs =
        judge(
            JudgeOracle.builder(tenfold(FAULTLESS))
                .protocol(Protocol.pairsInRandomDirection(1))
                .build(),
            0.2,
            0.8);

    assertThat(JudgementFacts.preferences(pairs)).containsExactly(new Preference(0, 1, 0));
    assertThat(JudgementFacts.preferences(Judgement.of(Ranking.of(0, 1), "m")))
        .containsExactly(new Preference(0, 1, 1));
    assertThatThrownBy(
            () ->
                JudgementFacts.preferences(
                    pairs.withProvenance(Map.of(JudgementFacts.PREFERENCES, "0,1"))))
        .hasMessageContaining("'0,1'");
  }

  @Test
  void badSettingsAreNamed() {
    JudgeOracle.Builder builder = JudgeOracle.builder(neverAsked());

    assertThatThrownBy(() -> builder.maxAttempts(0)).hasMessageContaining("but was 0");
    assertThatThrownBy(() -> builder.concurrency(0)).hasMessageContaining("but was 0");
    assertThatThrownBy(() -> Protocol.listwise(0)).hasMessageContaining("repetitions");
    assertThatThrownBy(() -> Protocol.activePairs(-1)).hasMessageContaining("but was -1");
  }

  private static MockJudge tenfold(MockJudge.Options options) {
    return MockJudge.of((image, prompt) -> 10 * Greys.score(image, prompt), options);
  }

  private static JudgeOracle pointwise() {
    return JudgeOracle.builder(tenfold(FAULTLESS)).protocol(Protocol.pointwise(TEN, 1)).build();
  }

  private static Judge neverAsked() {
    return question -> {
      throw new AssertionError("asked " + question.kind());
    };
  }

  private static int askedBy(Protocol protocol, int images) {
    AtomicInteger calls = new AtomicInteger();
    Judge judge = tenfold(FAULTLESS);
    double[] brightness = new double[images];
    for (int i = 0; i < images; i++) {
      brightness[i] = 0.1 * i;
    }
    judge(
        JudgeOracle.builder(
                question -> {
                  calls.incrementAndGet();
                  return judge.ask(question);
                })
            .protocol(protocol)
            .build(),
        brightness);
    return calls.get();
  }

  private static Judgement judge(JudgeOracle oracle, double... brightness) {
    return oracle.rank(List.of(Greys.group(brightness)), Greys.RUBRIC).get(0);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

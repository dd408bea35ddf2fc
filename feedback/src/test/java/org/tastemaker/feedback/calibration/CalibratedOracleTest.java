package org.tastemaker.feedback.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.Protocol;

class CalibratedOracleTest {
  private static final Protocol ONE_ORDER = Protocol.pairsInRandomDirection(1);

  @TempDir Path folder;

  private static JudgeCalibration of(JudgeOracle oracle, Correction correction) {
    JudgeCalibration some = JudgeCalibrationTest.of(correction);
    return new JudgeCalibration(
        oracle.settings(),
        some.rubric(),
        some.rubricText(),
        some.data(),
        some.learnedAt(),
        some.prompts(),
        some.positionBias(),
        some.shareOfFirst(),
        some.slope(),
        some.tieMargin(),
        some.flips(),
        some.check(),
        correction,
        some.reason());
  }

  private static Judgement ask(JudgeOracle oracle, Correction correction, double... greys) {
    return CalibratedOracle.of(oracle, of(oracle, correction))
        .rank(List.of(Greys.group(greys)), Greys.RUBRIC)
        .get(0);
  }

  private static double firstIsBetter(Judgement judgement) {
    return JudgementFacts.preferences(judgement).get(0).probability();
  }

  /** The judge says sigma((0.5 - 0.4 + 0.15) / 0.1) or, shown the other way, ... - 0.15. */
  @Test
  void biasOfTheOrderThatWasShownIsTakenOutAndTheRestScaled() {
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0.15, true), ONE_ORDER);
    Judgement corrected = ask(oracle, new Correction(0.5, 1.5, 0), 0.5, 0.4);
    // float32 greys: 0.5 - 0.4 is known to 1e-7
    assertThat(firstIsBetter(corrected)).isCloseTo(1 / (1 + Math.exp(-0.5)), within(1e-6));
    assertThat(corrected.ranking()).isEqualTo(Ranking.of(0, 1));
  }

  @Test
  void orderThatTheBiasAloneMadeIsTurnedRound() {
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0.3, true), ONE_ORDER);
    int turned = 0;
    for (int i = 0; i < 10; i++) {
      ImageGroup group = Greys.group("p" + i, 0.5, 0.52);
      Judgement raw = oracle.rank(List.of(group), Greys.RUBRIC).get(0);
      Judgement corrected = CalibratedJudgements.correct(raw, of(oracle, new Correction(1, 3, 0)));
      assertThat(corrected.ranking()).isEqualTo(Ranking.of(1, 0));
      turned += raw.ranking().equals(corrected.ranking()) ? 0 : 1;
    }
    assertThat(turned).isPositive();
  }

  @Test
  void tiesAreWidenedInPairsAndOrders() {
    JudgeOracle oracle =
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1));
    // logits 0.2 between the first two, 3 to the third
    Judgement corrected = ask(oracle, new Correction(1, 0, 0.2), 0.5, 0.52, 0.8);
    assertThat(corrected.ranking())
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(2), List.of(0, 1))));
    assertThat(JudgementFacts.preferences(corrected).get(0).isTie()).isTrue();
    assertThat(ask(oracle, new Correction(1, 0, 0.05), 0.5, 0.52, 0.8).ranking())
        .isEqualTo(Ranking.of(2, 1, 0));
  }

  @Test
  void listwiseAnswersAreCorrectedPairByPair() {
    JudgeOracle oracle =
        SimulatedStudy.oracle(SimulatedStudy.judge(0, 0, false), Protocol.listwise(2));
    Judgement corrected = ask(oracle, new Correction(0.5, 0, 0), 0.5, 0.6, 0.8);
    assertThat(corrected.ranking()).isEqualTo(Ranking.of(2, 1, 0));
    // each answer is one vote, 3 of 4: its logit ln 3, halved
    assertThat(firstIsBetter(corrected)).isCloseTo(1 / (1 + Math.sqrt(3)), within(1e-12));
  }

  @Test
  void copiesOfAnImageStayBesideIt() {
    JudgeOracle oracle =
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1));
    assertThat(ask(oracle, new Correction(0.5, 0, 0), 0.5, 0.8, 0.5).ranking())
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(1), List.of(0, 2))));
  }

  @Test
  void correctionIsTakenBackExactly() {
    JudgeOracle oracle =
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0.15, true), Protocol.pairsInBothOrders(2));
    Judgement raw = oracle.rank(List.of(Greys.group(0.5, 0.52, 0.8)), Greys.RUBRIC).get(0);
    JudgeCalibration strong = of(oracle, new Correction(0.5, 1.5, 0.9));
    Judgement corrected = CalibratedJudgements.correct(raw, strong);
    assertThat(corrected).isNotEqualTo(raw);
    assertThat(CalibratedJudgements.raw(corrected)).isEqualTo(raw);
    assertThat(CalibratedJudgements.correct(corrected, strong)).isEqualTo(corrected);
  }

  @Test
  void calibrationThatHelpsNothingLeavesTheOrderAndSaysThatItWasThere() {
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), ONE_ORDER);
    Judgement same = ask(oracle, Correction.IDENTITY, 0.5, 0.4);
    Judgement raw = oracle.rank(List.of(Greys.group(0.5, 0.4)), Greys.RUBRIC).get(0);
    assertThat(same.provenance()).containsKey(JudgeCalibration.SETTING);
    assertThat(CalibratedJudgements.raw(same)).isEqualTo(raw);
    assertThat(same.ranking()).isEqualTo(raw.ranking());
  }

  @Test
  void missingJudgementStaysMissing() {
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), ONE_ORDER);
    assertThat(ask(oracle, new Correction(0.5, 0, 0), 0.5).isMissing()).isTrue();
  }

  @Test
  void anotherJudgeRubricOrASecondCalibrationIsRefusedBeforeAnythingIsAsked() {
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), ONE_ORDER);
    JudgeOracle both =
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1));
    JudgeCalibration calibration = of(oracle, new Correction(0.5, 0, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CalibratedOracle.of(both, calibration))
        .withMessageContaining("another judge, or of another way to ask it: protocol is");
    CalibratedOracle once = CalibratedOracle.of(oracle, calibration);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CalibratedOracle.of(once, calibration))
        .withMessageContaining("already");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> once.rank(List.of(), Rubric.of("colour", "1", "Redder.")))
        .withMessageContaining("rubric");
  }

  @Test
  void rawAndCalibratedJudgementsAreNeverInOneDataset() {
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), ONE_ORDER);
    Path dataset = folder.resolve("judged.jsonl");
    CalibratedOracle one = CalibratedOracle.of(oracle, of(oracle, new Correction(0.5, 0, 0)));
    CalibratedOracle other = CalibratedOracle.of(oracle, of(oracle, new Correction(0.6, 0, 0)));
    AnnotationJob.builder(dataset, one, Greys.RUBRIC).build().run(List.of(Greys.group(0.5, 0.4)));

    for (var wrong : List.of(oracle, other)) {
      AnnotationJob job = AnnotationJob.builder(dataset, wrong, Greys.RUBRIC).build();
      assertThatThrownBy(() -> job.run(List.of()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("another job")
          .hasMessageContaining("calibration is ");
    }
  }

  @Test
  void jobThatIsStoppedAndStartedAgainAsksNothingTwice() {
    AtomicInteger asked = new AtomicInteger();
    Judge judge = counting(SimulatedStudy.judge(0.1, 0.15, true), asked);
    JudgeOracle oracle = SimulatedStudy.oracle(judge, ONE_ORDER);
    CalibratedOracle calibrated =
        CalibratedOracle.of(oracle, of(oracle, new Correction(0.5, 1.5, 0.1)));
    Path dataset = folder.resolve("judged.jsonl");
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      groups.add(Greys.group("p" + i, 0.3 + 0.02 * i, 0.5));
    }
    AnnotationJob job = AnnotationJob.builder(dataset, calibrated, Greys.RUBRIC).build();
    assertThatThrownBy(() -> job.run(dyingAfter(4, groups))).hasMessage("killed");
    assertThat(asked).hasValue(4);

    JobReport report = job.run(groups);
    assertThat(asked).hasValue(10);
    assertThat(report.judged()).isEqualTo(6);
    assertThat(PreferenceDataset.readAll(dataset))
        .hasSize(10)
        .allMatch(g -> g.judgement().provenance().containsKey(JudgeCalibration.SETTING));
  }

  @Test
  void keptAnswersAreCorrectedAnewWithoutAsking() {
    AtomicInteger asked = new AtomicInteger();
    Judge judge = counting(SimulatedStudy.judge(0.1, 0.15, true), asked);
    JudgeOracle oracle = SimulatedStudy.oracle(judge, ONE_ORDER);
    Path raw = folder.resolve("raw.jsonl");
    Path corrected = folder.resolve("corrected.jsonl");
    JudgeCalibration strong = of(oracle, new Correction(0.5, 1.5, 0.1));
    List<ImageGroup> groups = List.of(Greys.group("a", 0.3, 0.5), Greys.group("b", 0.5, 0.45));
    AnnotationJob.builder(raw, oracle, Greys.RUBRIC).build().run(groups);
    AnnotationJob.builder(corrected, CalibratedOracle.of(oracle, strong), Greys.RUBRIC)
        .build()
        .run(groups);
    int before = asked.get();

    List<Judgement> anew = judgements(CalibratedDataset.readAll(raw, strong));
    assertThat(anew).isEqualTo(judgements(PreferenceDataset.readAll(corrected)));
    assertThat(judgements(CalibratedDataset.readAll(corrected, strong))).isEqualTo(anew);
    assertThat(judgements(CalibratedDataset.readRaw(corrected)))
        .isEqualTo(judgements(PreferenceDataset.readAll(raw)));
    assertThat(asked).hasValue(before);
    JudgeCalibration another = JudgeCalibrationTest.of(Correction.IDENTITY);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CalibratedDataset.readAll(raw, another))
        .withMessageContaining("another judge");
  }

  @Test
  void calibrationIsLearnedFromWhatTheJudgeSaidEvenIfTheDatasetIsCalibrated() {
    var votes = SimulatedStudy.votes(20, 3);
    JudgeOracle oracle = SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0.15, true), ONE_ORDER);
    Path raw = folder.resolve("raw.jsonl");
    Path corrected = folder.resolve("corrected.jsonl");
    SimulatedStudy.ask(raw, oracle, votes);
    AnnotationJob.builder(
            corrected,
            CalibratedOracle.of(oracle, of(oracle, new Correction(0.5, 1.5, 0.1))),
            Greys.RUBRIC)
        .build()
        .run(votes.stream().map(v -> v.images()).toList());
    CalibrationLearner learner = CalibrationLearner.usual();
    assertThat(learner.learn(votes, corrected, SimulatedStudy.THEN))
        .isEqualTo(learner.learn(votes, raw, SimulatedStudy.THEN));
  }

  private static List<Judgement> judgements(List<AnnotatedGroup> groups) {
    return groups.stream().map(AnnotatedGroup::judgement).toList();
  }

  private static Judge counting(Judge judge, AtomicInteger asked) {
    return new Judge() {
      @Override
      public Verdict ask(Question question) {
        asked.incrementAndGet();
        return judge.ask(question);
      }

      @Override
      public String name() {
        return judge.name();
      }
    };
  }

  private static Iterable<ImageGroup> dyingAfter(int n, List<ImageGroup> groups) {
    return () -> {
      Iterator<ImageGroup> all = groups.iterator();
      AtomicInteger drawn = new AtomicInteger();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return all.hasNext();
        }

        @Override
        public ImageGroup next() {
          if (drawn.getAndIncrement() == n) {
            throw new IllegalStateException("killed");
          }
          return all.next();
        }
      };
    };
  }
}

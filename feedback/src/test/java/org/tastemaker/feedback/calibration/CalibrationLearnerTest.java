package org.tastemaker.feedback.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.calibration.SlopeFit.Point;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.VotedGroup;

class CalibrationLearnerTest {
  private static final List<List<Point>> FEW =
      List.of(
          List.of(new Point(2, 0.8), new Point(-1, 0.4)),
          List.of(new Point(0.5, 0.6), new Point(3, 0.9)));

  @TempDir Path folder;

  private JudgeCalibration learn(Judge judge, Protocol protocol, List<VotedGroup> votes) {
    Path dataset = folder.resolve("judged.jsonl");
    SimulatedStudy.ask(dataset, SimulatedStudy.oracle(judge, protocol), votes);
    return CalibrationLearner.usual().learn(votes, dataset, SimulatedStudy.THEN);
  }

  /** By scipy's brentq on the derivative, and the sandwich written out in numpy. */
  @Test
  void slopeAndItsErrorAreThoseOfAnotherProgram() {
    SlopeFit fit = SlopeFit.of(FEW);
    assertThat(fit.slope()).isCloseTo(0.7984781473714113, within(1e-12));
    assertThat(fit.error()).isCloseTo(0.0635706730485535, within(1e-12));
    assertThat(SlopeFit.derivatives(FEW, fit.slope())[0])
        .isCloseTo(2.214849890973211, within(1e-12));
  }

  @Test
  void derivativesAreTheDifferencesOfTheLoss() {
    double h = 1e-5;
    double[] up = SlopeFit.derivatives(FEW, 0.6 + h);
    double[] at = SlopeFit.derivatives(FEW, 0.6);
    double[] down = SlopeFit.derivatives(FEW, 0.6 - h);
    assertThat(at[1]).isCloseTo((up[0] - down[0]) / (2 * h), within(1e-8));
    assertThat(at[2]).isCloseTo((up[1] - down[1]) / (2 * h), within(1e-8));
  }

  @Test
  void judgeThatContradictsPeopleKnowsNothing() {
    assertThat(SlopeFit.of(List.of(List.of(new Point(4, 0), new Point(4, 0.1)))).slope()).isZero();
  }

  /** Of intervals of 95 %, one in a hundred studies of 20 leaves the truth out 4 times or more. */
  @Test
  void intervalsHoldTheTemperatureAndThePositionBiasOfASoftJudge() {
    int slopes = 0;
    int biases = 0;
    for (int study = 0; study < 20; study++) {
      // logit = (difference + 0.15) / 0.1, people's is difference / 0.2
      List<VotedGroup> votes = SimulatedStudy.votes(Seed.of(100 + study), 120, 5);
      JudgeCalibration found =
          learn(SimulatedStudy.judge(0.1, 0.15, true), Protocol.pairsInRandomDirection(1), votes);
      slopes += found.slope().excludes(0.5) ? 0 : 1;
      biases += found.positionBias().excludes(1.5) ? 0 : 1;
      assertThat(found.slope().value()).isBetween(0.35, 0.75);
      assertThat(found.correction().positionBias()).isIn(0.0, found.positionBias().value());
    }
    assertThat(slopes).isGreaterThanOrEqualTo(17);
    assertThat(biases).isGreaterThanOrEqualTo(17);
  }

  @Test
  void heldOutPromptsHaveALowerLossAndCalibrationErrorAfterwards() {
    HeldOut check =
        learn(
                SimulatedStudy.judge(0.1, 0.15, true),
                Protocol.pairsInRandomDirection(1),
                SimulatedStudy.votes(400, 5))
            .check();

    assertThat(check.helps()).isTrue();
    assertThat(check.lossAfter()).isLessThan(check.lossBefore());
    assertThat(check.errorAfter()).isLessThan(check.errorBefore() / 2);
    assertThat(check.pairs()).isBetween(150L, 250L);
  }

  @Test
  void bothOrdersShowThePositionBiasExactly() {
    JudgeCalibration found =
        learn(
            SimulatedStudy.judge(0.2, 0.1, true),
            Protocol.pairsInBothOrders(1),
            SimulatedStudy.votes(40, 5));
    assertThat(found.positionBias().value()).isCloseTo(0.5, within(1e-6));
  }

  @Test
  void judgeLikePeopleIsLeftAsItIs() {
    JudgeCalibration found =
        learn(
            SimulatedStudy.judge(SimulatedStudy.PEOPLE, 0, true),
            Protocol.pairsInBothOrders(1),
            SimulatedStudy.votes(200, 5));
    assertThat(found.correction()).isEqualTo(Correction.IDENTITY);
    assertThat(found.reason()).contains("nothing is corrected", "held out");
    assertThat(found.slope().excludes(1)).isFalse();
  }

  @Test
  void tooFewPromptsCorrectNothing() {
    JudgeCalibration found =
        learn(
            SimulatedStudy.judge(0.1, 0.15, true),
            Protocol.pairsInBothOrders(1),
            SimulatedStudy.votes(1, 5));
    assertThat(found.correction().isIdentity()).isTrue();
    assertThat(found.reason()).contains("one half of the prompts has no pair");
    assertThat(found.words()).contains("slope", "nothing is corrected");
  }

  @Test
  void noiseOfAJudgeWithoutProbabilitiesIsFound() {
    JudgeCalibration found =
        learn(
            SimulatedStudy.judge(0.4, 0, false),
            Protocol.pairsInRandomDirection(1),
            SimulatedStudy.votes(400, 5));
    // an answer stands for 3 of 4; this judge is right little more often than a coin
    assertThat(found.slope().high()).isLessThan(1);
    assertThat(found.correction().slope()).isBetween(0.0, 0.7);
    assertThat(found.flips().value()).isBetween(0.25, 0.5);
    assertThat(found.weight()).isBetween(0.0, 0.9);
  }

  @Test
  void tieMarginIsWherePeopleStopToTellImagesApart() {
    List<VotedGroup> votes = SimulatedStudy.votesWithTies(400, 0.05);
    JudgeCalibration found =
        learn(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInRandomDirection(1), votes);
    double truth = Math.tanh(found.slope().value() * 0.05 / 0.1 / 2);
    assertThat(found.tieMargin().value()).isCloseTo(truth, within(0.02));
    assertThat(found.tieMargin().high()).isGreaterThanOrEqualTo(found.tieMargin().value());
    assertThat(found.check().tiesAfter()).isGreaterThan(found.check().tiesBefore() + 0.15);
    assertThat(found.correction().tieMargin()).isEqualTo(found.tieMargin().value());
  }

  @Test
  void sameStudyGivesTheSameCalibrationAndOtherVotesAnother() {
    List<VotedGroup> votes = SimulatedStudy.votes(20, 3);
    JudgeCalibration one =
        learn(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1), votes);
    Path dataset = folder.resolve("judged.jsonl");
    CalibrationLearner learner = CalibrationLearner.usual();
    assertThat(learner.learn(votes, dataset, SimulatedStudy.THEN)).isEqualTo(one);
    assertThat(learner.learn(SimulatedStudy.votes(20, 4), dataset, SimulatedStudy.THEN).data())
        .isNotEqualTo(one.data());
  }

  @Test
  void datasetAboutOtherGroupsIsRefused() {
    List<VotedGroup> votes = SimulatedStudy.votes(4, 3);
    Path dataset = folder.resolve("judged.jsonl");
    SimulatedStudy.ask(
        dataset,
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1)),
        votes);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                CalibrationLearner.usual()
                    .learn(SimulatedStudy.votesWithTies(4, 0), dataset, SimulatedStudy.THEN))
        .withMessageContaining("nothing about any of the groups");
  }
}

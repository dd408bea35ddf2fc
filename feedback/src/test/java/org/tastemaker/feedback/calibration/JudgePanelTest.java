package org.tastemaker.feedback.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.CrowdBradleyTerry;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;

class JudgePanelTest {
  private static final ImageGroup PAIR = Greys.group(0.5, 0.4);
  private static final Usage PAID = new Usage(1, 10, 0, 2);

  @TempDir Path folder;

  private static DescribedOracle says(double firstIsBetter) {
    return answering(
        () ->
            Judgement.of(Ranking.ofScores(firstIsBetter, 1 - firstIsBetter), "one")
                .withUsage(PAID)
                .withProvenance(Map.of("preferences", "0,1," + firstIsBetter)));
  }

  private static DescribedOracle answering(Supplier<Judgement> answer) {
    return new DescribedOracle() {
      @Override
      public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
        return groups.stream().map(group -> answer.get()).toList();
      }

      @Override
      public Settings settings() {
        return Settings.none().with("judge", "one").with("protocol", "pairs");
      }
    };
  }

  private static Judgement ask(JudgePanel panel) {
    return panel.rank(List.of(PAIR), Greys.RUBRIC).get(0);
  }

  @Test
  void probabilityIsTheMeanByWeightAndUsageIsTheSum() {
    JudgePanel panel =
        JudgePanel.builder().member("a", says(0.9), 3).member("b", says(0.1), 1).build();
    Judgement together = ask(panel);
    assertThat(JudgementFacts.preferences(together).get(0).probability())
        .isCloseTo((3 * 0.9 + 0.1) / 4, within(1e-12));
    assertThat(together.ranking()).isEqualTo(Ranking.of(0, 1));
    assertThat(together.usage()).isEqualTo(PAID.plus(PAID));
    assertThat(together.provenance())
        .containsEntry("panel.a.preferences", "0,1,0.9")
        .containsEntry("panel.b.preferences", "0,1,0.1");
    assertThat(panel.settings().values())
        .containsEntry("panel.a.weight", "3.0")
        .containsEntry("panel.b.judge", "one");
  }

  @Test
  void memberThatFailsIsMissingAndNoNumber() {
    DescribedOracle silent = answering(() -> Judgement.missing(2, "refused", "two", PAID));
    Judgement together =
        ask(JudgePanel.builder().member("a", says(0.8), 1).member("b", silent, 5).build());
    assertThat(JudgementFacts.preferences(together).get(0).probability()).isEqualTo(0.8);
    assertThat(together.provenance()).containsEntry("panel.missing", "b");
    assertThat(together.usage()).isEqualTo(PAID.plus(PAID));
  }

  @Test
  void panelOfWhichNobodyAnswersIsMissingWithAllReasons() {
    DescribedOracle refused =
        answering(
            () -> {
              throw new FeedbackException.Refused("no", PAID);
            });
    DescribedOracle silent = answering(() -> Judgement.missing(2, "off", "two", Usage.NONE));
    Judgement none =
        ask(JudgePanel.builder().member("a", refused, 1).member("b", silent, 1).build());
    assertThat(none.isMissing()).isTrue();
    assertThat(none.missingReason()).contains("a: ", "b: off");
    assertThat(MissingReason.kindsOf(none)).hasSize(2);
    assertThat(none.usage()).isEqualTo(PAID);
  }

  @Test
  void judgementIsOpenWhileAMemberMayAnswerLater() {
    DescribedOracle later =
        answering(
            () ->
                Judgement.missing(2, "later", "two", Usage.NONE)
                    .withProvenance(Map.of(JudgementFacts.OPEN, "2")));
    Judgement open =
        ask(JudgePanel.builder().member("a", says(0.8), 1).member("b", later, 1).build());
    assertThat(JudgementFacts.openQuestions(open)).isEqualTo(2);
  }

  @Test
  void failureThatStopsTheJobIsThrown() {
    FeedbackException spent = new FeedbackException.BudgetExhausted("budget spent");
    DescribedOracle broke =
        answering(
            () -> {
              throw spent;
            });
    JudgePanel panel = JudgePanel.builder().member("a", says(0.8), 1).member("b", broke, 1).build();
    assertThatExceptionOfType(FeedbackException.class).isThrownBy(() -> ask(panel)).isSameAs(spent);
  }

  @Test
  void memberWithoutWeightIsNotAsked() {
    DescribedOracle never =
        answering(
            () -> {
              throw new AssertionError("asked");
            });
    JudgePanel panel = JudgePanel.builder().member("a", says(0.8), 1).member("b", never, 0).build();
    assertThat(ask(panel).ranking()).isEqualTo(Ranking.of(0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JudgePanel.builder().member("b", never, 0).build())
        .withMessageContaining("a weight above 0");
  }

  @Test
  void peoplesVotesAreAMember() {
    VotedGroup votes =
        VotedGroup.ofPair(
            PAIR, List.of(Vote.of(Choice.SECOND), Vote.of(Choice.SECOND), Vote.of(Choice.TIE)));
    KeptOracle people = KeptOracle.ofVotes("people", List.of(votes));
    Judgement together =
        ask(JudgePanel.builder().member("a", says(0.9), 1).member("people", people, 2).build());
    assertThat(JudgementFacts.preferences(together).get(0).probability())
        .isCloseTo((0.9 + 2 * 0.5 / 3) / 3, within(1e-12));
    assertThat(people.rank(List.of(Greys.group(0.1, 0.2)), Greys.RUBRIC).get(0).missingReason())
        .contains("people was not asked about this group");
  }

  @Test
  void keptJudgementsOfADatasetAreAMemberByTheirRubricAlone() {
    var votes = SimulatedStudy.votes(3, 1);
    Path dataset = folder.resolve("judged.jsonl");
    SimulatedStudy.ask(
        dataset,
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1)),
        votes);
    KeptOracle kept = KeptOracle.ofDataset("judge", dataset);
    Judgement one = kept.rank(List.of(votes.get(1).images()), Greys.RUBRIC).get(0);
    assertThat(one.isMissing()).isFalse();
    assertThat(one.usage()).isEqualTo(Usage.NONE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kept.rank(List.of(), Rubric.of("colour", "1", "Redder.")))
        .withMessageContaining("rubric brightness");
  }

  @Test
  void calibrationBringsItsCorrectionAndItsWeight() {
    JudgeCalibration some = JudgeCalibrationTest.of(new Correction(0.5, 0, 0));
    JudgeCalibration calibration =
        new JudgeCalibration(
            says(0.9).settings(),
            some.rubric(),
            some.rubricText(),
            some.data(),
            some.learnedAt(),
            some.prompts(),
            some.positionBias(),
            some.shareOfFirst(),
            some.slope(),
            some.tieMargin(),
            new Estimate(0.25, 0.2, 0.3, 100),
            some.check(),
            some.correction(),
            some.reason());
    JudgePanel panel = JudgePanel.builder().member("a", says(0.9), calibration).build();
    assertThat(JudgementFacts.preferences(ask(panel)).get(0).probability())
        .isCloseTo(0.75, within(1e-12)); // odds 9, and their root
    assertThat(panel.settings().values())
        .containsEntry("panel.a.weight", Double.toString(Math.log(75.5 / 25.5)))
        .containsEntry("panel.a.calibration", calibration.id());
  }

  @Test
  void qualitiesOfPeopleAndJudgesAreLearnedTogether() {
    var votes = SimulatedStudy.votes(150, 3);
    Path good = folder.resolve("good.jsonl");
    Path bad = folder.resolve("bad.jsonl");
    SimulatedStudy.ask(
        good,
        SimulatedStudy.oracle(SimulatedStudy.judge(0.1, 0, true), Protocol.pairsInBothOrders(1)),
        votes);
    SimulatedStudy.ask(
        bad,
        SimulatedStudy.oracle(
            SimulatedStudy.judge(5, 0, false), Protocol.pairsInRandomDirection(1)),
        votes);
    CrowdBradleyTerry.Options options = new CrowdBradleyTerry.Options(0.1, 4, 2, 1e-6, 5000);
    RaterQuality found = RaterQuality.fit(votes, Map.of("good", good, "bad", bad), options);

    assertThat(found.converged()).isTrue();
    assertThat(found.raters()).containsOnlyKeys("good", "bad", "v0", "v1", "v2");
    assertThat(Objects.requireNonNull(found.raters().get("good")).weight())
        .isGreaterThan(Objects.requireNonNull(found.raters().get("bad")).weight() + 0.2);
    int right = 0;
    for (VotedGroup group : votes) {
      List<Double> scores = Objects.requireNonNull(found.scores().get(group.id()));
      double truth =
          Greys.score(group.images().images().get(0), group.images().prompt())
              - Greys.score(group.images().images().get(1), group.images().prompt());
      right += (scores.get(0) - scores.get(1)) * truth > 0 ? 1 : 0;
    }
    assertThat(right).isGreaterThan(110); // of 150; a coin has 75 +- 6
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RaterQuality.fit(votes, Map.of("v0", good), options))
        .withMessageContaining("same name");
  }
}

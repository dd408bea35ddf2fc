package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.IntPredicate;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.optim.guard.GuardOptions;
import org.tastemaker.optim.guard.HackingOptions;
import org.tastemaker.optim.guard.HackingOptions.Action;
import org.tastemaker.reward.ranking.WinRateReward;

/** Each guard in a run in which it has something to say, and in one in which it has not. */
class GuardedRunTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Rubric RUBRIC = Rubric.of("light", "1", "The lighter image is better.");
  private static final List<Prompt> PROMPTS = List.of(Prompt.of("a"), Prompt.of("b"));
  private static final RewardModel DARK = TintedImages.reward(TintedImages::darkness);
  private static final RewardModel WARM = TintedImages.reward(TintedImages::warmth);

  private final List<RunEvent> events = new ArrayList<>();

  private AlignmentRun run(RewardModel reward) {
    TintedImages images = new TintedImages();
    return AlignmentRun.of(PromptSource.all(PROMPTS, 8), images, reward, images, Seed.of(1))
        .listener(events::add)
        .timedBy(() -> 0);
  }

  private static Evaluation evaluation() {
    return Evaluation.every(1, List.of(PROMPTS.get(0), PROMPTS.get(0), PROMPTS.get(1)), Seed.of(7));
  }

  private static GuardOptions hacking(Action action) {
    return GuardOptions.defaults().withHacking(HackingOptions.defaults().withAction(action));
  }

  private static RunFolder folder(Path path) {
    return RunFolder.exists(path)
        ? RunFolder.open(path, CLOCK)
        : RunFolder.create(path, Map.of("name", "test"), Provenance.capture(CLOCK), CLOCK);
  }

  private List<String> notices() {
    return events.stream()
        .filter(RunEvent.Notice.class::isInstance)
        .map(event -> ((RunEvent.Notice) event).message())
        .toList();
  }

  private double[] metric(String name) {
    return events.stream()
        .filter(RunEvent.Metrics.class::isInstance)
        .map(event -> ((RunEvent.Metrics) event).values().get(name))
        .filter(java.util.Objects::nonNull)
        .mapToDouble(value -> value)
        .toArray();
  }

  // ---- Images that run away

  @Test
  void aRewardThatPaysForDarkPixelsIsStoppedWithTheReason() {
    RunResult result =
        run(DARK)
            .evaluated(evaluation())
            .guarded(hacking(Action.STOP))
            .run(AlignmentRun.Options.rounds(40));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.REWARD_HACKING);
    assertThat(result.rounds()).isLessThan(40);
    assertThat(result.message())
        .containsPattern("(dark pixels rose|brightness fell) from 0\\.\\S+ to 0\\.\\S+")
        .containsPattern("while the reward rose from -0\\.\\S+ to -0\\.\\S+,")
        .contains("between the first evaluation and the one after round " + result.rounds() + ": ")
        .contains("Look at the images");
    assertThat(notices()).contains(result.message());
  }

  @Test
  void aRewardThatRisesHonestlyIsNotStopped() {
    RunResult result =
        run(WARM)
            .evaluated(evaluation())
            .guarded(hacking(Action.STOP))
            .run(AlignmentRun.Options.rounds(20));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
    double[] reward = metric("evaluation.rewardMean");
    assertThat(reward[20]).as("it does rise").isGreaterThan(reward[0] + 0.05);
    assertThat(notices()).isEmpty();
  }

  @Test
  void darkPixelsAreSaidOnceAndGoOnUnlessTheRunIsToStop() {
    RunResult result = run(DARK).evaluated(evaluation()).run(AlignmentRun.Options.rounds(25));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
    assertThat(notices().stream().filter(words -> words.contains("dark pixels rose"))).hasSize(1);
    double[] dark = metric("evaluation.darkPixels");
    assertThat(dark).hasSize(26);
    assertThat(dark[0]).isZero();
    assertThat(dark[25]).isGreaterThan(0.9);
    assertThat(metric("darkPixels")).hasSize(25);
  }

  @Test
  void aMonitorThatOnlyMeasuresSaysNothing() {
    RunResult unused =
        run(DARK)
            .evaluated(evaluation())
            .guarded(hacking(Action.MEASURE))
            .run(AlignmentRun.Options.rounds(25));
    assertThat(notices()).noneMatch(words -> words.contains("a way around the reward"));
    double[] brightness = metric("evaluation.brightness");
    assertThat(brightness[25]).isLessThan(0.1 * brightness[0]);
  }

  @Test
  void withoutEvaluationsTheRoundsAreCompared() {
    RunResult result = run(DARK).guarded(hacking(Action.STOP)).run(AlignmentRun.Options.rounds(40));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.REWARD_HACKING);
    assertThat(result.rounds()).as("two times five rounds are compared").isBetween(10L, 39L);
    assertThat(result.message()).contains("between the first 5 rounds and the latest 5, up to");
  }

  @Test
  void aRelativeRewardIsNotAskedWhetherItRises() {
    FeedbackOracle darker =
        (groups, rubric) ->
            groups.stream()
                .map(
                    group ->
                        Judgement.ofScores(
                            group.images().stream()
                                .map(image -> OptionalDouble.of(TintedImages.darkness(image)))
                                .toList(),
                            "test"))
                .toList();
    RunResult result =
        run(WinRateReward.overall())
            .judgedBy(darker, RUBRIC)
            .evaluated(evaluation().withReward(WARM))
            .guarded(hacking(Action.STOP))
            .run(AlignmentRun.Options.rounds(40));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.REWARD_HACKING);
    assertThat(result.message())
        .contains("while the reward only compares images with each other, and so cannot show it");
    assertThat(notices())
        .as("every round's mean is 0.5, and nothing is wrong with that")
        .noneMatch(words -> words.contains("no image is better"));
  }

  @Test
  void aHeldOutScoreThatFallsWhileTheRewardRisesIsSaid() {
    RewardModel light = TintedImages.reward(image -> -TintedImages.darkness(image));
    HackingOptions blind = HackingOptions.defaults().withMaxShareRise(1).withMaxFactor(1e9);
    RunResult unused =
        run(DARK)
            .guarded(GuardOptions.defaults().withHacking(blind).withHeldOut(light))
            .run(AlignmentRun.Options.rounds(20));
    assertThat(notices()).anyMatch(words -> words.startsWith("the held-out score fell from 0."));
    assertThat(metric("heldOutScore")).hasSize(20);
    // The opposite order, of 8 images: 2 (7 + 5 + 3 + 1) / 7 / 8.
    assertThat(metric("rankGap")[0]).isEqualTo(4.0 / 7);
  }

  @Test
  void anEvaluationByAnotherRewardIsAHeldOutScore() {
    RunResult unused =
        run(DARK).evaluated(evaluation().withReward(WARM)).run(AlignmentRun.Options.rounds(2));
    assertThat(metric("evaluation.heldOutScore")).isEqualTo(metric("evaluation.rewardMean"));
    assertThat(metric("evaluation.rankGap")).as("the reward itself is not asked").isEmpty();
  }

  @Test
  void aHeldOutRewardThatOnlyComparesIsAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GuardOptions.defaults().withHeldOut(WinRateReward.overall()))
        .withMessageContaining("give a score of single images");
  }

  @Test
  void aStoppedRunStopsAgainUntilTheBoundIsRaised(@TempDir Path path) {
    AlignmentRun.Options options = AlignmentRun.Options.rounds(30).withCheckpointEvery(4);
    RunResult first;
    try (RunFolder folder = folder(path)) {
      first =
          run(DARK).evaluated(evaluation()).guarded(hacking(Action.STOP)).in(folder).run(options);
    }
    assertThat(first.reason()).isEqualTo(RunResult.Reason.REWARD_HACKING);
    events.clear();
    try (RunFolder folder = folder(path)) {
      assertThat(
              run(DARK)
                  .evaluated(evaluation())
                  .guarded(hacking(Action.STOP))
                  .in(folder)
                  .run(options))
          .isEqualTo(first);
      assertThat(events).as("nothing is done or said again").isEmpty();
      assertThat(run(DARK).evaluated(evaluation()).in(folder).run(options).rounds()).isEqualTo(30);
    }
  }

  @Test
  void aRunThatIsKilledAndResumedIsStoppedAtTheSameRoundForTheSameReason(@TempDir Path path) {
    RunResult whole = run(DARK).guarded(hacking(Action.STOP)).run(AlignmentRun.Options.rounds(40));
    int[] scored = {0};
    RewardModel dies =
        (rollout, judgements) -> {
          if (++scored[0] == 8) {
            throw new IllegalStateException("killed");
          }
          return DARK.score(rollout, judgements);
        };
    AlignmentRun.Options options = AlignmentRun.Options.rounds(40).withCheckpointEvery(3);
    for (boolean alive : new boolean[] {false, true}) {
      try (RunFolder folder = folder(path)) {
        AlignmentRun run = run(dies).guarded(hacking(Action.STOP)).in(folder);
        if (alive) {
          assertThat(run.run(options)).isEqualTo(whole);
        } else {
          assertThatThrownBy(() -> run.run(options)).hasMessage("killed");
        }
      }
    }
  }

  // ---- A constant judge or reward

  /** A judge by scores of its own: of the image's place in its group, in a round. */
  private static FeedbackOracle scoring(LongFunction<IntPredicate> good) {
    long[] round = {0};
    return (groups, rubric) -> {
      IntPredicate isGood = good.apply(++round[0]);
      return groups.stream()
          .map(
              group ->
                  Judgement.ofScores(
                      IntStream.range(0, group.images().size())
                          .mapToObj(i -> OptionalDouble.of(isGood.test(i) ? 4 : 3))
                          .toList(),
                      "gpt-x"))
          .toList();
    };
  }

  @Test
  void aJudgeThatTiesEverythingIsNamedAtOnceAndEndsTheRunByOption() {
    RunResult result =
        run(WinRateReward.overall())
            .judgedBy(scoring(round -> image -> round < 3 && image == 0), RUBRIC)
            .guarded(GuardOptions.defaults().withMaxConstantRounds(4))
            .run(AlignmentRun.Options.rounds(20));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.CONSTANT_REWARD);
    assertThat(result.rounds()).isEqualTo(6);
    assertThat(result.message())
        .startsWith(
            "the judge \"gpt-x\" tied all images of each of 2 groups, with the score 3.0 for every"
                + " one, in round 6, for 4 rounds in a row, and the run may have 4: no image is"
                + " better than another");
    assertThat(notices())
        .hasSize(3) // after 1, 2 and 4 rounds
        .first()
        .asString()
        .contains("in round 3, for the first time: no image is better");
    assertThat(metric("constantRounds")).containsExactly(0, 0, 1, 2, 3, 4);
    assertThat(metric("constantGroups")).containsExactly(0, 0, 1, 1, 1, 1);
  }

  @Test
  void aRewardThatIsTheSameForAllImagesIsNamed() {
    RunResult result = run(new Constant()).run(AlignmentRun.Options.rounds(3));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
    assertThat(notices())
        .first()
        .asString()
        .startsWith("the reward Constant was 0.5 for all 16 images in round 1, for the first time");
  }

  private static final class Constant implements RewardModel {
    @Override
    public Rewards score(Rollout rollout, List<Judgement> judgements) {
      return Rewards.of(IntStream.range(0, rollout.size()).mapToDouble(i -> 0.5).toArray());
    }
  }

  @Test
  void aJudgeThatTiesOneGroupOnlyIsNot() {
    RunResult result =
        run(WinRateReward.overall())
            .judgedBy(
                (groups, rubric) -> {
                  List<Judgement> all =
                      new ArrayList<>(scoring(round -> image -> image == 0).rank(groups, rubric));
                  all.set(1, scoring(round -> image -> false).rank(groups, rubric).get(1));
                  return all;
                },
                RUBRIC)
            .guarded(GuardOptions.defaults().withMaxConstantRounds(1))
            .run(AlignmentRun.Options.rounds(3));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
    assertThat(notices()).isEmpty();
    assertThat(metric("constantGroups")).containsOnly(0.5);
  }

  // ---- Missing rewards

  /** Darkness, for the images that a round has rewards for. */
  private static RewardModel missing(LongFunction<IntPredicate> isMissing) {
    long[] round = {0};
    return (rollout, judgements) -> {
      IntPredicate gone = isMissing.apply(++round[0]);
      Rewards all = WARM.score(rollout, judgements);
      return new Rewards(
          IntStream.range(0, all.size())
              .mapToObj(i -> gone.test(i) ? OptionalDouble.empty() : all.get(i))
              .toList());
    };
  }

  /** Learns nothing. */
  private static PolicyOptimizer still(Map<String, Double> metrics) {
    return new PolicyOptimizer() {
      private long steps;

      @Override
      public StepReport step(Rollout rollout, Rewards rewards) {
        return StepReport.of(++steps, metrics);
      }

      @Override
      public void save(Path folder) {}

      @Override
      public List<String> restore(Path folder) {
        return List.of();
      }
    };
  }

  private AlignmentRun still(RewardModel reward, Map<String, Double> metrics) {
    return AlignmentRun.of(
            PromptSource.all(PROMPTS, 8), new TintedImages(), reward, still(metrics), Seed.of(1))
        .listener(events::add)
        .timedBy(() -> 0);
  }

  @Test
  void tooManyMissingRewardsEndTheRunWithTheShareTheLimitAndTheWayOut() {
    RunResult result =
        still(missing(round -> image -> round > 2 && image % 4 != 0), Map.of())
            .run(AlignmentRun.Options.rounds(20));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.MISSING_REWARDS);
    assertThat(result.rounds()).as("4 of 5 rounds at 75 % are above 50 %").isEqualTo(6);
    assertThat(result.message())
        .isEqualTo(
            "the reward of GuardedRunTest left 60 % of the images of the 5 rounds up to round 6"
                + " without a reward, above maxMissingShare, 50 %: mend that and resume the run, with the judge's"
                + " retrying() if it has a cache, which repeats refusals otherwise; or raise"
                + " maxMissingShare, if so many are meant to be missing");
    assertThat(notices())
        .singleElement()
        .asString()
        .startsWith(
            "the reward of GuardedRunTest left 75 % of the images of round 3 without a reward");
  }

  @Test
  void aJudgeWhoseAnswersAreMissingIsNamedWithItsReasons() {
    FeedbackOracle refusing =
        (groups, rubric) -> {
          List<Judgement> all =
              new ArrayList<>(scoring(round -> image -> image == 0).rank(groups, rubric));
          all.set(1, Judgement.missing(8, "too dark to see", "gpt-x", Usage.NONE));
          return all;
        };
    RunResult result =
        still(WinRateReward.overall(), Map.of())
            .judgedBy(refusing, RUBRIC)
            .guarded(GuardOptions.defaults().withMaxMissingShare(0.4).withMissingWindow(2))
            .run(AlignmentRun.Options.rounds(20));
    assertThat(result.rounds()).isEqualTo(2);
    assertThat(result.message())
        .startsWith("the judge \"gpt-x\" left 50 % of the images of the 2 rounds")
        .contains("(1 because: too dark to see)");
  }

  @Test
  void oneBadRoundDoesNotEndARun() {
    RunResult result =
        still(missing(round -> image -> round == 4 && image > 0), Map.of())
            .run(AlignmentRun.Options.rounds(12));
    assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
    assertThat(Arrays.stream(metric("missingShare")).max()).hasValue(15.0 / 64);
  }

  // ---- A gradient below Adam's epsilon

  @Test
  void aGradientBelowAdamsEpsilonIsSaidOnceWithTheNumbersAndTheRemedy() {
    Map<String, Double> small =
        Map.of(
            "gradientRms",
            5e-9,
            "adamEpsilon",
            1e-8,
            "gradientNorm",
            2e-6,
            "trainedNumbers",
            160000.0);
    RunResult unused = still(WARM, small).run(AlignmentRun.Options.rounds(3));
    assertThat(notices())
        .singleElement()
        .asString()
        .startsWith(
            "the gradient's root mean square was 5.0e-09 in round 1 (a norm of 2.0e-06 before"
                + " clipping, over 160000 trained numbers), below Adam's epsilon of 1.0e-08")
        .contains("withEpsilon(1e-15)");
  }

  @Test
  void aGradientAboveItIsNotAndNeitherIsOneThatIsNotThere() {
    RunResult unused =
        still(WARM, Map.of("gradientRms", 5e-8, "adamEpsilon", 1e-8))
            .run(AlignmentRun.Options.rounds(2));
    unused =
        still(WARM, Map.of("gradientRms", 0.0, "adamEpsilon", 1e-8))
            .run(AlignmentRun.Options.rounds(2));
    assertThat(notices()).isEmpty();
  }
}

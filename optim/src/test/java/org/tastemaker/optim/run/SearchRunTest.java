package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.guard.GuardOptions;
import org.tastemaker.optim.guard.HackingOptions.Action;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.zo.ParameterProblem;
import org.tastemaker.optim.zo.RankingProblem;
import org.tastemaker.optim.zo.SearchSpace;
import org.tastemaker.optim.zo.ZoRankSgd;

/** A search with a real model and a folder, killed and resumed in new objects. */
class SearchRunTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final ZoRankSgd.Options OPTIONS =
      ZoRankSgd.Options.forGains().withBest(3).withProbes(3);
  private static final RewardModel BRIGHTNESS =
      (rollout, judgements) ->
          Rewards.of(rollout.images().stream().mapToDouble(SearchRunTest::brightness).toArray());

  private final List<RunEvent> events = new ArrayList<>();
  private SearchRun.Options length = SearchRun.Options.rounds(3).withKeepCheckpoints(9);
  private ZoRankSgd.Options options = OPTIONS;
  private int prompts = 2;

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  private GuardOptions guards = GuardOptions.defaults();

  /** Searches until the end, or until the judge is asked once too often. */
  private RunResult run(Path path, int questions, Cancellation cancellation) {
    int[] asked = {0};
    FeedbackOracle judge =
        (groups, rubric) -> {
          if (++asked[0] > questions) {
            throw new IllegalStateException("killed");
          }
          return groups.stream()
              .map(
                  group ->
                      Judgement.ofScores(
                          group.images().stream()
                              .map(image -> OptionalDouble.of(brightness(image)))
                              .toList(),
                          "test"))
              .toList();
        };
    boolean resumes = RunFolder.exists(path);
    try (RunFolder folder =
            resumes
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK);
        LatentDiffusion model = TinyModel.create(Seed.of(1));
        // What resumes from a checkpoint has its numbers from there.
        Lora lora = TinyModel.lora(model, Seed.of(folder.latestCheckpoint().isPresent() ? 77 : 2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      ParameterProblem problem =
          new ParameterProblem(
              policy.sampler(),
              SearchSpace.of(lora.parameters()),
              TinyModel.prompts(prompts),
              Seed.of(3),
              judge,
              RUBRIC);
      ZoRankSgd search = new ZoRankSgd(problem, problem.start(), options, Seed.of(4));
      return SearchRun.of(problem, search)
          .evaluated(
              Evaluation.every(2, TinyModel.prompts(2), Seed.of(5))
                  .withSampler(policy.sampler())
                  .withReward(BRIGHTNESS)
                  .withKlOf(policy, 4))
          .guarded(guards)
          .in(folder)
          .listener(events::add)
          .cancellation(cancellation)
          .timedBy(() -> 0)
          .run(length);
    }
  }

  private RunResult run(Path path, int questions) {
    return run(path, questions, new Cancellation());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aSearchThatIsKilledAndResumedEndsWithTheSameBits(int answered, @TempDir Path path) {
    assertThat(run(path.resolve("whole"), 100).message()).isEqualTo("all 3 rounds are done");
    assertThatThrownBy(() -> run(path.resolve("killed"), answered)).hasMessage("killed");
    run(path.resolve("killed"), 100);

    Checkpoints.assertSame(path.resolve("whole/checkpoints"), path.resolve("killed/checkpoints"));
    assertThat(path.resolve("killed/metrics.jsonl"))
        .hasSameBinaryContentAs(path.resolve("whole/metrics.jsonl"));
  }

  @Test
  void aGuardLooksAtItsEvaluations(@TempDir Path path) {
    run(path.resolve("free"), 100);
    assertThat(events)
        .filteredOn(RunEvent.Metrics.class::isInstance)
        .anySatisfy(
            event ->
                assertThat(((RunEvent.Metrics) event).values())
                    .containsKeys("evaluation.rewardMean", "evaluation.edgeDensity"))
        .noneSatisfy(
            event -> assertThat(((RunEvent.Metrics) event).values()).containsKey("rankGap"));
    // A bound that every change is beyond.
    guards =
        guards.withHacking(
            guards.hacking().withAction(Action.STOP).withMinScoreRise(0).withMaxFactor(1 + 1e-9));
    RunResult result = run(path.resolve("guarded"), 100);
    assertThat(result.reason()).isEqualTo(RunResult.Reason.REWARD_HACKING);
    assertThat(result.rounds()).isEqualTo(2); // the first evaluation after the beginning
  }

  @Test
  void itsRoundsAndEvaluationsAreInTheFolder(@TempDir Path path) {
    run(path, 100);

    List<RunEvent.Metrics> metrics = RunFolder.metricsOf(path);
    assertThat(metrics.stream().filter(m -> m.values().containsKey("moved")))
        .extracting(RunEvent.Metrics::step)
        .containsExactly(1L, 2L, 3L);
    // Before, after the second round, and at the end.
    assertThat(metrics.stream().filter(m -> m.values().containsKey("evaluation.rewardMean")))
        .extracting(RunEvent.Metrics::step)
        .containsExactly(0L, 2L, 3L);
    assertThat(metrics.get(0).values().get("klToReference")).isLessThan(1e-6);
    assertThat(metrics.get(metrics.size() - 1).values().get("klToReference")).isGreaterThan(1e-6);
    assertThat(path.resolve("images/000003-evaluation.png")).exists();
    assertThat(events)
        .contains(new RunEvent.Progress("searching", 3, 3))
        .hasAtLeastOneElementOfType(RunEvent.CheckpointSaved.class);
  }

  @Test
  void aKlAboveItsBoundEndsTheSearch(@TempDir Path path) {
    length = length.withMaxKlToReference(1e-5);
    RunResult result = run(path, 100);
    assertThat(result.reason()).isEqualTo(RunResult.Reason.KL);
    assertThat(result.rounds()).isEqualTo(2);
    assertThat(run(path, 0)).isEqualTo(result); // and it stays at its end
  }

  @Test
  void aKlThatIsFarTooHighIsSaidOnce(@TempDir Path path) {
    length = length.withWarnKlPerElement(1e-9);
    run(path, 100);
    assertThat(events.stream().filter(RunEvent.Notice.class::isInstance)).hasSize(1);
  }

  @Test
  void aSearchThatIsCancelledIsResumed(@TempDir Path path) {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThatThrownBy(() -> run(path, 100, cancellation))
        .isInstanceOf(CancellationException.class)
        .hasMessage("cancelled at round 1 of 3");
    assertThat(run(path, 100).rounds()).isEqualTo(3);
  }

  @Test
  void aSearchThatDivergesIsResumedWithASmallerStep(@TempDir Path path) {
    length = SearchRun.Options.rounds(1);
    run(path, 100);
    length = SearchRun.Options.rounds(3);
    options = OPTIONS.withStepSize(1e39);
    RunResult diverged = run(path, 100);
    assertThat(diverged.reason()).isEqualTo(RunResult.Reason.DIVERGED);
    assertThat(diverged.message()).contains("resume with a lower stepSize");
    options = OPTIONS.withStepSize(0.1);
    assertThat(run(path, 100).rounds()).isEqualTo(3);
    assertThat(events)
        .contains(
            new RunEvent.Notice(
                1, "resumed with other settings: stepSize is 0.25 there and 0.1 now"));
  }

  @Test
  void otherPromptsAreAnotherSearch(@TempDir Path path) {
    run(path, 100);
    prompts = 1;
    assertThatThrownBy(() -> run(path, 100))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is of a run with other settings: prompts is ");
  }

  @Test
  void anEvaluationNeedsASamplerAndARewardOfItsOwn() {
    ZoRankSgd search =
        new ZoRankSgd(
            RankingProblem.minimizing(x -> x[0] * x[0]), new float[1], OPTIONS, Seed.of(1));
    SearchRun run = SearchRun.of(search, point -> {}, Settings.none());
    assertThatThrownBy(() -> run.evaluated(Evaluation.every(1, TinyModel.prompts(1), Seed.of(1))))
        .hasMessageContaining("withSampler(...) and withReward(...)");
  }

  @Test
  void aSearchOfAnythingGetsTheServicesToo(@TempDir Path path) {
    List<Float> seen = new ArrayList<>();
    for (int rounds : new int[] {4, 8}) {
      try (RunFolder folder =
          RunFolder.exists(path)
              ? RunFolder.open(path, CLOCK)
              : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
        ZoRankSgd search =
            new ZoRankSgd(
                RankingProblem.minimizing(x -> x[0] * x[0]), new float[] {1}, OPTIONS, Seed.of(1));
        assertThat(
                SearchRun.of(search, point -> seen.add(point[0]), Settings.none())
                    .in(folder)
                    .run(SearchRun.Options.rounds(rounds))
                    .rounds())
            .isEqualTo(rounds);
      }
    }
    assertThat(seen).hasSize(9); // eight rounds, and once when it was resumed
    assertThat(Math.abs(seen.get(8))).isLessThan(1);
  }
}

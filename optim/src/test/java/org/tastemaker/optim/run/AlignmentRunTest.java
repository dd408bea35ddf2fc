package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.NothingJudgedException;
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

/** The loop by itself: with a sampler, a judge and an optimizer that only take note. */
class AlignmentRunTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final List<Prompt> PROMPTS = List.of(Prompt.of("a"), Prompt.of("b"));

  private final List<String> log = new ArrayList<>();
  private final List<RunEvent> events = new ArrayList<>();

  /** Images whose grey is a function of their seed. */
  private final DiffusionSampler sampler =
      (prompts, seeds) -> {
        note("sample " + prompts.stream().map(Prompt::text).toList());
        List<Image> images =
            seeds.stream()
                .map(
                    seed -> {
                      float grey = (float) seed.generator().nextDouble();
                      return Image.filled(2, 2, grey, grey, grey);
                    })
                .toList();
        int n = prompts.size();
        var latents = Nd4j.create(DataType.FLOAT, 2, n, 1, 2, 2);
        for (int i = 0; i < n; i++) {
          latents.putScalar(new int[] {1, i, 0, 0, 0}, images.get(i).get(0, 0, 0));
        }
        return new Rollout(
            prompts, seeds, images, latents, Nd4j.create(DataType.FLOAT, 1, n), List.of(1));
      };

  private final FeedbackOracle oracle =
      (groups, rubric) -> {
        note("rank " + groups.size());
        return groups.stream()
            .map(
                group ->
                    Judgement.ofScores(
                        group.images().stream()
                            .map(image -> OptionalDouble.of(image.get(0, 0, 0)))
                            .toList(),
                        "test"))
            .toList();
      };

  /** The judge's own scores. */
  private final RewardModel scores =
      (rollout, judgements) -> {
        note("score");
        OptionalDouble[] values = new OptionalDouble[rollout.size()];
        for (int g = 0; g < judgements.size(); g++) {
          List<Integer> indices = rollout.groupIndices().get(g);
          for (int k = 0; k < indices.size(); k++) {
            values[indices.get(k)] =
                judgements.get(g).isMissing()
                    ? OptionalDouble.empty()
                    : judgements.get(g).scores().get(k);
          }
        }
        return new Rewards(List.of(values));
      };

  private synchronized void note(String what) {
    log.add(what);
  }

  /** Adds the rewards up. */
  private final class Sum implements PolicyOptimizer {
    private double sum;
    private long steps;
    private double approxKl = 0.5;
    private boolean withApproxKl = true;
    private long failAt = -1;
    private double klToReference = Double.NaN;

    @Override
    public StepReport step(Rollout rollout, Rewards rewards) {
      note("step " + rewards.size());
      if (steps + 1 == failAt) {
        throw new DivergedException("step " + failAt, "the loss of image 0 is NaN");
      }
      steps++;
      for (int i = 0; i < rewards.size(); i++) {
        sum += rewards.get(i).orElse(0) * (i + 1);
        // The images' latents are those of the images, whatever batch they were made in.
        assertThat(rollout.latents().getFloat(1, i, 0, 0, 0))
            .isEqualTo(rollout.images().get(i).get(0, 0, 0));
      }
      Map<String, Double> metrics = new TreeMap<>(Map.of("sum", sum));
      if (withApproxKl) {
        metrics.put("approxKl", approxKl);
      }
      if (!Double.isNaN(klToReference)) {
        metrics.put("klToReferenceEstimate", klToReference);
      }
      return StepReport.of(steps, metrics);
    }

    @Override
    public void save(Path folder) {
      try {
        Files.writeString(folder.resolve("sum"), steps + " " + sum);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public List<String> restore(Path folder) {
      try {
        List<String> parts =
            com.google.common.base.Splitter.on(' ')
                .splitToList(Files.readString(folder.resolve("sum")));
        steps = Long.parseLong(parts.get(0));
        sum = Double.parseDouble(parts.get(1));
        return List.of();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private AlignmentRun run(PolicyOptimizer optimizer) {
    return AlignmentRun.of(PromptSource.all(PROMPTS, 2), sampler, scores, optimizer, Seed.of(1))
        .judgedBy(oracle, RUBRIC)
        .listener(events::add)
        .timedBy(() -> 0);
  }

  private static RunFolder folder(Path path) {
    return RunFolder.exists(path)
        ? RunFolder.open(path, CLOCK)
        : RunFolder.create(path, Map.of("name", "test"), Provenance.capture(CLOCK), CLOCK);
  }

  private List<Map<String, Double>> metrics(String name) {
    return events.stream()
        .filter(RunEvent.Metrics.class::isInstance)
        .map(event -> ((RunEvent.Metrics) event).values())
        .filter(values -> values.containsKey(name))
        .toList();
  }

  @Test
  void aRoundIsTheFourLinesInOrder() {
    RunResult result = run(new Sum()).run(AlignmentRun.Options.rounds(2));
    assertThat(log)
        .containsExactly(
            "sample [a, a, b, b]",
            "rank 2",
            "score",
            "step 4",
            "sample [a, a, b, b]",
            "rank 2",
            "score",
            "step 4");
    assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
    assertThat(metrics("approxKl"))
        .hasSize(2)
        .allSatisfy(
            values ->
                assertThat(values)
                    .containsKeys("sum", "rewardMean", "secondsSampling", "secondsTraining")
                    .containsEntry("images", 4.0)
                    .containsEntry("skipped", 0.0)
                    .containsEntry("missingJudgements", 0.0));
  }

  @Test
  void aJudgeIsAskedWhileTheNextBatchIsSampledAndHasAnsweredBeforeTheUpdate()
      throws InterruptedException {
    CountDownLatch secondBatch = new CountDownLatch(1);
    DiffusionSampler counting =
        (prompts, seeds) -> {
          if (prompts.get(0).text().equals("b")) {
            secondBatch.countDown();
          }
          return sampler.rollout(prompts, seeds);
        };
    FeedbackOracle waiting =
        (groups, rubric) -> {
          if (groups.get(0).prompt().text().equals("a")) {
            try { // answers only once the second batch is being sampled
              assertThat(secondBatch.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
          return oracle.rank(groups, rubric);
        };
    ExecutorService threads = Executors.newSingleThreadExecutor();
    Sum batches = new Sum();
    try {
      RunResult unused =
          AlignmentRun.of(PromptSource.all(PROMPTS, 2), counting, scores, batches, Seed.of(1))
              .judgedBy(waiting, RUBRIC)
              .feedbackOn(threads)
              .run(AlignmentRun.Options.rounds(1).withBatchesPerRound(2));
    } finally {
      threads.shutdown();
      assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(log.indexOf("step 4")).isGreaterThan(log.lastIndexOf("rank 1"));
    // The same images and rewards as in one batch.
    Sum whole = new Sum();
    RunResult unused = run(whole).run(AlignmentRun.Options.rounds(1));
    assertThat(batches.sum).isEqualTo(whole.sum);
  }

  @Test
  void imagesOfAPromptStayInOneBatch() {
    Prompt a = PROMPTS.get(0);
    Prompt b = PROMPTS.get(1);
    Prompt c = Prompt.of("c");
    assertThat(FeedbackSampling.batches(List.of(a, b, a, c), 2))
        .containsExactly(List.of(0, 2), List.of(1, 3));
    assertThat(FeedbackSampling.batches(List.of(a, a), 5)).containsExactly(List.of(0, 1));
  }

  @Test
  void aKilledRunGoesOnFromItsCheckpointAndEndsTheSame(@TempDir Path path) {
    AlignmentRun.Options options = AlignmentRun.Options.rounds(7).withCheckpointEvery(2);
    Sum whole = new Sum();
    RunResult unused = run(whole).run(options);
    int[] asked = {0};
    FeedbackOracle failing =
        (groups, rubric) -> {
          if (++asked[0] == 6) {
            throw new IllegalStateException("no credit is left");
          }
          return oracle.rank(groups, rubric);
        };
    try (RunFolder folder = folder(path)) {
      AlignmentRun killed = run(new Sum()).judgedBy(failing, RUBRIC).in(folder);
      assertThatThrownBy(() -> killed.run(options)).hasMessage("no credit is left");
      assertThat(folder.latestCheckpoint().orElseThrow().step()).isEqualTo(4);
    }
    Sum resumed = new Sum();
    try (RunFolder folder = folder(path)) {
      RunResult result = run(resumed).in(folder).run(options);
      assertThat(result.rounds()).isEqualTo(7);
      assertThat(folder.checkpoints()).hasSize(2);
      assertThat(folder.metrics()).isNotEmpty();
    }
    assertThat(resumed.sum).isEqualTo(whole.sum);
    assertThat(resumed.steps).isEqualTo(7);
  }

  @Test
  void twoRunsDoNotGoOnInOneFolderAtTheSameTime(@TempDir Path path) {
    AlignmentRun.Options options = AlignmentRun.Options.rounds(1);
    try (RunFolder folder = folder(path)) {
      FeedbackOracle during =
          (groups, rubric) -> {
            AlignmentRun second = run(new Sum()).in(folder);
            assertThatThrownBy(() -> second.run(options))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                    "another run goes on in "
                        + path
                        + ": wait until it has ended, or give this one a folder of its own");
            return oracle.rank(groups, rubric);
          };
      assertThat(run(new Sum()).judgedBy(during, RUBRIC).in(folder).run(options).rounds())
          .isEqualTo(1);
      assertThat(run(new Sum()).in(folder).run(options).rounds()).as("one after another").isOne();
    }
  }

  @Test
  void whatIsKeptBesideTheOptimizerComesBack(@TempDir Path path) {
    Sum ledger = new Sum();
    ledger.sum = 42;
    try (RunFolder folder = folder(path)) {
      RunResult unused =
          run(new Sum())
              .keeping("ledger", resumable(ledger))
              .in(folder)
              .run(AlignmentRun.Options.rounds(1));
    }
    Sum again = new Sum();
    try (RunFolder folder = folder(path)) {
      RunResult unused =
          run(new Sum())
              .keeping("ledger", resumable(again))
              .in(folder)
              .run(AlignmentRun.Options.rounds(1));
    }
    assertThat(again.sum).isEqualTo(42);
  }

  private static Resumable resumable(Sum sum) {
    return new Resumable() {
      @Override
      public void save(Path folder) {
        sum.save(folder);
      }

      @Override
      public void restore(Path folder) {
        sum.restore(folder);
      }
    };
  }

  @Test
  void aCheckpointOfAnotherRunIsAnError(@TempDir Path path) {
    try (RunFolder folder = folder(path)) {
      RunResult unused = run(new Sum()).in(folder).run(AlignmentRun.Options.rounds(1));
      AlignmentRun other =
          AlignmentRun.of(PromptSource.all(PROMPTS, 2), sampler, scores, new Sum(), Seed.of(2))
              .in(folder);
      assertThatThrownBy(() -> other.run(AlignmentRun.Options.rounds(2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rubric is bright@1 in the checkpoint and none now")
          .hasMessageContaining("seed is 1 in the checkpoint and 2 now");
    }
  }

  @Test
  void aCheckpointOfOtherPromptsOrOfAnotherRewardIsAnError(@TempDir Path path) {
    PromptSource same = PromptSource.all(PROMPTS, 2);
    RewardModel equal = new EqualRewards();
    try (RunFolder folder = folder(path)) {
      RunResult unused =
          AlignmentRun.of(same, sampler, equal, new Sum(), Seed.of(1))
              .in(folder)
              .run(AlignmentRun.Options.rounds(1));
      PromptSource others = PromptSource.all(List.of(Prompt.of("a"), Prompt.of("c")), 2);
      AlignmentRun otherPrompts =
          AlignmentRun.of(others, sampler, equal, new Sum(), Seed.of(1)).in(folder);
      assertThatThrownBy(() -> otherPrompts.run(AlignmentRun.Options.rounds(2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prompts is 2, sha256 ")
          .hasMessageNotContaining("reward is");
      AlignmentRun otherReward =
          AlignmentRun.of(same, sampler, scores, new Sum(), Seed.of(1)).in(folder);
      assertThatThrownBy(() -> otherReward.run(AlignmentRun.Options.rounds(2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(
              "reward is org.tastemaker.optim.run.AlignmentRunTest$EqualRewards in the checkpoint"
                  + " and a lambda of org.tastemaker.optim.run.AlignmentRunTest now")
          .hasMessageNotContaining("prompts is");
      Sum goesOn = new Sum();
      assertThat(
              AlignmentRun.of(same, sampler, new EqualRewards(), goesOn, Seed.of(1))
                  .in(folder)
                  .run(AlignmentRun.Options.rounds(2))
                  .rounds())
          .isEqualTo(2);
      assertThat(goesOn.steps).isEqualTo(2);
    }
  }

  /** A reward that has a name. */
  private static final class EqualRewards implements RewardModel {
    @Override
    public Rewards score(Rollout rollout, List<Judgement> judgements) {
      return Rewards.of(new double[rollout.size()]);
    }
  }

  @Test
  void promptsAreToldApartByTheirTexts() {
    Prompt a = Prompt.of("a");
    Prompt ab = Prompt.of("ab");
    assertThat(
            List.of(
                Prompts.identity(List.of(a, ab)),
                Prompts.identity(List.of(ab, a)),
                Prompts.identity(List.of(Prompt.of("aa"), Prompt.of("b"))),
                Prompts.identity(List.of(a, new Prompt("ab", "b", Map.of())))))
        .doesNotHaveDuplicates();
    assertThat(Prompts.identity(List.of(a)))
        .isEqualTo(Prompts.identity(List.of(new Prompt("a", "", Map.of("from", "a file")))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-SA-u-nu-arab", "hi-IN-u-nu-deva"})
  void theSumOfPromptsDoesNotDependOnTheDefaultLocale(String tag) {
    List<Prompt> prompts = List.of(Prompt.of("a"), Prompt.of("b"));
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.ROOT);
      String root = Prompts.identity(prompts);
      Locale.setDefault(Locale.forLanguageTag(tag));
      assertThat(Prompts.identity(prompts)).isEqualTo(root).matches("2, sha256 [0-9a-f]{16}");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aDivergedRoundEndsTheRunAndSaysWhere(@TempDir Path path) {
    Sum failing = new Sum();
    failing.failAt = 3;
    RunResult result = run(failing).run(AlignmentRun.Options.rounds(5));
    assertThat(result.rounds()).isEqualTo(2);
    assertThat(result.reason()).isEqualTo(RunResult.Reason.DIVERGED);
    assertThat(result.message())
        .isEqualTo("round 3 has diverged and was taken back: step 3: the loss of image 0 is NaN");
  }

  @Test
  void aKlAboveItsBoundEndsTheRunWithACheckpoint(@TempDir Path path) {
    try (RunFolder folder = folder(path)) {
      RunResult result =
          run(new Sum()).in(folder).run(AlignmentRun.Options.rounds(5).withMaxApproxKl(0.4));
      assertThat(result)
          .isEqualTo(
              new RunResult(
                  1, RunResult.Reason.KL, "approxKl is 0.5 after round 1, above the bound of 0.4"));
      assertThat(folder.latestCheckpoint().orElseThrow().step()).isEqualTo(1);
    }
  }

  @Test
  void aKlThatIsFarTooHighIsSaidOnce(@TempDir Path path) {
    Sum far = new Sum();
    far.klToReference = 133_097;
    try (RunFolder folder = folder(path)) {
      run(far).in(folder).run(AlignmentRun.Options.rounds(3).withCheckpointEvery(1));
      assertThat(notices())
          .singleElement()
          .satisfies(
              notice -> {
                assertThat(notice.step()).isEqualTo(1);
                assertThat(notice.message())
                    .startsWith(
                        "klToReferenceEstimate is 133097 nats, 33274.3 nats for each element of a"
                            + " latent, above 2.0: the model is far from the pre-trained one")
                    .contains("lower learning rate");
              });
      assertThat(folder.notices()).isEqualTo(notices());
      // Nor is it said again when the run is resumed.
      run(far).in(folder).run(AlignmentRun.Options.rounds(5));
      assertThat(notices()).hasSize(1);
    }
  }

  @Test
  void aKlWithinItsBoundIsNotMentioned() {
    Sum near = new Sum();
    near.klToReference = 8; // two for each of four elements
    run(near).run(AlignmentRun.Options.rounds(2));
    near.klToReference = 8.1;
    run(near).run(AlignmentRun.Options.rounds(2).withWarnKlPerElement(Double.POSITIVE_INFINITY));
    assertThat(notices()).isEmpty();
  }

  private List<RunEvent.Notice> notices() {
    return events.stream()
        .filter(RunEvent.Notice.class::isInstance)
        .map(RunEvent.Notice.class::cast)
        .toList();
  }

  @Test
  void theMeanOfARewardThatOnlyComparesIsLeftOut() {
    RewardModel relative =
        new RewardModel() {
          @Override
          public Rewards score(Rollout rollout, List<Judgement> judgements) {
            return Rewards.of(0, 1, 1, 0);
          }

          @Override
          public boolean isRelative() {
            return true;
          }
        };
    AlignmentRun.of(PromptSource.all(PROMPTS, 2), sampler, relative, new Sum(), Seed.of(1))
        .evaluated(
            Evaluation.every(
                1,
                List.of(PROMPTS.get(0), PROMPTS.get(0), PROMPTS.get(1), PROMPTS.get(1)),
                Seed.of(2)))
        .listener(events::add)
        .run(AlignmentRun.Options.rounds(1));
    assertThat(metrics("rewardMean")).isEmpty();
    assertThat(metrics("evaluation.rewardMean")).isEmpty();
    assertThat(metrics("evaluation.presentRewards")).hasSize(2);
    assertThat(notices())
        .singleElement()
        .satisfies(notice -> assertThat(notice.message()).contains("withReward"));
    events.clear();
    run(new Sum()).run(AlignmentRun.Options.rounds(1));
    assertThat(metrics("rewardMean")).hasSize(1);
  }

  @Test
  void theRewardsOfARoundAreToldAsADistribution() {
    run(new Sum()).run(AlignmentRun.Options.rounds(2));

    List<RunEvent.Distribution> told =
        events.stream()
            .filter(RunEvent.Distribution.class::isInstance)
            .map(RunEvent.Distribution.class::cast)
            .toList();
    assertThat(told).extracting(RunEvent.Distribution::step).containsExactly(1L, 2L);
    assertThat(told).extracting(RunEvent.Distribution::name).containsOnly("rewards");
    assertThat(told)
        .zipSatisfy(
            metrics("presentRewards"),
            (one, values) ->
                assertThat((double) one.values().size()).isEqualTo(values.get("presentRewards")));
  }

  @Test
  void aDivergedRoundLosesNoneOfTheRoundsBefore(@TempDir Path path) {
    Sum failing = new Sum();
    failing.failAt = 4;
    AlignmentRun.Options options =
        AlignmentRun.Options.rounds(5).withCheckpointEvery(2).withKeepCheckpoints(9);
    try (RunFolder folder = folder(path)) {
      RunResult result = run(failing).in(folder).run(options);
      assertThat(result.rounds()).isEqualTo(3);
      assertThat(folder.checkpoints().stream().map(RunFolder.Checkpoint::step))
          .containsExactly(2L, 3L);
      // Resumed, it diverges again, and has nothing new to save.
      Sum again = new Sum();
      again.failAt = 4;
      assertThat(run(again).in(folder).run(options)).isEqualTo(result);
      assertThat(folder.checkpoints()).hasSize(2);
      // What was saved is what was there: a run that does not diverge ends as if it never had.
      Sum healed = new Sum();
      Sum whole = new Sum();
      assertThat(run(healed).in(folder).run(options)).isEqualTo(run(whole).run(options));
      assertThat(healed.sum).isEqualTo(whole.sum);
    }
  }

  @Test
  void aDivergedFirstRoundSavesNothing(@TempDir Path path) {
    Sum failing = new Sum();
    failing.failAt = 1;
    try (RunFolder folder = folder(path)) {
      RunResult result =
          run(failing).in(folder).run(AlignmentRun.Options.rounds(5).withCheckpointEvery(1));
      assertThat(result.rounds()).isZero();
      assertThat(folder.checkpoints()).isEmpty();
    }
  }

  @Test
  void anyOtherArithmeticErrorIsAMistakeAndNotADivergedRun() {
    RewardModel broken =
        (rollout, judgements) -> {
          throw new ArithmeticException("/ by zero");
        };
    AlignmentRun run =
        AlignmentRun.of(PromptSource.all(PROMPTS, 2), sampler, broken, new Sum(), Seed.of(1));
    assertThatThrownBy(() -> run.run(AlignmentRun.Options.rounds(1)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("/ by zero");
  }

  @Test
  void aRunThatABoundHasEndedEndsThereAgainUntilTheBoundIsRaised(@TempDir Path path) {
    AlignmentRun.Options strict = AlignmentRun.Options.rounds(3).withMaxApproxKl(0.4);
    try (RunFolder folder = folder(path)) {
      RunResult first = run(new Sum()).in(folder).run(strict);
      log.clear();
      assertThat(run(new Sum()).in(folder).run(strict)).isEqualTo(first);
      assertThat(log).isEmpty();
      assertThat(run(new Sum()).in(folder).run(strict.withMaxApproxKl(0.6)).reason())
          .isEqualTo(RunResult.Reason.FINISHED);
      assertThat(log).contains("step 4");
    }
  }

  @Test
  void aBoundOnAnApproxKlThatTheOptimizerDoesNotReportIsAnError(@TempDir Path path) {
    Sum without = new Sum();
    without.withApproxKl = false;
    AlignmentRun.Options bounded = AlignmentRun.Options.rounds(3).withMaxApproxKl(0.4);
    try (RunFolder folder = folder(path)) {
      AlignmentRun run = run(without).in(folder);
      assertThatThrownBy(() -> run.run(bounded))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "maxApproxKl is 0.4, but the optimizer's report of round 1 has no approxKl, since"
                  + " its method has no probability ratio: use maxKlToReference, or"
                  + " an infinite bound");
    }
  }

  @Test
  void aSkippedRoundNeedsNoApproxKl() {
    PolicyOptimizer skipping =
        new PolicyOptimizer() {
          @Override
          public StepReport step(Rollout rollout, Rewards rewards) {
            return StepReport.skipped(1, "all rewards are equal");
          }

          @Override
          public void save(Path folder) {}

          @Override
          public List<String> restore(Path folder) {
            return List.of();
          }
        };
    assertThat(run(skipping).run(AlignmentRun.Options.rounds(2).withMaxApproxKl(0.4)).reason())
        .isEqualTo(RunResult.Reason.FINISHED);
  }

  @Test
  void aBoundOnADivergenceThatIsNeverMeasuredIsAnErrorBeforeAnyWork() {
    AlignmentRun.Options bounded = AlignmentRun.Options.rounds(3).withMaxKlToReference(5);
    AlignmentRun never = run(new Sum());
    assertThatThrownBy(() -> never.run(bounded))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "maxKlToReference is 5.0, but the run is never evaluated: use"
                + " evaluated(Evaluation.every(...).withKlOf(policy, microBatch)), or an"
                + " infinite bound");
    AlignmentRun without = run(new Sum()).evaluated(Evaluation.every(1, PROMPTS, Seed.of(7)));
    assertThatThrownBy(() -> without.run(bounded))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("but the evaluation does not measure klToReference: use");
    assertThat(log).isEmpty();
  }

  @Test
  void aPolicyTooFarFromItsReferenceEndsTheRun() {
    double[] kl = {0};
    Evaluation evaluation =
        new Evaluation(1, PROMPTS, Seed.of(7), null, Runnable::run, rollout -> kl[0] += 2, null);
    RunResult result =
        run(new Sum())
            .evaluated(evaluation)
            .run(AlignmentRun.Options.rounds(9).withMaxKlToReference(5));
    assertThat(result.rounds()).isEqualTo(2); // 2 at the beginning, 4, then 6
    assertThat(result.message())
        .isEqualTo("klToReference is 6.0 after round 2, above the bound of 5.0");
  }

  @Test
  void heldOutPromptsAreEvaluatedAtTheBeginningNowAndThenAndAtTheEnd() {
    List<Prompt> heldOut = List.of(Prompt.of("c"), Prompt.of("d"));
    RunResult unused =
        run(new Sum())
            .evaluated(Evaluation.every(2, heldOut, Seed.of(7)))
            .run(AlignmentRun.Options.rounds(5));
    List<Long> rounds =
        events.stream()
            .filter(RunEvent.Pictures.class::isInstance)
            .map(event -> ((RunEvent.Pictures) event).step())
            .toList();
    assertThat(rounds).containsExactly(0L, 2L, 4L, 5L);
    // The sampler never learns: the same held-out images have the same reward each time.
    assertThat(metrics("evaluation.rewardMean")).hasSize(4);
    assertThat(metrics("evaluation.rewardMean").stream().distinct()).hasSize(1);
  }

  @Test
  void anotherSamplerThanTheOneThatIsTrainedOnMayBeEvaluated() {
    DiffusionSampler policy =
        (prompts, seeds) -> {
          note("evaluate " + prompts.size());
          return sampler.rollout(prompts, seeds);
        };
    RunResult unused =
        run(new Sum())
            .evaluated(Evaluation.every(1, PROMPTS, Seed.of(7)).withSampler(policy))
            .run(AlignmentRun.Options.rounds(1));
    assertThat(log.stream().filter(line -> line.startsWith("evaluate"))).hasSize(2);
    assertThat(log.stream().filter(line -> line.startsWith("sample"))).hasSize(3);
  }

  @Test
  void missingJudgementsAreMissingRewards() {
    FeedbackOracle silent =
        (groups, rubric) ->
            IntStream.range(0, groups.size())
                .mapToObj(
                    g ->
                        g == 0
                            ? Judgement.missing(2, "refused", "test", Usage.NONE)
                            : oracle.rank(groups.subList(g, g + 1), rubric).get(0))
                .toList();
    RunResult unused = run(new Sum()).judgedBy(silent, RUBRIC).run(AlignmentRun.Options.rounds(1));
    assertThat(metrics("presentRewards").get(0))
        .containsEntry("presentRewards", 2.0)
        .containsEntry("missingJudgements", 1.0);
  }

  /** Missing for a reason of each group, by the number of the round. */
  private FeedbackOracle missing(IntFunction<List<String>> reasons) {
    AtomicInteger round = new AtomicInteger();
    return (groups, rubric) -> {
      List<String> words = reasons.apply(round.incrementAndGet());
      return words.isEmpty()
          ? oracle.rank(groups, rubric)
          : IntStream.range(0, groups.size())
              .mapToObj(g -> Judgement.missing(2, words.get(g), "test", Usage.NONE))
              .toList();
    };
  }

  @Test
  void aRoundWithoutAnyAnswerEndsTheRunWithTheReason() {
    FeedbackOracle silent =
        missing(round -> List.of("image 1 is too large", "image 2 is too large"));

    assertThatThrownBy(
            () -> run(new Sum()).judgedBy(silent, RUBRIC).run(AlignmentRun.Options.rounds(5)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("answered nothing in round 1")
        .hasMessageContaining("2 because: image 1 is too large");
    assertThat(log).noneMatch(line -> line.startsWith("step"));
  }

  @Test
  void aJudgeThatFallsSilentEndsTheRunWithACheckpointOfWhatIsDone(@TempDir Path temp) {
    FeedbackOracle silent = missing(round -> round < 4 ? List.of() : List.of("down", "down"));

    assertThatThrownBy(
            () ->
                run(new Sum())
                    .judgedBy(silent, RUBRIC)
                    .in(folder(temp.resolve("run")))
                    .run(AlignmentRun.Options.rounds(9)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("round 4");
    assertThat(temp.resolve("run/checkpoints/000003")).exists();
  }

  @Test
  void aRoundWithoutAnswersForDifferentReasonsIsSkipped() {
    FeedbackOracle silent = missing(round -> List.of("refused", "malformed"));

    assertThat(run(new Sum()).judgedBy(silent, RUBRIC).run(AlignmentRun.Options.rounds(2)).reason())
        .isEqualTo(RunResult.Reason.FINISHED);
  }

  @Test
  void aSingleGroupThatIsRefusedEndsTheRunOnlyInTheThirdRoundInARow() {
    PromptSource one = PromptSource.all(PROMPTS.subList(0, 1), 2);
    FeedbackOracle moody =
        missing(round -> round == 2 || round == 3 || round > 4 ? List.of("no") : List.of());

    assertThatThrownBy(
            () ->
                AlignmentRun.of(one, sampler, scores, new Sum(), Seed.of(1))
                    .judgedBy(moody, RUBRIC)
                    .guarded(GuardOptions.defaults().withMaxMissingShare(1))
                    .run(AlignmentRun.Options.rounds(9)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("round 7");
    assertThatThrownBy(
            () ->
                AlignmentRun.of(one, sampler, scores, new Sum(), Seed.of(1))
                    .judgedBy(missing(round -> List.of("no")), RUBRIC)
                    .run(AlignmentRun.Options.rounds(9)))
        .as("a judge that has never answered")
        .hasMessageContaining("round 1");
  }

  @Test
  void anOracleThatLeavesAGroupOutIsAnError() {
    FeedbackOracle forgetful = (groups, rubric) -> List.of();
    AlignmentRun forgotten = run(new Sum()).judgedBy(forgetful, RUBRIC);
    assertThatThrownBy(() -> forgotten.run(AlignmentRun.Options.rounds(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the oracle was asked about 2 groups and gave 0 judgements: there must be one for"
                + " each group, even if it is a missing one");
  }

  @Test
  void aCancelledRunStopsBeforeItsNextRound() {
    Cancellation cancellation = new Cancellation();
    AlignmentRun run =
        run(new Sum())
            .cancellation(cancellation)
            .listener(
                event -> {
                  if (event instanceof RunEvent.Progress) {
                    cancellation.cancel();
                  }
                });
    assertThatThrownBy(() -> run.run(AlignmentRun.Options.rounds(5)))
        .isInstanceOf(CancellationException.class)
        .hasMessage("cancelled at round 2 of 5");
  }

  @Test
  void shuffledPromptsComeAllBeforeOneComesAgain() {
    List<Prompt> five = IntStream.range(0, 5).mapToObj(i -> Prompt.of("p" + i)).toList();
    PromptSource source = PromptSource.shuffled(five, 5, 2, Seed.of(3));
    assertThat(source.prompts(1)).hasSize(10).containsOnly(five.toArray(Prompt[]::new));
    assertThat(source.prompts(2)).isNotEqualTo(source.prompts(1));
    assertThat(source.prompts(2)).isEqualTo(source.prompts(2));
    PromptSource two = PromptSource.shuffled(five, 2, 1, Seed.of(3));
    List<Prompt> seen = new ArrayList<>(two.prompts(1));
    seen.addAll(two.prompts(2));
    assertThat(seen).doesNotHaveDuplicates();
  }
}

package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.dpok.ValueOptions;
import org.tastemaker.optim.grpo.Grpo;
import org.tastemaker.optim.grpo.SdeWindow;
import org.tastemaker.optim.likelihood.DpokSupervised;
import org.tastemaker.optim.likelihood.PretrainingData;
import org.tastemaker.optim.likelihood.RewardWeightedLikelihood;
import org.tastemaker.optim.likelihood.Rwr;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** The loop with a real model, optimizer and folder, killed and resumed in new objects. */
class AlignmentResumeTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  private static final FeedbackOracle ORACLE =
      (groups, rubric) ->
          groups.stream()
              .map(
                  group ->
                      Judgement.ofScores(
                          group.images().stream()
                              .map(image -> OptionalDouble.of(brightness(image)))
                              .toList(),
                          "test"))
              .toList();

  private static final RewardModel SCORES =
      (rollout, judgements) -> {
        OptionalDouble[] values = new OptionalDouble[rollout.size()];
        for (int g = 0; g < judgements.size(); g++) {
          List<Integer> indices = rollout.groupIndices().get(g);
          for (int k = 0; k < indices.size(); k++) {
            values[indices.get(k)] = judgements.get(g).scores().get(k);
          }
        }
        return new Rewards(List.of(values));
      };

  /** Every optimizer of a policy, with what it keeps in its checkpoints. */
  private enum Method {
    DDPO_IMPORTANCE_SAMPLING {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Ddpo(
            policy,
            Ddpo.Options.importanceSampling()
                .withUpdatesPerEpoch(2)
                .withPromptStatistics(STATISTICS),
            SEED);
      }
    },
    DDPO_SCORE_FUNCTION {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Ddpo(
            policy, Ddpo.Options.scoreFunction().withPromptStatistics(STATISTICS), SEED);
      }
    },
    GRPO_GUARD_WITH_SHARED_LATENTS_AND_KL {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Grpo(
            policy,
            Grpo.Options.grpoGuard().withKlWeight(0.1).withUpdatesPerEpoch(2).withMicroBatch(3),
            SEED);
      }
    },
    GRPO_IN_A_WINDOW_THAT_MOVES_EVERY_ROUND {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Grpo(
            policy,
            Grpo.Options.mixGrpo()
                .withWindow(Optional.of(SdeWindow.progressive().withSize(1).withEvery(1)))
                .withUpdatesPerEpoch(2)
                .withMicroBatch(3),
            SEED);
      }
    },
    GRPO_IN_A_RANDOM_WINDOW {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Grpo(
            policy,
            Grpo.Options.flowDppo()
                .withWindow(Optional.of(SdeWindow.random(1)))
                .withUpdatesPerEpoch(2)
                .withMicroBatch(3),
            SEED);
      }
    },
    DPOK {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Dpok(
            policy,
            Dpok.Options.singlePrompt().withUpdates(2).withBatch(6).withMicroBatch(6),
            SEED);
      }
    },
    DPOK_WITH_VALUE_NETWORK_AND_REPLAY {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Dpok(
            policy,
            Dpok.Options.multiplePrompts()
                .withUpdates(2)
                .withBatch(6)
                .withMicroBatch(6)
                .withReplay(6)
                .withValue(Optional.of(new ValueOptions(8, 1e-3, 0.01, 2, 6))),
            SEED);
      }
    },
    DPOK_SUPERVISED_KL_D {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new DpokSupervised(
            policy,
            DpokSupervised.Options.of(DpokSupervised.Variant.KL_D)
                .withUpdates(2)
                .withBatch(3)
                .withMicroBatch(2),
            SEED);
      }
    },
    DPOK_SUPERVISED_KL_O {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new DpokSupervised(
            policy,
            DpokSupervised.Options.of(DpokSupervised.Variant.KL_O)
                .withUpdates(2)
                .withBatch(3)
                .withMicroBatch(2),
            SEED);
      }
    },
    REWARD_WEIGHTED_LIKELIHOOD {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new RewardWeightedLikelihood(
            policy,
            PretrainingData.of(
                IntStream.range(0, 5).mapToObj(AlignmentResumeTest::captioned).toList(),
                Seed.of(20)),
            RewardWeightedLikelihood.Options.defaults()
                .withUpdates(2)
                .withBatch(3)
                .withPretrainingBatch(2)
                .withMicroBatch(2),
            SEED);
      }
    },
    RWR_EXPONENTIAL {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Rwr(
            policy, Rwr.Options.exponential().withUpdates(2).withBatch(3).withMicroBatch(2), SEED);
      }
    },
    RWR_SPARSE {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy) {
        return new Rwr(
            policy, Rwr.Options.sparse().withUpdates(2).withBatch(3).withMicroBatch(2), SEED);
      }
    };

    private static final Seed SEED = Seed.of(3);
    private static final Optional<PromptStatistics.Options> STATISTICS =
        Optional.of(new PromptStatistics.Options(6, 3));

    /** One that has not done a step. */
    abstract PolicyOptimizer optimizer(DiffusionPolicy policy);
  }

  private static PretrainingData.Captioned captioned(int i) {
    float[] latents = new float[64];
    Seed.of(30 + i).gaussian(0, latents);
    return new PretrainingData.Captioned(FloatBuffer.wrap(latents), "a green bird");
  }

  /** Runs in a folder until the end, or until the judge is asked once too often. */
  private static void run(
      Method method, Path path, int rounds, int questions, List<RunEvent> events) {
    int[] asked = {0};
    // What resumes from a checkpoint has its weights from there.
    Seed ofLora = RunFolder.exists(path) ? Seed.of(77) : Seed.of(2);
    FeedbackOracle limited =
        (groups, rubric) -> {
          if (++asked[0] > questions) {
            throw new IllegalStateException("killed");
          }
          return ORACLE.rank(groups, rubric);
        };
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, ofLora);
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model,
                lora,
                DiffusionPolicy.Options.lora()
                    .withLearningRate(0.01)
                    .withEma(Optional.of(Ema.Options.defaults())));
        RunFolder folder =
            RunFolder.exists(path)
                ? RunFolder.open(path, CLOCK)
                : RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      PolicyOptimizer optimizer = method.optimizer(policy);
      RunResult result =
          AlignmentRun.of(
                  PromptSource.shuffled(TinyModel.prompts(3), 2, 2, Seed.of(4)),
                  optimizer instanceof Grpo grpo ? grpo.sampler() : policy.sampler(),
                  SCORES,
                  optimizer,
                  Seed.of(5))
              .judgedBy(limited, RUBRIC)
              .evaluated(
                  Evaluation.every(2, TinyModel.prompts(2), Seed.of(6))
                      .withAveragesOf(policy)
                      .withKlOf(policy, 4)
                      .withReward(
                          (rollout, judgements) ->
                              Rewards.of(
                                  IntStream.range(0, rollout.size())
                                      .mapToDouble(i -> brightness(rollout.images().get(i)))
                                      .toArray())))
              .in(folder)
              .listener(events::add)
              .run(
                  AlignmentRun.Options.rounds(rounds)
                      .withBatchesPerRound(2)
                      .withCheckpointEvery(1)
                      .withKeepCheckpoints(9));
      assertThat(result.reason()).isEqualTo(RunResult.Reason.FINISHED);
      if (optimizer instanceof Dpok dpok) {
        dpok.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aRunThatIsKilledAndResumedEndsWithTheSameBits(Method method, @TempDir Path path)
      throws IOException {
    List<RunEvent> events = new ArrayList<>();
    run(method, path.resolve("whole"), 2, 100, events);
    // Killed in the middle of round 2: the judge has seen one of its two batches. It is not asked
    // about evaluations, which have a reward of their own.
    assertThatThrownBy(() -> run(method, path.resolve("killed"), 2, 3, new ArrayList<>()))
        .hasMessage("killed");
    List<RunEvent> again = new ArrayList<>();
    run(method, path.resolve("killed"), 2, 100, again);
    for (String step : List.of("000001", "000002")) {
      Checkpoints.assertSame(
          path.resolve("whole/checkpoints").resolve(step),
          path.resolve("killed/checkpoints").resolve(step));
    }
    String glossary = Files.readString(Path.of("../docs/metrics.md"));
    measured(events)
        .forEach(
            values ->
                values
                    .keySet()
                    .forEach(name -> assertThat(glossary).contains("| `" + name + "` |")));
    // What the round and its evaluation have measured, too.
    assertThat(measured(again)).isNotEmpty().isEqualTo(measured(events).subList(2, 4));
    List<Double> kl =
        events.stream()
            .filter(RunEvent.Metrics.class::isInstance)
            .map(event -> ((RunEvent.Metrics) event).values().get("klToReference"))
            .filter(java.util.Objects::nonNull)
            .toList();
    assertThat(kl).hasSize(2);
    // Nothing is spent before training: the same weights through two graphs of float arithmetic.
    assertThat(kl.get(0)).isLessThan(1e-6);
    assertThat(kl.get(1)).isGreaterThan(kl.get(0));
  }

  /** Digits and decimal separators of these locales are not those of Locale.ROOT. */
  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = {"DDPO_IMPORTANCE_SAMPLING", "DPOK_WITH_VALUE_NETWORK_AND_REPLAY", "RWR_SPARSE"})
  void aRunIsResumedUnderAnotherDefaultLocale(Method method, @TempDir Path path) {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.ROOT);
      run(method, path.resolve("whole"), 2, 100, new ArrayList<>());
      Locale.setDefault(Locale.forLanguageTag("ar-SA-u-nu-arab"));
      run(method, path.resolve("moved"), 1, 100, new ArrayList<>());
      Locale.setDefault(Locale.forLanguageTag("hi-IN-u-nu-deva"));
      run(method, path.resolve("moved"), 2, 100, new ArrayList<>());
    } finally {
      Locale.setDefault(before);
    }
    Checkpoints.assertSame(
        path.resolve("whole/checkpoints/000002"), path.resolve("moved/checkpoints/000002"));
  }

  /** The metrics of rounds and evaluations, but for durations. */
  private static List<Map<String, Double>> measured(List<RunEvent> events) {
    List<Map<String, Double>> all = new ArrayList<>();
    for (RunEvent event : events) {
      if (event instanceof RunEvent.Metrics metrics) {
        Map<String, Double> values = new TreeMap<>(metrics.values());
        values.keySet().removeIf(name -> name.startsWith("seconds"));
        all.add(values);
      }
    }
    return all;
  }
}

package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraPatterns;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.optim.GradientCheck;

class DiffusionPolicyTest {
  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);

  @AfterEach
  void close() {
    policy.close();
    lora.close();
    model.close();
  }

  private static Rollout rollout(LatentDiffusion sampler) {
    return sampler.rollout(TinyModel.prompts(4), Seed.of(3));
  }

  @Test
  void scaledGuidanceIsRefusedWithTheWayOut() {
    LatentDiffusion scaled = model.with(model.options().withGuidanceRescale(0.7));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DiffusionPolicy.lora(scaled, lora))
        .withMessageContaining("guidanceRescale is 0.7")
        .withMessageContaining("withGuidanceRescale(0)");
  }

  @Test
  void settingsAreThoseOfEarlierVersions() {
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora();
    assertThat(PolicySettings.of(model, lora, "", options, options.schedule()).values())
        .containsKey("guidanceScale")
        .doesNotContainKey("guidanceRescale")
        .allSatisfy((name, value) -> assertThat(name).doesNotStartWith("schedule"));
  }

  @Test
  void theLearningRateFollowsItsScheduleUpdateByUpdate() {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora()
            .withLearningRate(0.1)
            .withSchedule(RateSchedule.linear(2, 6));
    try (DiffusionPolicy own = DiffusionPolicy.lora(model, lora, options);
        Rollout rollout = rollout(own.sampler())) {
      float[] first = flat(own);
      List<Double> rates = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        update(own, rollout);
        UpdateDiagnostics diagnostics = new UpdateDiagnostics(1, own);
        diagnostics.updated(1);
        rates.add(diagnostics.metrics().get("learningRate"));
        if (i == 0) {
          assertThat(flat(own)).as("at a rate of 0").isEqualTo(first);
        }
      }
      // Up over 2 updates, down over 4, then 0.
      assertThat(rates).containsExactly(0.0, 0.05, 0.1, 0.1 * 0.75, 0.05, 0.1 * 0.25, 0.0);
    }
  }

  @Test
  void aScheduleGoesOnWhereItWasResumed(@TempDir Path folder) {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora()
            .withLearningRate(0.1)
            .withSchedule(RateSchedule.cosine(1, 5));
    try (DiffusionPolicy own = DiffusionPolicy.lora(model, lora, options);
        Rollout rollout = rollout(own.sampler())) {
      update(own, rollout);
      update(own, rollout);
      own.save(folder);
      update(own, rollout);
      float[] whole = flat(own);
      own.restore(folder);
      update(own, rollout);
      assertThat(flat(own)).isEqualTo(whole);
      assertThat(own.updates()).isEqualTo(3);
    }
  }

  @Test
  void anotherScheduleIsAnotherRunAndAnotherPeakIsNot(@TempDir Path folder) {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora().withSchedule(RateSchedule.cosine(1, 5));
    try (DiffusionPolicy own = DiffusionPolicy.lora(model, lora, options);
        DiffusionPolicy peak = DiffusionPolicy.lora(model, lora, options.withLearningRate(1e-5));
        DiffusionPolicy longer =
            DiffusionPolicy.lora(model, lora, options.withSchedule(RateSchedule.cosine(1, 50)))) {
      own.save(folder);
      assertThat(peak.restore(folder))
          .containsExactly("learningRate is 3.0E-4 in the checkpoint and 1.0E-5 now");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> longer.restore(folder))
          .withMessageContaining("schedule.updates is 5 in the checkpoint and 50 now");
    }
  }

  @Test
  void adamsEpsilonMayBeLoweredInTheSameRun(@TempDir Path folder) {
    policy.save(folder);
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora();
    try (DiffusionPolicy own =
        DiffusionPolicy.lora(model, lora, options.withAdamW(options.adamW().withEpsilon(1e-15)))) {
      assertThat(own.restore(folder))
          .containsExactly("adamW.epsilon is 1.0E-8 in the checkpoint and 1.0E-15 now");
    }
  }

  @Test
  void aLoraWithTheSameScalesOnOtherLayersIsOfAnotherRun(@TempDir Path folder) {
    try (Lora one = patterned("to_k");
        Lora other = patterned("to_v");
        DiffusionPolicy first = DiffusionPolicy.lora(model, one);
        DiffusionPolicy second = DiffusionPolicy.lora(model, other)) {
      first.save(folder);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> second.restore(folder))
          .withMessageContaining("scales is [");
    }
  }

  private Lora patterned(String layers) {
    return Lora.create(
        "policy",
        LoraNetwork.UNET,
        model.components().unet().parameters(),
        Lora.Options.ofRank(2).withPatterns(LoraPatterns.none().withAlpha(layers, 8)),
        Seed.of(2));
  }

  @Test
  void aScheduleThatEndsBeforeItsWarmUpIsAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RateSchedule.cosine(10, 10))
        .withMessage("total must be above warmUp, 10, but was 10");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RateSchedule.warmingUp(-1))
        .withMessage("warmUp must be at least 0, but was -1");
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 3})
  void aRolloutsStepsHaveTheirRecordedLogProbabilities(double guidance) {
    LatentDiffusion view = model.with(model.options().withGuidanceScale(guidance));
    try (DiffusionPolicy own = DiffusionPolicy.lora(view, lora)) {
      GradientCheck.perturb(own, Seed.of(4), 0.1);
      try (Rollout rollout = rollout(own.sampler())) {
        Transitions transitions = own.transitions(rollout, 5);
        transitions.forward(new int[] {3, 0, 1, 0}, new int[] {2, 0, 1, 2});
        double[] found = transitions.logProbabilities();
        double[] recorded = transitions.recordedLogProbabilities();
        for (int n = 0; n < 4; n++) {
          // Outputs differ by float rounding between batch sizes, 1e-6, over sigma of 0.02 or more.
          assertThat(found[n]).isCloseTo(recorded[n], within(1e-4));
        }
      }
    }
  }

  @Test
  void aNewAdapterIsNoWayFromTheReferenceAndATrainedOneIs() {
    try (Rollout rollout = rollout(policy.sampler())) {
      Transitions transitions = policy.transitions(rollout, 2);
      transitions.forward(new int[] {0, 1}, new int[] {0, 1});
      // The same weights through two graphs.
      assertThat(transitions.kl(KlForm.EXACT)[0]).isLessThan(1e-9);
      GradientCheck.perturb(policy, Seed.of(4), 0.3);
      transitions.forward(new int[] {0, 1}, new int[] {0, 1});
      assertThat(transitions.kl(KlForm.EXACT)[0]).isGreaterThan(1e-6);
    }
  }

  @Test
  void theDivergenceIsTheClosedFormOfTheOutputsDifference() {
    GradientCheck.perturb(policy, Seed.of(4), 0.3);
    try (Rollout rollout = rollout(policy.sampler())) {
      Transitions transitions = policy.transitions(rollout, 3);
      int[] steps = {0, 1, 2};
      transitions.forward(new int[] {0, 1, 2}, steps);
      double[] exact = transitions.kl(KlForm.EXACT);
      double[] unweighted = transitions.kl(KlForm.UNWEIGHTED);
      for (int n = 0; n < 3; n++) {
        double c = policy.denoisingSteps().steps().get(steps[n]).coefficients().klFactor();
        // Both in double precision over the same floats; the means' difference cancels digits.
        assertThat(exact[n]).isCloseTo(c * unweighted[n], within(1e-9 * exact[n] + 1e-15));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(KlForm.class)
  void theGradientOfLogProbabilitiesAndKlIsThatOfDifferences(KlForm form) {
    GradientCheck.perturb(policy, Seed.of(4), 0.3);
    double[] a = {0.7, -1.2, 0.4, 0.9};
    double[] b = {2.0, 0.5, 1.5, -1.0};
    try (Rollout rollout = rollout(policy.sampler())) {
      Transitions transitions = policy.transitions(rollout, 2);
      policy.begin();
      for (int first = 0; first < 4; first += 2) { // two micro-batches of different steps
        transitions.forward(new int[] {first, first + 1}, new int[] {first / 2, 2});
        double[] unused = transitions.kl(form);
        transitions.backward(
            new double[] {a[first], a[first + 1]}, new double[] {b[first], b[first + 1]});
      }
      GradientCheck.assertGradient(
          policy,
          GradientCheck.gradientOf(policy),
          () -> {
            double loss = 0;
            for (int first = 0; first < 4; first += 2) {
              transitions.forward(new int[] {first, first + 1}, new int[] {first / 2, 2});
              double[] p = transitions.logProbabilities();
              double[] d = transitions.kl(form);
              for (int n = 0; n < 2; n++) {
                loss += a[first + n] * p[n] + b[first + n] * d[n];
              }
            }
            return loss;
          },
          // The loss is known to 1e-6, its third derivative is of the gradient's size.
          0.02,
          5e-3);
    }
  }

  @Test
  void theSumsGradientIsTheMeansTimesTheElements() {
    LatentDiffusion view = model.with(model.options().withReduction(Reduction.SUM));
    try (DiffusionPolicy sums = DiffusionPolicy.lora(view, lora);
        Rollout rollout = rollout(policy.sampler())) {
      Transitions means = policy.transitions(rollout, 1);
      means.forward(new int[] {1}, new int[] {1});
      double mean = means.logProbabilities()[0];
      policy.begin();
      means.backward(new double[] {1}, null);
      Map<String, float[]> ofMean = GradientCheck.gradientOf(policy);
      Transitions summed = sums.transitions(rollout, 1);
      summed.forward(new int[] {1}, new int[] {1});
      // The same outputs, reduced in double precision.
      assertThat(summed.logProbabilities()[0]).isCloseTo(64 * mean, within(1e-9));
      sums.begin();
      summed.backward(new double[] {1}, null);
      Map<String, float[]> ofSum = GradientCheck.gradientOf(sums);
      assertThat(ofSum.keySet()).isEqualTo(ofMean.keySet());
      double largest = 0;
      for (Map.Entry<String, float[]> entry : ofMean.entrySet()) {
        float[] sum = Objects.requireNonNull(ofSum.get(entry.getKey()));
        for (int i = 0; i < sum.length; i++) {
          double expected = 64.0 * entry.getValue()[i];
          largest = Math.max(largest, Math.abs(expected));
          // 64 is a power of two: what flows back is the same but for its exponent.
          assertThat((double) sum[i])
              .isCloseTo(expected, within(1e-6 * Math.abs(expected) + 1e-12));
        }
      }
      assertThat(largest).isPositive();
    }
  }

  @Test
  void theGradientOfDenoisingErrorsIsThatOfDifferences() {
    GradientCheck.perturb(policy, Seed.of(4), 0.3);
    List<FloatBuffer> clean =
        IntStream.range(0, 3).mapToObj(i -> latents(Seed.of(10 + i))).toList();
    List<String> texts = List.of("a red cat", "", "a blue dog");
    List<Seed> seeds = Seed.of(5).splits(3);
    double[] a = {0.7, 1.2, -0.4};
    double[] b = {0.3, 0.9, 0.6};
    DenoisingExamples examples = policy.examples(4);
    policy.begin();
    examples.forward(clean, texts, seeds);
    double[] unused = examples.differences();
    examples.backward(a, b);
    GradientCheck.assertGradient(
        policy,
        GradientCheck.gradientOf(policy),
        () -> {
          examples.forward(clean, texts, seeds);
          double[] errors = examples.errors();
          double[] differences = examples.differences();
          double loss = 0;
          for (int n = 0; n < 3; n++) {
            loss += a[n] * errors[n] + b[n] * differences[n];
          }
          return loss;
        },
        0.02,
        5e-3);
  }

  private static FloatBuffer latents(Seed seed) {
    float[] values = new float[64];
    seed.gaussian(0, values);
    return FloatBuffer.wrap(values);
  }

  @Test
  void anUpdateMovesTheSamplerAndNotTheReference() {
    List<Prompt> prompts = TinyModel.prompts(2);
    var before = policy.sampler().generate(prompts, Seed.of(6));
    try (Rollout rollout = rollout(policy.sampler())) {
      Transitions transitions = policy.transitions(rollout, 4);
      for (int i = 0; i < 3; i++) {
        policy.begin();
        transitions.forward(new int[] {0, 1, 2, 3}, new int[] {0, 1, 2, 0});
        transitions.backward(new double[] {-1, -1, 1, 1}, null);
        assertThat(policy.update()).isPositive();
      }
    }
    assertThat(policy.updates()).isEqualTo(3);
    assertThat(policy.reference().generate(prompts, Seed.of(6))).isEqualTo(before);
    try (Rollout moved = policy.sampler().rollout(prompts, Seed.of(6));
        Rollout still = policy.reference().rollout(prompts, Seed.of(6))) {
      assertThat(moved.latents().equalsWithEps(still.latents(), 1e-7)).isFalse();
    }
  }

  @Test
  void fullWeightsKeepACopyOfThePreTrainedModelWhenAskedInTime() {
    try (DiffusionPolicy full = DiffusionPolicy.fullWeights(model);
        Rollout rollout = rollout(full.sampler());
        Rollout before = full.reference().rollout(TinyModel.prompts(2), Seed.of(6))) {
      full.begin();
      Transitions transitions = full.transitions(rollout, 2);
      transitions.forward(new int[] {0, 1}, new int[] {0, 1});
      transitions.backward(new double[] {1, -1}, null);
      double unused = full.update();
      try (Rollout after = full.reference().rollout(TinyModel.prompts(2), Seed.of(6));
          Rollout moved = full.sampler().rollout(TinyModel.prompts(2), Seed.of(6))) {
        assertThat(after.latents()).isEqualTo(before.latents());
        assertThat(moved.latents()).isNotEqualTo(before.latents());
      }
    }
  }

  @Test
  void aReferenceThatIsAskedForTooLateIsAnError() {
    try (DiffusionPolicy full = DiffusionPolicy.fullWeights(model);
        Rollout rollout = rollout(full.sampler())) {
      full.begin();
      Transitions transitions = full.transitions(rollout, 1);
      transitions.forward(new int[] {0}, new int[] {0});
      transitions.backward(new double[] {1}, null);
      double unused = full.update();
      assertThatThrownBy(full::reference)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("after 1 updates: call keepReference() before training");
    }
  }

  @Test
  void anotherModelMayBeTheReference() {
    try (LatentDiffusion other = TinyModel.create(Seed.of(9));
        Rollout rollout = rollout(policy.sampler())) {
      policy.useReference(other);
      Transitions transitions = policy.transitions(rollout, 1);
      transitions.forward(new int[] {0}, new int[] {1});
      assertThat(transitions.kl(KlForm.EXACT)[0]).isGreaterThan(1e-6);
    }
  }

  @Test
  void aReferenceThatPredictsSomethingElseIsAnError() {
    try (LatentDiffusion other = TinyModel.create(Seed.of(9))) {
      Components its = other.components();
      LatentDiffusion velocity =
          LatentDiffusion.of(
              new Components(
                  its.unet(),
                  its.vae(),
                  its.textEncoder(),
                  its.tokenizer(),
                  its.scheduler().with("prediction_type", "v_prediction").with("beta_end", 0.02)));
      assertThatThrownBy(() -> policy.useReference(velocity))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prediction_type are EPSILON and V_PREDICTION")
          .hasMessageContaining("noise schedule are 1000 levels");
    }
  }

  @Test
  void aRolloutOfAnotherShapeIsAnError() {
    SamplingOptions wide = model.options().withHeight(16).withWidth(16);
    try (DiffusionPolicy large = DiffusionPolicy.lora(model.with(wide), lora);
        Rollout rollout = rollout(policy.sampler())) {
      assertThatThrownBy(() -> large.transitions(rollout, 1))
          .hasMessageContaining("the rollout's images are 8 x 8 pixels with 4 channels")
          .hasMessageContaining("the policy's are 16 x 16 pixels with 4");
    }
  }

  @Test
  void theDivergenceSpentIsTheSumOverStepsAndElementsAveragedOverImages() {
    GradientCheck.perturb(policy, Seed.of(4), 0.3);
    try (Rollout rollout = rollout(policy.sampler())) {
      Transitions transitions = policy.transitions(rollout, 4);
      double sum = 0;
      for (int t = 0; t < 3; t++) {
        transitions.forward(new int[] {0, 1, 2, 3}, new int[] {t, t, t, t});
        for (double mean : transitions.kl(KlForm.EXACT)) {
          sum += 64 * mean / 4;
        }
      }
      // Other micro-batches: float rounding of the U-Net.
      assertThat(policy.klToReference(rollout, 5)).isCloseTo(sum, within(1e-4 * sum));
    }
  }

  @Test
  void aRolloutOfOtherStepsIsAnError() {
    try (Rollout rollout = rollout(model.with(model.options().withSteps(2)))) {
      assertThatThrownBy(() -> policy.transitions(rollout, 1))
          .hasMessage(
              "the rollout was sampled at timesteps [501, 1], but the policy steps through"
                  + " [667, 334, 1]: sample it with policy.sampler()");
    }
  }

  @Test
  void aDeterministicPolicyHasNoLikelihood() {
    try (DiffusionPolicy none =
        DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora)) {
      assertThatThrownBy(none::denoisingSteps)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no log-probability")
          .hasMessageContaining("eta above 0");
    }
  }

  @Test
  void aFailedSeriesOfUpdatesLeavesEverythingAsItWas(@TempDir Path folder) throws IOException {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora().withEma(Optional.of(Ema.Options.defaults()));
    try (DiffusionPolicy own = DiffusionPolicy.lora(model, lora, options);
        Rollout rollout = rollout(own.sampler())) {
      update(own, rollout);
      own.save(Files.createDirectory(folder.resolve("before")));
      assertThatThrownBy(
              () ->
                  own.atomically(
                      2,
                      () -> {
                        update(own, rollout);
                        throw new DivergedException("step 2", "the loss of image 0 is NaN");
                      }))
          .isInstanceOf(DivergedException.class);
      own.save(Files.createDirectory(folder.resolve("after")));
      assertThat(folder.resolve("after/checkpoint.json"))
          .hasSameTextualContentAs(folder.resolve("before/checkpoint.json")); // with the digests
    }
  }

  @Test
  void whatIsRestoredGoesOnBitForBit(@TempDir Path folder) throws IOException {
    try (Rollout rollout = rollout(policy.sampler())) {
      update(policy, rollout);
      policy.save(Files.createDirectory(folder.resolve("one")));
      update(policy, rollout);
      policy.save(Files.createDirectory(folder.resolve("two")));
      policy.restore(folder.resolve("one"));
      assertThat(policy.updates()).isEqualTo(1);
      update(policy, rollout);
      policy.save(Files.createDirectory(folder.resolve("again")));
      assertThat(folder.resolve("again/checkpoint.json"))
          .hasSameTextualContentAs(folder.resolve("two/checkpoint.json"));
    }
  }

  @Test
  void aCheckpointOfAnotherRunIsAnError(@TempDir Path folder) {
    policy.save(folder);
    try (DiffusionPolicy other =
        DiffusionPolicy.lora(
            model.with(model.options().withGuidanceScale(5)),
            lora,
            DiffusionPolicy.Options.lora().withLearningRate(1e-3))) {
      assertThatThrownBy(() -> other.restore(folder))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("guidanceScale is 3.0 in the checkpoint and 5.0 now")
          .hasMessageContaining(
              "only these may change: adamW.epsilon, learningRate, maxGradientNorm");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-SA-u-nu-arab", "hi-IN-u-nu-deva"})
  void aCheckpointIsRestoredUnderAnotherDefaultLocale(String tag, @TempDir Path folder) {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag(tag));
      policy.save(folder);
      Locale.setDefault(Locale.ROOT);
      try (DiffusionPolicy again = DiffusionPolicy.lora(model, lora)) {
        again.restore(folder);
        assertThat(again.updates()).isZero();
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aViewWithAnAdapterOfItsOwnIsAnError() {
    LatentDiffusion view = model.with(model.execution().withAdapter(lora));
    assertThatThrownBy(() -> DiffusionPolicy.fullWeights(view))
        .hasMessageContaining("with an adapter of its own");
  }

  @Test
  void anUpdateWithoutAGradientIsAnError() {
    assertThatThrownBy(policy::update)
        .hasMessage("there is no gradient: a backward comes before an update");
  }

  @Test
  void theAverageIsInTheWeightsPlaceForAsLongAsItIsAskedFor() {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora().withEma(Optional.of(new Ema.Options(1, false)));
    try (DiffusionPolicy own = DiffusionPolicy.lora(model, lora, options);
        Rollout rollout = rollout(own.sampler())) {
      float[] first = flat(own);
      update(own, rollout);
      float[] trained = flat(own);
      own.withAverages(() -> assertThat(flat(own)).isEqualTo(first)); // a decay of 1 keeps all
      assertThat(flat(own)).isEqualTo(trained).isNotEqualTo(first);
    }
  }

  private static float[] flat(DiffusionPolicy policy) {
    FloatBuffer all = FloatBuffer.allocate(1 << 16);
    policy.parameters().values().forEach(values -> all.put(values.duplicate()));
    return java.util.Arrays.copyOf(all.array(), all.position());
  }

  private static void update(DiffusionPolicy policy, Rollout rollout) {
    Transitions transitions = policy.transitions(rollout, 2);
    policy.begin();
    transitions.forward(new int[] {0, 1}, new int[] {0, 2});
    transitions.backward(new double[] {1, -1}, null);
    double unused = policy.update();
    assertThat(FloatBuffers.of(rollout.latents()).hasRemaining()).isTrue();
  }
}

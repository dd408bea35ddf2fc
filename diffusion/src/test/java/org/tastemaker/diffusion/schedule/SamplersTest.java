package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Seed;

/** Reference numbers of the formulas, and the cases in which the answer is known. */
class SamplersTest {
  private static final SchedulerConfig CONFIG = SchedulerConfig.stableDiffusion();
  private static final int SIZE = 64;

  private static FloatBuffer gaussian(int stream) {
    float[] values = new float[SIZE];
    Seed.of(7).gaussian(stream, values);
    return FloatBuffer.wrap(values);
  }

  @ParameterizedTest
  @CsvSource({
    "50, 0, 981, .45446327",
    "50, 25, 481, .28768527",
    "50, 49, 1, .02064832",
    "20, 0, 951, .64439101",
    "20, 10, 451, .40155296",
    "20, 19, 1, .02064832"
  })
  void ddposDeviationsAreTheKnownOnes(int steps, int index, int timestep, double sigma) {
    SamplingRun run = DdimScheduler.of(CONFIG, DdimScheduler.Options.ddpo()).begin(steps);
    assertThat(run.steps().get(index).timestep()).isEqualTo(timestep);
    // The references have eight decimals.
    assertThat(run.steps().get(index).coefficients().sigma()).isCloseTo(sigma, within(5.1e-9));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 981, 961, .00577550, .00728173, .206536866",
    "25, 481, 461, .30229566, .33084564, ",
    "49, 1, 0, .99829603, .99915000, 4.26353126e-4"
  })
  void ddposStepsGoBetweenTheKnownNoiseLevels(
      int index,
      int timestep,
      int previous,
      double abar,
      double abarPrevious,
      @Nullable Double variance) {
    SamplingStep step =
        DdimScheduler.of(CONFIG, DdimScheduler.Options.ddpo()).begin(50).steps().get(index);
    StepCoefficients c = step.coefficients();
    // Half of the references' last decimal, and what squaring a root rounds.
    assertThat(step.timestep()).isEqualTo(timestep);
    assertThat(step.signalScale() * step.signalScale()).isCloseTo(abar, within(5.1e-9));
    assertThat(NoiseSchedule.of(CONFIG).alphaCumprod(previous))
        .isCloseTo(abarPrevious, within(5.1e-9));
    assertThat(c.meanFromX0() * c.meanFromX0()).isCloseTo(abarPrevious, within(5.1e-9));
    if (variance != null) {
      assertThat(c.sigma() * c.sigma()).isCloseTo(variance, withinPercentage(2.5e-7));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, .13135", "25, .07057", "49, .50319"})
  void theKlFactorsAreTheKnownOnes(int index, double factor) {
    SamplingRun run = DdimScheduler.of(CONFIG, DdimScheduler.Options.ddpo()).begin(50);
    // The references have five decimals.
    assertThat(run.steps().get(index).coefficients().klFactor()).isCloseTo(factor, within(5.1e-6));
  }

  @Test
  void diffusersAndDdpoDifferInTheLastStepAlone() {
    SchedulerConfig toOne = CONFIG.with("set_alpha_to_one", true);
    SamplingRun ddpo = DdimScheduler.of(toOne, DdimScheduler.Options.ddpo()).begin(10);
    SamplingRun diffusers =
        DdimScheduler.of(toOne, new DdimScheduler.Options(1, DdimScheduler.FinalStep.DIFFUSERS))
            .begin(10);
    assertThat(ddpo.steps().subList(0, 9)).isEqualTo(diffusers.steps().subList(0, 9));
    assertThat(ddpo.steps().get(9).coefficients().sigma()).isPositive();
    assertThat(diffusers.steps().get(9).coefficients().sigma()).isZero();
    assertThatThrownBy(diffusers::requireLogProbabilities)
        .hasMessageContaining("step 9 (timestep 1.0) is deterministic (sigma = 0)")
        .hasMessageContaining("FinalStep.DDPO");
    assertThat(ddpo.requireLogProbabilities()).isSameAs(ddpo);
  }

  @Test
  void aScheduleThatSamplesTimestepZeroHasNoLogProbabilityThere() {
    SamplingRun run =
        DdimScheduler.of(CONFIG.with("steps_offset", 0), DdimScheduler.Options.ddpo()).begin(10);
    assertThatThrownBy(run::requireLogProbabilities)
        .hasMessageContaining("step 9 (timestep 0.0)")
        .hasMessageContaining("steps_offset of at least 1");
  }

  @Test
  void aDeterministicStepNamesItselfWhenAskedForItsLogProbability() {
    SamplingRun run = DdimScheduler.of(CONFIG).begin(10);
    FloatBuffer x = gaussian(0);
    assertThatThrownBy(() -> run.step(3, Reduction.MEAN, x, x, x, x, new double[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "step 3 (timestep 601.0): the log-probability of a deterministic step");
  }

  /** Every sampler with every prediction type, ending on the clean sample without adding noise. */
  static Stream<Arguments> samplers() {
    List<SchedulerKind> kinds =
        List.of(
            SchedulerKind.DDIM, SchedulerKind.DPM_SOLVER_MULTISTEP, SchedulerKind.EULER_DISCRETE);
    return kinds.stream()
        .flatMap(
            kind ->
                Stream.of(TimestepSpacing.values())
                    // DDIM's steps do not meet there: its previous timestep is t - T / n.
                    .filter(s -> kind != SchedulerKind.DDIM || s != TimestepSpacing.LINSPACE)
                    .flatMap(
                        spacing ->
                            Stream.of(PredictionType.values())
                                .map(type -> Arguments.of(kind, spacing, type))));
  }

  @ParameterizedTest
  @MethodSource("samplers")
  void theTrueAnswerLeadsBackToTheCleanSample(
      SchedulerKind kind, TimestepSpacing spacing, PredictionType type) {
    SchedulerConfig config =
        CONFIG
            .with("set_alpha_to_one", true)
            .with("timestep_spacing", spacing.key())
            .with("prediction_type", type.key())
            .as(kind);
    SamplingRun run = Schedulers.of(config).begin(20, .7);
    assertThat(run.steps()).hasSize(14);
    FloatBuffer clean = gaussian(1);
    FloatBuffer noise = gaussian(2);
    FloatBuffer sample = FloatBuffer.allocate(SIZE);
    FloatBuffer output = FloatBuffer.allocate(SIZE);
    run.addNoise(clean, noise, sample);
    for (int i = 0; i < run.steps().size(); i++) {
      SamplingStep step = run.steps().get(i);
      double norm = Math.hypot(step.signalScale(), step.noiseScale());
      double a = step.signalScale() / norm;
      double s = step.noiseScale() / norm;
      for (int j = 0; j < SIZE; j++) {
        double x0 = clean.get(j);
        double e = noise.get(j);
        // The path of the true answer is straight: every sample is the clean one with this noise.
        // Five roundings to single precision, of values up to about 10.
        assertThat((double) sample.get(j))
            .isCloseTo(step.signalScale() * x0 + step.noiseScale() * e, within(2e-5));
        double o =
            switch (type) {
              case EPSILON -> e;
              case SAMPLE -> x0;
              case V_PREDICTION -> a * e - s * x0;
            };
        output.put(j, (float) o);
      }
      run.step(i, output, sample, null, sample);
    }
    for (int j = 0; j < SIZE; j++) {
      assertThat(sample.get(j)).isCloseTo(clean.get(j), within(2e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"epsilon", "v_prediction", "sample"})
  void ddpmIsDdimWithEtaOne(String type) {
    SchedulerConfig config = CONFIG.with("prediction_type", type).with("set_alpha_to_one", true);
    SamplingRun ddim =
        DdimScheduler.of(config, new DdimScheduler.Options(1, DdimScheduler.FinalStep.DIFFUSERS))
            .begin(10);
    SamplingRun ddpm = DdpmScheduler.of(config).begin(10);
    FloatBuffer left = FloatBuffer.allocate(SIZE);
    FloatBuffer right = FloatBuffer.allocate(SIZE);
    for (int i = 0; i < 10; i++) {
      ddim.step(i, gaussian(1), gaussian(2), gaussian(3), left);
      ddpm.step(i, gaussian(1), gaussian(2), gaussian(3), right);
      for (int j = 0; j < SIZE; j++) {
        // The same number by two formulas, rounded once to single precision.
        assertThat(left.get(j)).isCloseTo(right.get(j), within(2e-6f));
      }
    }
  }

  @Test
  void ddpmsLargeVarianceIsBeta() {
    SchedulerConfig config = CONFIG.as(SchedulerKind.DDPM).with("variance_type", "fixed_large");
    SamplingRun run = DdpmScheduler.of(config).begin(1000 / 2);
    NoiseSchedule noise = NoiseSchedule.of(config);
    double beta = 1 - noise.alphaCumprod(101) / noise.alphaCumprod(99);
    SamplingStep step =
        run.steps().stream().filter(s -> s.timestep() == 101).findFirst().orElseThrow();
    assertThat(step.coefficients().sigma()).isCloseTo(Math.sqrt(beta), within(1e-15));
  }

  @Test
  void dpmSolverOfOrderOneIsDeterministicDdim() {
    SchedulerConfig config = CONFIG.with("timestep_spacing", "trailing");
    SamplingRun ddim = DdimScheduler.of(config).begin(10);
    SamplingRun solver =
        DpmSolverScheduler.of(config.as(SchedulerKind.DPM_SOLVER_MULTISTEP).with("solver_order", 1))
            .begin(10);
    for (int i = 0; i < 9; i++) {
      StepCoefficients d = ddim.steps().get(i).coefficients();
      MemoryStep s = (MemoryStep) solver.steps().get(i).rule();
      double fromSample = s.next().ofSample() + s.next().ofX0() * s.x0().x0FromSample();
      double fromOutput = s.next().ofX0() * s.x0().x0FromOutput();
      assertThat(fromSample).isCloseTo(d.mean(1, 0), within(1e-12));
      assertThat(fromOutput).isCloseTo(d.mean(0, 1), within(1e-12));
    }
  }

  @Test
  void theMultistepSolverIsMoreAccurateThanTheOneStepOne() {
    // Data that are N(0, 1/4): the exact noise prediction is s x / (a^2 / 4 + s^2), and the exact
    // solution of the ODE scales the sample by the ratio of its deviations.
    double[] errors = new double[3];
    for (int order = 1; order <= 2; order++) {
      SchedulerConfig config =
          CONFIG
              .as(SchedulerKind.DPM_SOLVER_MULTISTEP)
              .with("solver_order", order)
              .with("use_karras_sigmas", true);
      SamplingRun run = DpmSolverScheduler.of(config).begin(20);
      FloatBuffer x = FloatBuffer.wrap(new float[] {1});
      for (int i = 0; i < 20; i++) {
        double a = run.steps().get(i).signalScale();
        double s = run.steps().get(i).noiseScale();
        float epsilon = (float) (s * x.get(0) / (a * a / 4 + s * s));
        run.step(i, FloatBuffer.wrap(new float[] {epsilon}), x, null, x);
      }
      double a = run.steps().get(0).signalScale();
      double s = run.steps().get(0).noiseScale();
      double exact = .5 / Math.sqrt(a * a / 4 + s * s);
      errors[order] = Math.abs(x.get(0) - exact) / exact;
    }
    assertThat(errors[2]).isLessThan(errors[1] / 4);
  }

  @Test
  void multistepRunsAreTakenInOrderAndMayBeginAgain() {
    SamplingRun run = DpmSolverScheduler.of(CONFIG).begin(5);
    FloatBuffer first = FloatBuffer.allocate(SIZE);
    FloatBuffer again = FloatBuffer.allocate(SIZE);
    run.step(0, gaussian(0), gaussian(1), null, first);
    run.step(1, gaussian(2), first, null, first);
    assertThatThrownBy(() -> run.step(3, gaussian(0), first, null, first))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the steps of a multistep run are taken in order: expected step 2 or 0, but was 3");
    run.step(0, gaussian(0), gaussian(1), null, again);
    run.step(1, gaussian(2), again, null, again);
    assertThat(again).isEqualTo(first);
  }

  @Test
  void eulerScalesTheStartAndTheModelsInput() {
    SamplingRun linspace = EulerScheduler.of(CONFIG).begin(10);
    double largest = NoiseSchedule.of(CONFIG).sigma(999);
    assertThat(linspace.initialNoiseScale()).isEqualTo(largest);
    FloatBuffer input = FloatBuffer.allocate(1);
    linspace.scaleInput(0, FloatBuffer.wrap(new float[] {2}), input);
    assertThat((double) input.get(0)).isCloseTo(2 / Math.sqrt(largest * largest + 1), within(1e-7));
    SamplingRun leading = EulerScheduler.of(CONFIG.with("timestep_spacing", "leading")).begin(10);
    assertThat(leading.initialNoiseScale())
        .isCloseTo(Math.hypot(NoiseSchedule.of(CONFIG).sigma(901), 1), within(1e-12));
  }

  @Test
  void eulersTimestepsAreFractionalWhereDiffusersOnesAre() {
    assertThat(EulerScheduler.of(CONFIG).begin(4).timesteps())
        .containsExactly(new double[] {999, 666, 333, 0}, within(1e-12));
    assertThat(EulerScheduler.of(CONFIG).begin(3).timesteps()[1]).isEqualTo(499.5);
    assertThat(DdimScheduler.of(CONFIG.with("timestep_spacing", "linspace")).begin(3).timesteps())
        .containsExactly(999, 500, 0);
  }

  @Test
  void karrasStepsKeepTheEndsOfTheNoiseLevels() {
    SchedulerConfig config =
        CONFIG.as(SchedulerKind.EULER_DISCRETE).with("use_karras_sigmas", true);
    SamplingRun run = EulerScheduler.of(config).begin(10);
    assertThat(run.timesteps()[0]).isCloseTo(999, within(1e-9));
    assertThat(run.timesteps()[9]).isCloseTo(0, within(1e-9));
    assertThat(run.initialNoiseScale())
        .isCloseTo(NoiseSchedule.of(config).sigma(999), within(1e-12));
  }

  @Test
  void trailingSpacingBeginsAtTheLastTimestepWhateverTheNumberOfSteps() {
    SchedulerConfig config = CONFIG.with("timestep_spacing", "trailing");
    // With 61 steps, a plain arange has 62 elements, the last of them below 0.
    for (int steps : new int[] {1, 3, 7, 61, 999, 1000}) {
      double[] timesteps = DdimScheduler.of(config).begin(steps).timesteps();
      assertThat(timesteps).hasSize(steps).startsWith(999);
      assertThat(timesteps[steps - 1]).isNotNegative();
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0", ".05, 0", ".1, 1", ".75, 7", "1, 10"})
  void strengthTellsHowManyStepsAreTaken(double strength, int taken) {
    List<SamplingStep> whole = DdimScheduler.of(CONFIG).begin(10).steps();
    List<SamplingStep> part = DdimScheduler.of(CONFIG).begin(10, strength).steps();
    assertThat(part).isEqualTo(whole.subList(10 - taken, 10));
  }

  @Test
  void withoutStepsTheImageStaysAsItIs() {
    FloatBuffer out = FloatBuffer.allocate(SIZE);
    EulerScheduler.of(CONFIG).begin(10, 0).addNoise(gaussian(1), gaussian(2), out);
    assertThat(out).isEqualTo(gaussian(1));
  }

  @Test
  void aMultistepRunThatStartsLateBeginsWithOrderOne() {
    SamplingRun run = DpmSolverScheduler.of(CONFIG).begin(20, .5);
    assertThat(((MemoryStep) run.steps().get(0).rule()).reads()).isZero();
    assertThat(((MemoryStep) run.steps().get(1).rule()).reads()).isOne();
  }

  @Test
  void aMultistepStepHasNoCoefficientsOfItsOwn() {
    SamplingStep step = DpmSolverScheduler.of(CONFIG).begin(10).steps().get(3);
    assertThatThrownBy(step::coefficients)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("step 3 (timestep 699.0)")
        .hasMessageContaining("take it with SamplingRun.step");
  }

  @Test
  void aLinspaceScheduleIsToldWhyItHasNoLogProbability() {
    SamplingRun run =
        DdimScheduler.of(CONFIG.with("timestep_spacing", "linspace"), DdimScheduler.Options.ddpo())
            .begin(10);
    assertThatThrownBy(run::requireLogProbabilities)
        .hasMessageContaining("step 9 (timestep 0.0) is at the smallest noise level")
        .hasMessageContaining("linspace always ends at timestep 0");
  }

  @Test
  void thresholdingBoundsEachImageByAQuantileOfItsOwn() {
    // x0 of the first image: 0.5, 1, 2, 4; with a quantile of 2/3 the bound is 2, so that it
    // becomes 0.25, 0.5, 1, 1. The second image is within [-1, 1], and stays.
    SchedulerConfig config =
        SchedulerConfig.of(
            SchedulerKind.DDIM,
            Map.of(
                "thresholding",
                true,
                "dynamic_thresholding_ratio",
                2. / 3,
                "sample_max_value",
                10.0,
                "prediction_type",
                "sample"));
    SamplingRun run = DdimScheduler.of(config).begin(1); // lands on x0 itself
    FloatBuffer output = FloatBuffer.wrap(new float[] {.5f, 1, 2, -4, .1f, .2f, .3f, -.4f});
    FloatBuffer out = FloatBuffer.allocate(8);
    run.step(
        new CpuStepKernel(),
        0,
        Reduction.MEAN,
        ModelOutput.of(output),
        FloatBuffer.allocate(8),
        new StepNoise(Seed.of(1).splits(2), 0),
        out,
        new double[0]);
    float[] expected = {.25f, .5f, 1, -1, .1f, .2f, .3f, -.4f};
    for (int i = 0; i < 8; i++) {
      assertThat(out.get(i)).isCloseTo(expected[i], within(1e-6f));
    }
  }

  @Test
  void aRunWithoutNoiseRepeatsItself() {
    SamplingRun run = DdimScheduler.of(CONFIG).begin(10);
    FloatBuffer left = FloatBuffer.allocate(SIZE);
    FloatBuffer right = FloatBuffer.allocate(SIZE);
    run.step(4, gaussian(0), gaussian(1), null, left);
    run.step(4, gaussian(0), gaussian(1), gaussian(2), right);
    assertThat(left).isEqualTo(right);
    assertThat(IntStream.range(0, 10))
        .allMatch(i -> run.steps().get(i).coefficients().sigma() == 0);
  }

  @ParameterizedTest
  @EnumSource
  void aNumberOfStepsOutsideTheTrainingStepsIsAnError(SchedulerKind kind) {
    Scheduler scheduler = Schedulers.of(CONFIG.as(kind));
    assertThatThrownBy(() -> scheduler.begin(0))
        .hasMessage(
            "the number of steps must be in [1, 1000], the number of training steps, but was 0");
    assertThatThrownBy(() -> scheduler.begin(1001)).hasMessageEndingWith("but was 1001");
    assertThatThrownBy(() -> scheduler.begin(10, 1.1))
        .hasMessage("strength must be in [0, 1], but was 1.1");
    assertThatThrownBy(() -> scheduler.begin(10, Double.NaN))
        .hasMessage("strength must be in [0, 1], but was NaN");
  }

  @Test
  void etaOutsideItsRangeIsAnError() {
    assertThatThrownBy(() -> new DdimScheduler.Options(-.1, DdimScheduler.FinalStep.DDPO))
        .hasMessage("eta must be in [0, 1], but was -0.1");
  }

  @Test
  void anOffsetPastTheLastTimestepIsAnError() {
    assertThatThrownBy(() -> DdimScheduler.of(CONFIG).begin(1000))
        .hasMessage(
            "step 0 would be at timestep 1000, but the model knows 0 to 999: take fewer steps, or a smaller steps_offset than 1");
  }

  @Test
  void stepsThatFallOnEachOtherAreAnError() {
    SchedulerConfig config =
        CONFIG.as(SchedulerKind.DPM_SOLVER_MULTISTEP).with("timestep_spacing", "leading");
    assertThatThrownBy(() -> DpmSolverScheduler.of(config).begin(1000))
        .hasMessage(
            "1000 steps with leading spacing do not fit into 1000 timesteps: take fewer steps");
  }

  @Test
  void predictingNoiseWhereThereIsNothingElseIsAnError() {
    SchedulerConfig config =
        CONFIG.with("rescale_betas_zero_snr", true).with("timestep_spacing", "trailing");
    assertThatThrownBy(() -> DdimScheduler.of(config).begin(10))
        .hasMessageContaining(
            "step 0 (timestep 999.0) cannot be taken with prediction_type epsilon: every coefficient must be finite");
  }

  @Test
  void lowSignalIsCutOffWhereTheConfigurationSaysSo() {
    SchedulerConfig config =
        CONFIG
            .as(SchedulerKind.DPM_SOLVER_MULTISTEP)
            .with("beta_schedule", "squaredcos_cap_v2")
            .with("lambda_min_clipped", -5.1);
    double first = DpmSolverScheduler.of(config).begin(10).timesteps()[0];
    NoiseSchedule noise = NoiseSchedule.of(config);
    assertThat(-Math.log(noise.sigma((int) first))).isGreaterThanOrEqualTo(-5.1);
    assertThat(-Math.log(noise.sigma((int) first + 1))).isLessThan(-5.1);
  }
}

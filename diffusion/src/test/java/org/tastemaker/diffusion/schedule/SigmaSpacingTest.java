package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Noise levels that do not follow from timesteps, against their formulas. */
class SigmaSpacingTest {
  private static final double EXACT = 1e-12;

  private static SchedulerConfig config(SchedulerKind kind, String setting, Object value) {
    return SchedulerConfig.stableDiffusion().as(kind).with(setting, value);
  }

  private static SigmaSchedule ofSteps(SchedulerConfig config, int steps) {
    return SigmaSchedule.ofSteps(config, NoiseSchedule.of(config), steps);
  }

  private static SigmaSchedule ofSolver(SchedulerConfig config, int steps) {
    return SigmaSchedule.ofSolver(config, NoiseSchedule.of(config), steps);
  }

  private static double sigma(SchedulerConfig config, int timestep) {
    return NoiseSchedule.of(config).sigma(timestep);
  }

  // ---- The beta distribution

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-6, 0.01, 0.25, 0.5, 0.75, 0.9, 0.999999, 1})
  void quantilesAreThoseOfDistributionsWithAClosedForm(double p) {
    assertThat(BetaQuantile.of(p, 1, 1)).isCloseTo(p, within(1e-11));
    double sine = Math.sin(Math.PI * p / 2);
    assertThat(BetaQuantile.of(p, 0.5, 0.5)).isCloseTo(sine * sine, within(1e-11)); // arcsine
    assertThat(BetaQuantile.of(p, 2, 1)).isCloseTo(Math.sqrt(p), within(1e-11));
    assertThat(BetaQuantile.of(p, 1, 3)).isCloseTo(1 - Math.cbrt(1 - p), within(1e-11));
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.03958440558878085",
    "0.25, 0.17568037865269498",
    "0.5, 0.5",
    "0.9, 0.9604155944112192"
  })
  void quantilesOfTheSamplersDistributionAreThoseOfSciPy(double p, double expected) {
    assertThat(BetaQuantile.of(p, 0.6, 0.6)).isCloseTo(expected, within(1e-11));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.3, 0.5, 0.8})
  void theDistributionOfTheSamplersIsTheIntegralOfItsDensity(double x) {
    // With x = u^2.5 the density x^-0.4 (1 - x)^-0.4 has no pole at 0: Simpson's rule over u. The
    // whole is twice the half, by symmetry.
    double part = integral(x);
    assertThat(BetaQuantile.probability(x, 0.6, 0.6))
        .isCloseTo(
            x <= 0.5 ? part / (2 * integral(0.5)) : 1 - integral(1 - x) / (2 * integral(.5)),
            within(1e-9));
  }

  private static double integral(double x) {
    double end = Math.pow(x, 0.6); // u = x^0.6, dx x^-0.4 = du / 0.6
    int n = 20_000;
    double sum = 0;
    for (int i = 0; i <= n; i++) {
      double u = end * i / n;
      double weight = i == 0 || i == n ? 1 : i % 2 == 0 ? 2 : 4;
      sum += weight * Math.pow(1 - Math.pow(u, 1 / 0.6), -0.4) / 0.6;
    }
    return sum * end / n / 3;
  }

  // ---- Levels

  @ParameterizedTest
  @EnumSource(
      value = SchedulerKind.class,
      names = {"EULER_DISCRETE", "HEUN_DISCRETE", "KDPM2_DISCRETE", "LMS_DISCRETE"})
  void betaLevelsAreQuantilesBetweenTheEnds(SchedulerKind kind) {
    SchedulerConfig config = config(kind, "use_beta_sigmas", true);
    SigmaSchedule schedule = ofSteps(config, 5);
    double largest = sigma(config, 999);
    double smallest = sigma(config, 0);
    for (int i = 0; i < 5; i++) {
      double share = BetaQuantile.of(1 - i / 4.0, 0.6, 0.6);
      assertThat(schedule.sigma(i))
          .isCloseTo(smallest + share * (largest - smallest), within(EXACT));
    }
    assertThat(schedule.sigma(2)).isCloseTo((smallest + largest) / 2, within(EXACT)); // symmetric
    assertThat(schedule.sigma(5)).isZero();
    assertThat(schedule.timestep(0)).isCloseTo(999, within(1e-9));
    assertThat(NoiseLevels.of(config, NoiseSchedule.of(config)).timestep(schedule.sigma(1)))
        .isEqualTo(schedule.timestep(1));
  }

  @ParameterizedTest
  @EnumSource(
      value = SchedulerKind.class,
      names = {
        "DPM_SOLVER_MULTISTEP",
        "DPM_SOLVER_SINGLESTEP",
        "UNIPC_MULTISTEP",
        "DEIS_MULTISTEP"
      })
  void betaLevelsOfSolversHaveTimestepsThatAreCutToWholeOnes(SchedulerKind kind) {
    SchedulerConfig config = config(kind, "use_beta_sigmas", true);
    SigmaSchedule schedule = ofSolver(config, 5);
    NoiseLevels levels = NoiseLevels.of(config, NoiseSchedule.of(config));
    for (int i = 0; i < 5; i++) {
      assertThat(schedule.timestep(i))
          .isEqualTo(Math.floor(levels.timestep(schedule.sigma(i)) + 1e-6));
    }
    assertThat(schedule.sigma(2))
        .isCloseTo((sigma(config, 0) + sigma(config, 999)) / 2, within(EXACT));
  }

  @Test
  void lusLevelsAreEvenInTheHalfLogSnrAndTheirTimestepsRounded() {
    SchedulerConfig config = config(SchedulerKind.DPM_SOLVER_MULTISTEP, "use_lu_lambdas", true);
    SigmaSchedule schedule = ofSolver(config, 6);
    double first = SigmaSchedule.lambda(sigma(config, 999));
    double last = SigmaSchedule.lambda(sigma(config, 0));
    NoiseLevels levels = NoiseLevels.of(config, NoiseSchedule.of(config));
    for (int i = 0; i < 6; i++) {
      assertThat(SigmaSchedule.lambda(schedule.sigma(i)))
          .isCloseTo(first + i / 5.0 * (last - first), within(EXACT));
      assertThat(schedule.timestep(i)).isEqualTo(Math.rint(levels.timestep(schedule.sigma(i))));
    }
  }

  @Test
  void logLinearLevelsAreOneMoreThanStepsAndEndAtTheSmallest() {
    SchedulerConfig config =
        config(SchedulerKind.EULER_DISCRETE, "interpolation_type", "log_linear");
    SigmaSchedule schedule = ofSteps(config, 4);
    double ratio = Math.pow(sigma(config, 0) / sigma(config, 999), 0.25);
    for (int i = 0; i <= 4; i++) {
      assertThat(schedule.sigma(i))
          .isCloseTo(sigma(config, 999) * Math.pow(ratio, i), within(EXACT));
    }
    // The model is told the spaced timesteps all the same, as in diffusers.
    assertThat(schedule.timesteps())
        .containsExactly(ofSteps(config.with("interpolation_type", "linear"), 4).timesteps());
  }

  @ParameterizedTest
  @CsvSource({"v_prediction, true", "epsilon, false"})
  void continuousTimestepsAreAQuarterOfTheLogOfTheLevelForVelocities(
      String prediction, boolean continuous) {
    SchedulerConfig config =
        config(SchedulerKind.EULER_DISCRETE, "timestep_type", "continuous")
            .with("prediction_type", prediction);
    SigmaSchedule schedule = ofSteps(config, 3);
    for (int i = 0; i < 3; i++) {
      assertThat(schedule.timestep(i) == 0.25 * Math.log(schedule.sigma(i))).isEqualTo(continuous);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DPM_SOLVER_MULTISTEP, use_lu_lambdas",
    "DPM_SOLVER_MULTISTEP, use_beta_sigmas",
    "UNIPC_MULTISTEP, use_beta_sigmas",
    "DEIS_MULTISTEP, use_beta_sigmas",
    "HEUN_DISCRETE, use_beta_sigmas",
    "LMS_DISCRETE, use_beta_sigmas"
  })
  void theirRunsSampleGaussianData(SchedulerKind kind, String flag) {
    // Data that are N(0, 1/4): the exact model, and the deviation that the sample must end with.
    SamplingRun run = Schedulers.of(config(kind, flag, true)).begin(60);
    FloatBuffer x = FloatBuffer.wrap(new float[] {1});
    double scale = run.initialNoiseScale();
    x.put(0, (float) scale);
    for (int i = 0; i < run.steps().size(); i++) {
      SamplingStep step = run.steps().get(i);
      double a = step.signalScale();
      double s = step.noiseScale();
      float epsilon = (float) (s * x.get(0) / (a * a / 4 + s * s));
      run.step(i, FloatBuffer.wrap(new float[] {epsilon}), x, null, x);
    }
    assertThat(x.get(0)).isCloseTo(0.5f, within(0.03f));
  }

  @Test
  void settingsOfOtherClassesAreAsTheyWere() {
    assertThat(new SchedulerConfig(SchedulerKind.DDIM, Map.of("use_beta_sigmas", true)).kind())
        .isEqualTo(SchedulerKind.DDIM);
  }
}

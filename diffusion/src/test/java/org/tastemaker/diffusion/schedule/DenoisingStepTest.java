package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tastemaker.core.Seed;

class DenoisingStepTest {
  private static final int IMAGES = 3;
  private static final int SIZE = 20;

  private final FloatBuffer output = gaussian(0);
  private final FloatBuffer sample = gaussian(1);
  private final FloatBuffer noise = gaussian(2);

  private static FloatBuffer gaussian(int stream) {
    float[] values = new float[IMAGES * SIZE];
    Seed.of(11).gaussian(stream, values);
    return FloatBuffer.wrap(values);
  }

  private static FloatBuffer empty() {
    return FloatBuffer.allocate(IMAGES * SIZE);
  }

  private static StepCoefficients step(PredictionType type, boolean clip, int i) {
    SchedulerConfig config =
        SchedulerConfig.stableDiffusion()
            .with("prediction_type", type.key())
            .with("clip_sample", clip);
    return DdimScheduler.of(config, DdimScheduler.Options.ddpo())
        .begin(10)
        .steps()
        .get(i)
        .coefficients();
  }

  static Stream<Arguments> steps() {
    return Stream.of(PredictionType.values())
        .flatMap(
            type ->
                Stream.of(true, false)
                    .flatMap(
                        clip ->
                            Stream.of(Reduction.values())
                                .map(r -> Arguments.of(step(type, clip, 7), r))));
  }

  @ParameterizedTest
  @MethodSource("steps")
  void theGradientIsTheSlopeOfTheLogProbability(StepCoefficients c, Reduction reduction) {
    FloatBuffer previous = empty();
    DenoisingStep.sample(c, output, sample, noise, previous);
    double[] weights = {1, -2, .5};
    FloatBuffer gradient = empty();
    DenoisingStep.logProbabilityGradient(c, reduction, output, sample, previous, weights, gradient);
    for (int i = 0; i < IMAGES * SIZE; i++) {
      float at = output.get(i);
      // The log-probability is piecewise quadratic, so a central difference is exact but for
      // rounding: means of about 1 in single precision (6e-8) over sigma squared (0.1) and 2 h,
      // times a weight of 2, summed for two ends.
      // The step is a power of two near the value's own precision, so that at + h is exact.
      float h = 0x1p-8f;
      output.put(i, at + h);
      double plusAt = output.get(i);
      double plus = weighted(c, reduction, previous, weights);
      output.put(i, at - h);
      double minusAt = output.get(i);
      double minus = weighted(c, reduction, previous, weights);
      output.put(i, at);
      boolean acrossTheClip =
          c.meanByOutput(sample.get(i), plusAt) != c.meanByOutput(sample.get(i), minusAt);
      double slope = (plus - minus) / (plusAt - minusAt);
      if (!acrossTheClip) {
        assertThat((double) gradient.get(i))
            .isCloseTo(slope, within(2e-4 * Math.max(1, Math.abs(slope))));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("steps")
  void singlePrecisionIsNearTheFormulasInDoublePrecision(StepCoefficients c, Reduction reduction) {
    FloatBuffer previous = empty();
    double[] logProbabilities = new double[IMAGES];
    DenoisingStep.sample(c, reduction, output, sample, noise, previous, logProbabilities);
    double[] weights = {1, -2, .5};
    FloatBuffer gradient = empty();
    DenoisingStep.logProbabilityGradient(c, reduction, output, sample, previous, weights, gradient);
    double elements = reduction == Reduction.MEAN ? SIZE : 1;
    for (int n = 0; n < IMAGES; n++) {
      double sum = 0;
      for (int i = n * SIZE; i < (n + 1) * SIZE; i++) {
        double mean = c.mean(sample.get(i), output.get(i));
        double z = (previous.get(i) - mean) / c.sigma();
        // Values of a few units, each operation rounded to 6e-8 of them.
        assertThat((double) previous.get(i))
            .isCloseTo(mean + c.sigma() * noise.get(i), within(2e-6));
        double slope =
            weights[n] * z / (c.sigma() * elements) * c.meanByOutput(sample.get(i), output.get(i));
        // An error of 1e-6 in the difference from the mean, over sigma squared.
        assertThat((double) gradient.get(i))
            .isCloseTo(
                slope, within(1e-6 * Math.abs(weights[n]) / (c.sigma() * c.sigma() * elements)));
        sum -= z * z / 2 + Math.log(c.sigma() * Math.sqrt(2 * Math.PI));
      }
      assertThat(logProbabilities[n])
          .isCloseTo(sum / elements, within(1e-5 * Math.max(1, Math.abs(sum / elements))));
    }
  }

  private double weighted(
      StepCoefficients c, Reduction reduction, FloatBuffer previous, double[] weights) {
    double[] logProbabilities = new double[IMAGES];
    DenoisingStep.logProbability(c, reduction, output, sample, previous, logProbabilities);
    double sum = 0;
    for (int n = 0; n < IMAGES; n++) {
      sum += weights[n] * logProbabilities[n];
    }
    return sum;
  }

  @Test
  void clippingReachesTheMeanAndStopsTheGradient() {
    StepCoefficients free = step(PredictionType.SAMPLE, false, 7);
    StepCoefficients clipped = step(PredictionType.SAMPLE, true, 7);
    assertThat(clipped.x0(0, 5)).isEqualTo(1);
    assertThat(clipped.x0(0, -5)).isEqualTo(-1);
    assertThat(clipped.mean(0, .5)).isEqualTo(free.mean(0, .5));
    assertThat(clipped.meanByOutput(0, 5)).isEqualTo(clipped.meanFromOutput());
    assertThat(clipped.meanByOutput(0, 1))
        .isEqualTo(clipped.meanFromX0() + clipped.meanFromOutput());
  }

  @ParameterizedTest
  @MethodSource("steps")
  void aReplayOfTheSamePolicyHasTheSameLogProbabilityToTheLastBit(
      StepCoefficients c, Reduction reduction) {
    FloatBuffer previous = empty();
    double[] drawn = new double[IMAGES];
    double[] replayed = new double[IMAGES];
    DenoisingStep.sample(c, reduction, output, sample, noise, previous, drawn);
    DenoisingStep.logProbability(c, reduction, output, sample, previous, replayed);
    assertThat(replayed).isEqualTo(drawn);
  }

  @Test
  void theLogProbabilityOfTheMeanIsTheDensitysPeak() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 7);
    FloatBuffer previous = empty();
    double[] logProbabilities = new double[IMAGES];
    DenoisingStep.sample(c, Reduction.MEAN, output, sample, empty(), previous, logProbabilities);
    double peak = -Math.log(c.sigma() * Math.sqrt(2 * Math.PI));
    for (double logProbability : logProbabilities) {
      // The rounding of the sample to single precision, squared, over sigma squared.
      assertThat(logProbability).isCloseTo(peak, within(1e-10));
    }
  }

  @Test
  void anImagesResultDoesNotDependOnItsBatch() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 7);
    FloatBuffer together = empty();
    double[] all = new double[IMAGES];
    DenoisingStep.sample(c, Reduction.SUM, output, sample, noise, together, all);
    for (int n = 0; n < IMAGES; n++) {
      double[] one = new double[1];
      FloatBuffer alone = FloatBuffer.allocate(SIZE);
      DenoisingStep.sample(
          c, Reduction.SUM, image(output, n), image(sample, n), image(noise, n), alone, one);
      assertThat(one[0]).isEqualTo(all[n]);
      assertThat(alone).isEqualTo(image(together, n));
    }
  }

  private static FloatBuffer image(FloatBuffer batch, int n) {
    return batch.slice(n * SIZE, SIZE);
  }

  @Test
  void theResultMayReplaceTheSampleAndBuffersMayBeDirectAndOffset() {
    StepCoefficients c = step(PredictionType.V_PREDICTION, false, 3);
    FloatBuffer expected = empty();
    DenoisingStep.sample(c, output, sample, noise, expected);
    FloatBuffer direct =
        ByteBuffer.allocateDirect(4 * (IMAGES * SIZE + 5))
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer()
            .position(5);
    direct.put(sample.duplicate()).position(5);
    DenoisingStep.sample(c, output, direct, noise, direct);
    assertThat(direct.position()).isEqualTo(5);
    assertThat(direct).isEqualTo(expected);
  }

  @Test
  void guidanceMovesFromTheUnconditionalOutputPastTheConditionalOne() {
    FloatBuffer guided = empty();
    Guidance.guide(7.5, output, sample, guided);
    for (int i = 0; i < IMAGES * SIZE; i++) {
      double u = output.get(i);
      double c = sample.get(i);
      assertThat(guided.get(i))
          .isCloseTo((float) (u + 7.5 * (c - u)), within(4e-6f)); // values up to 30, rounded twice
    }
    Guidance.guide(1, output, sample, guided);
    assertThat(guided).isEqualTo(sample);
  }

  @Test
  void guidanceSplitsItsGradient() {
    FloatBuffer u = empty();
    FloatBuffer c = empty();
    Guidance.gradient(5, noise, u, c);
    for (int i = 0; i < IMAGES * SIZE; i++) {
      assertThat(u.get(i)).isEqualTo(-4 * noise.get(i));
      assertThat(c.get(i)).isEqualTo(5 * noise.get(i));
    }
    assertThatThrownBy(() -> Guidance.guide(Double.NaN, u, c, c))
        .hasMessage("guidance scale must be finite, but was NaN");
  }

  @Test
  void noiseIsNeededWhereTheStepAddsIt() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 3);
    assertThatThrownBy(() -> DenoisingStep.sample(c, output, sample, null, empty()))
        .hasMessageContaining("but no noise was given");
  }

  @Test
  void sizesThatDoNotMatchAreAnErrorBeforeAnythingIsWritten() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 3);
    FloatBuffer small = FloatBuffer.allocate(7);
    FloatBuffer previous = empty();
    assertThatThrownBy(() -> DenoisingStep.sample(c, output, small, noise, previous))
        .hasMessage("sample must hold 60 elements like the others, but holds 7");
    assertThatThrownBy(() -> DenoisingStep.sample(c, output, sample, small, previous))
        .hasMessage("noise must hold 60 elements like the others, but holds 7");
    assertThatThrownBy(
            () ->
                DenoisingStep.logProbability(
                    c, Reduction.MEAN, output, sample, noise, new double[7]))
        .hasMessage("60 elements are not a whole number for each of 7 images");
    assertThatThrownBy(
            () ->
                DenoisingStep.logProbabilityGradient(
                    c, Reduction.MEAN, output, sample, noise, new double[3], small))
        .hasMessage("gradient must hold 60 elements like the others, but holds 7");
    assertThat(previous).isEqualTo(empty());
  }

  @Test
  void aDeterministicStepHasNoLogProbabilityAndNoDivergence() {
    StepCoefficients c =
        DdimScheduler.of(SchedulerConfig.stableDiffusion()).begin(10).steps().get(0).coefficients();
    assertThatThrownBy(
            () ->
                DenoisingStep.logProbability(
                    c, Reduction.MEAN, output, sample, noise, new double[3]))
        .hasMessageContaining("a deterministic step (sigma = 0) is not defined");
    assertThatThrownBy(c::klFactor).hasMessageContaining("deterministic step");
  }

  @Test
  void theDivergenceIsItsFactorTimesTheSquaredDifferenceOfTheOutputs() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 4);
    double[] sums = new double[IMAGES];
    double[] means = new double[IMAGES];
    StepKl.kl(c, Reduction.SUM, output, noise, sample, sums);
    StepKl.kl(c, Reduction.MEAN, output, noise, sample, means);
    for (int n = 0; n < IMAGES; n++) {
      double squares = 0;
      for (int i = n * SIZE; i < (n + 1) * SIZE; i++) {
        squares += Math.pow((double) output.get(i) - noise.get(i), 2);
      }
      // Double precision; the two means' difference cancels some digits.
      assertThat(sums[n]).isCloseTo(c.klFactor() * squares, within(1e-10 * sums[n]));
      assertThat(means[n]).isCloseTo(sums[n] / SIZE, within(1e-12 * sums[n]));
    }
  }

  @ParameterizedTest
  @MethodSource("steps")
  void theGradientOfTheDivergenceIsItsSlopeAndIsAdded(StepCoefficients c, Reduction reduction) {
    double[] weights = {1, -2, .5};
    FloatBuffer gradient = empty();
    for (int i = 0; i < gradient.capacity(); i++) {
      gradient.put(i, 3);
    }
    StepKl.addGradient(c, reduction, output, noise, sample, weights, gradient);
    for (int i = 0; i < IMAGES * SIZE; i++) {
      float at = output.get(i);
      float h = 0x1p-8f; // piecewise quadratic, as for the log-probability
      output.put(i, at + h);
      double plusAt = output.get(i);
      double plus = weightedDivergence(c, reduction, weights);
      output.put(i, at - h);
      double minusAt = output.get(i);
      double minus = weightedDivergence(c, reduction, weights);
      output.put(i, at);
      double slope = (plus - minus) / (plusAt - minusAt);
      if (c.meanByOutput(sample.get(i), plusAt) == c.meanByOutput(sample.get(i), minusAt)) {
        assertThat(gradient.get(i) - 3.0)
            .isCloseTo(slope, within(1e-6 * Math.max(1, Math.abs(slope))));
      }
    }
  }

  private double weightedDivergence(StepCoefficients c, Reduction reduction, double[] weights) {
    double[] divergences = new double[IMAGES];
    StepKl.kl(c, reduction, output, noise, sample, divergences);
    double sum = 0;
    for (int n = 0; n < IMAGES; n++) {
      sum += weights[n] * divergences[n];
    }
    return sum;
  }
}

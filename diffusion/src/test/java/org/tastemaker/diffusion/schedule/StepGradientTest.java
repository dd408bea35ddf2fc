package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

class StepGradientTest {
  private static final int SIZE = 32;

  private final float[] output = gaussian(1);
  private final float[] sample = gaussian(2);
  private final float[] noise = gaussian(3);
  private final float[] byPrevious = gaussian(4);

  private static float[] gaussian(long key) {
    float[] values = new float[SIZE];
    Seed.of(key).gaussian(0, values);
    return values;
  }

  /** Steps of each prediction type, one that clips, and their predictions of x0. */
  private static List<StepCoefficients> steps() {
    List<StepCoefficients> steps = new java.util.ArrayList<>();
    for (PredictionType type : PredictionType.values()) {
      StepCoefficients.Prediction p = StepCoefficients.prediction(type, 0.4);
      for (double clip : new double[] {Double.POSITIVE_INFINITY, 1}) {
        StepCoefficients step =
            new StepCoefficients(
                p.x0FromSample(),
                p.x0FromOutput(),
                clip,
                0.7,
                0.5 * p.noiseFromSample(),
                0.5 * p.noiseFromOutput(),
                0.3);
        steps.add(step);
        steps.add(step.toCleanSample());
      }
    }
    return steps;
  }

  private double loss(StepCoefficients c) {
    FloatBuffer previous = FloatBuffer.allocate(SIZE);
    DenoisingStep.sample(
        c, FloatBuffer.wrap(output), FloatBuffer.wrap(sample), FloatBuffer.wrap(noise), previous);
    double sum = 0;
    for (int i = 0; i < SIZE; i++) {
      sum += (double) byPrevious[i] * previous.get(i);
    }
    return sum;
  }

  private double difference(StepCoefficients c, float[] values, int i) {
    float kept = values[i];
    float h = 1f / 1024;
    values[i] = kept + h;
    double up = loss(c);
    values[i] = kept - h;
    double down = loss(c);
    values[i] = kept;
    return (up - down) / (2 * h);
  }

  @Test
  void theGradientIsThatOfTheStepWithItsNoiseHeldFixed() {
    for (StepCoefficients c : steps()) {
      FloatBuffer byOutput = FloatBuffer.allocate(SIZE);
      FloatBuffer bySample = FloatBuffer.allocate(SIZE);
      StepGradient.backward(
          c,
          FloatBuffer.wrap(output),
          FloatBuffer.wrap(sample),
          FloatBuffer.wrap(byPrevious),
          byOutput,
          bySample);
      for (int i = 0; i < SIZE; i++) {
        double x0 = c.x0FromSample() * sample[i] + c.x0FromOutput() * output[i];
        if (Math.abs(Math.abs(x0) - c.clip()) < 0.01) {
          continue; // the corner has no derivative
        }
        // a float sample of order 1 has a rounding of 1e-7, divided by 2 h = 2e-3
        assertThat((double) byOutput.get(i)).isCloseTo(difference(c, output, i), within(5e-4));
        assertThat((double) bySample.get(i)).isCloseTo(difference(c, sample, i), within(5e-4));
      }
    }
  }

  @Test
  void thePredictionIsTheOneThatTheStepMakes() {
    StepCoefficients.Prediction p =
        StepCoefficients.prediction(PredictionType.EPSILON, 0.30229566098601607);
    StepCoefficients step =
        new StepCoefficients(p.x0FromSample(), p.x0FromOutput(), 1.5, 0.7, 0.1, 0.2, 0.3);
    FloatBuffer clean = FloatBuffer.allocate(SIZE);
    DenoisingStep.sample(
        step.toCleanSample(), FloatBuffer.wrap(output), FloatBuffer.wrap(sample), null, clean);
    for (int i = 0; i < SIZE; i++) {
      // float arithmetic of numbers of order 1
      assertThat((double) clean.get(i)).isCloseTo(step.x0(sample[i], output[i]), within(1e-6));
    }
  }

  @Test
  void theGradientMayTakeThePlaceOfWhatItIsMadeOf() {
    StepCoefficients c = steps().get(2);
    FloatBuffer byOutput = FloatBuffer.allocate(SIZE);
    FloatBuffer bySample = FloatBuffer.allocate(SIZE);
    FloatBuffer o = FloatBuffer.wrap(output);
    FloatBuffer x = FloatBuffer.wrap(sample);
    StepGradient.backward(c, o, x, FloatBuffer.wrap(byPrevious), byOutput, bySample);
    FloatBuffer inPlace = FloatBuffer.wrap(byPrevious.clone());
    FloatBuffer again = FloatBuffer.allocate(SIZE);
    StepGradient.backward(c, o, x, inPlace, again, inPlace);
    assertThat(inPlace).isEqualTo(bySample);
    assertThat(again).isEqualTo(byOutput);
  }

  @Test
  void sizesThatDoNotMatchAreSaid() {
    FloatBuffer all = FloatBuffer.allocate(SIZE);
    assertThatThrownBy(
            () ->
                StepGradient.backward(
                    steps().get(0), all, all, all, all, FloatBuffer.allocate(SIZE - 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("bySample must hold 32 elements like the others, but holds 31");
  }
}

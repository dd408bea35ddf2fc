package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

class VaeObjectiveTest {
  private static final int SIZE = 7;

  /** A step that numbers of order 1 take exactly in single precision. */
  private static final double H = 0x1p-8;

  private static FloatBuffer normal(int stream) {
    float[] values = new float[SIZE];
    Seed.of(1).gaussian(stream, values);
    for (int i = 0; i < SIZE; i++) {
      values[i] = Math.round(values[i] * 1024) / 1024f; // so that adding H is exact
    }
    return FloatBuffer.wrap(values);
  }

  private static FloatBuffer zeros() {
    return FloatBuffer.allocate(SIZE);
  }

  private static void check(
      FloatBuffer gradient, FloatBuffer at, ToDoubleFunction<FloatBuffer> function) {
    for (int i = 0; i < SIZE; i++) {
      float middle = at.get(i);
      double up = function.applyAsDouble(at.put(i, (float) (middle + H)));
      double down = function.applyAsDouble(at.put(i, (float) (middle - H)));
      at.put(i, middle);
      // The error of a central difference is h^2 f''' / 6, below 1e-5 here; and 2^-24 / h where a
      // result is single precision.
      assertThat((double) gradient.get(i)).isCloseTo((up - down) / (2 * H), within(5e-5));
    }
  }

  @Test
  void theGradientOfTheAbsoluteErrorIsItsNumericOne() {
    FloatBuffer x = normal(0);
    FloatBuffer decoded = normal(1);
    FloatBuffer gradient = zeros();
    VaeObjective.l1(decoded, x, 3, gradient);
    check(gradient, decoded, d -> 3 * VaeObjective.l1(d, x, 0, zeros()));
  }

  @Test
  void theAbsoluteErrorHasNoGradientWhereThereIsNoError() {
    FloatBuffer gradient = zeros();
    assertThat(VaeObjective.l1(normal(0), normal(0), 1, gradient)).isZero();
    assertThat(gradient).isEqualTo(zeros());
  }

  @Test
  void theGradientOfTheSquareIsItsNumericOne() {
    FloatBuffer x = normal(0);
    FloatBuffer decoded = normal(1);
    FloatBuffer gradient = zeros();
    VaeObjective.mse(decoded, x, 3, gradient);
    check(gradient, decoded, d -> 3 * VaeObjective.mse(d, x, 0, zeros()));
  }

  @Test
  void theGradientsOfTheDivergenceAreItsNumericOnes() {
    FloatBuffer mean = normal(2);
    FloatBuffer logvar = normal(3);
    FloatBuffer dMean = zeros();
    FloatBuffer dLogvar = zeros();
    VaeObjective.kl(mean, logvar, 2, dMean, dLogvar);
    check(dMean, mean, m -> 2 * VaeObjective.kl(m, logvar, 0, zeros(), zeros()));
    check(dLogvar, logvar, l -> 2 * VaeObjective.kl(mean, l, 0, zeros(), zeros()));
  }

  @Test
  void theDivergenceIsThatOfTwoNormalDistributions() {
    FloatBuffer one = FloatBuffer.wrap(new float[] {1});
    FloatBuffer ofFour = FloatBuffer.wrap(new float[] {(float) Math.log(4)});
    FloatBuffer unused = FloatBuffer.allocate(1);
    // KL(N(1, 4) | N(0, 1)) = (1 + 4 - 1 - ln 4) / 2; single precision of the logarithm.
    assertThat(VaeObjective.kl(one, ofFour, 0, unused, unused))
        .isCloseTo((4 - Math.log(4)) / 2, within(1e-6));
    FloatBuffer zero = FloatBuffer.allocate(1);
    assertThat(VaeObjective.kl(zero, zero.duplicate(), 0, unused, unused)).isZero();
  }

  @Test
  void theSamplesGradientIsItsNumericOne() {
    FloatBuffer mean = normal(2);
    FloatBuffer logvar = normal(3);
    FloatBuffer noise = normal(4);
    FloatBuffer dz = normal(5);
    FloatBuffer dMean = zeros();
    FloatBuffer dLogvar = zeros();
    VaeObjective.sampleGradient(dz, logvar, noise, dMean, dLogvar);
    check(dMean, mean, m -> dot(dz, sample(m, logvar, noise)));
    check(dLogvar, logvar, l -> dot(dz, sample(mean, l, noise)));
  }

  private static FloatBuffer sample(FloatBuffer mean, FloatBuffer logvar, FloatBuffer noise) {
    FloatBuffer z = zeros();
    VaeObjective.sample(mean, logvar, noise, z);
    return z;
  }

  private static double dot(FloatBuffer a, FloatBuffer b) {
    double sum = 0;
    for (int i = 0; i < SIZE; i++) {
      sum += (double) a.get(i) * b.get(i);
    }
    return sum;
  }
}

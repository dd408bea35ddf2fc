package org.tastemaker.optim.nft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContrastTest {
  private static final int N = 8;
  private static final double ABAR = 0.30229566;
  private static final double SIGNAL = Math.sqrt(ABAR);
  private static final double NOISE = Math.sqrt(1 - ABAR);

  /** Of the numbers as floats, whose rounding of 6e-8 the terms carry about ten times. */
  private static final double ROUNDING = 1e-6;

  private static final double[] EPSILON = wave(0.3, 1);
  private static final double[] NEW = plus(EPSILON, wave(1.1, 0.10));
  private static final double[] OLD = plus(EPSILON, wave(1.4, 0.12));
  private static final double[] CLEAN = wave(0.7, 1);
  private static final double[] NOISY = new double[N];

  static {
    Arrays.setAll(NOISY, i -> SIGNAL * CLEAN[i] + NOISE * EPSILON[i]);
  }

  private static double[] wave(double phase, double scale) {
    double[] values = new double[N];
    Arrays.setAll(values, i -> scale * Math.sin(1.7 * i + phase));
    return values;
  }

  private static double[] plus(double[] a, double[] b) {
    double[] sum = new double[N];
    Arrays.setAll(sum, i -> a[i] + b[i]);
    return sum;
  }

  private static FloatBuffer floats(double[] values) {
    FloatBuffer floats = FloatBuffer.allocate(values.length);
    for (int i = 0; i < values.length; i++) {
      floats.put(i, (float) values[i]);
    }
    return floats;
  }

  private static Contrast contrast(double rho, double beta, double[] output, FloatBuffer gradient) {
    return Contrast.of(
        rho,
        new Contrast.Terms(1 / SIGNAL, -NOISE / SIGNAL, beta, 5),
        floats(NOISY),
        floats(CLEAN),
        floats(output),
        floats(OLD),
        1,
        gradient);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, .12519808671108165, .17740612352392454, .7043024887746727",
    "1, -2, .12519808671108165, .17740612352392454, .8087185624003583",
    "1, 5, .12519808671108165, .17740612352392454, .6259904335554083",
    ".1, 2, .14733477438664216, .15361340123674375, 7.460918122083631",
    ".1, -2, .14733477438664216, .15361340123674375, 7.586490659085663",
    ".1, 5, .14733477438664216, .15361340123674375, 7.366738719332107"
  })
  void theLossIsTheReferenceNumber(
      double beta, double advantage, double positive, double negative, double loss) {
    double rho = Optimality.ALL.probability(advantage, 5);
    Contrast contrast = contrast(rho, beta, NEW, FloatBuffer.allocate(N));
    assertThat(contrast.positive()).isCloseTo(positive, within(ROUNDING));
    assertThat(contrast.negative()).isCloseTo(negative, within(ROUNDING));
    assertThat(contrast.loss()).isCloseTo(loss, within(ROUNDING * 10 / beta));
  }

  @Test
  void theGradientIsThatOfTheLossWithItsWeightsHeldFixed() {
    double rho = 0.7;
    double beta = 0.5;
    FloatBuffer gradient = FloatBuffer.allocate(N);
    Contrast at = contrast(rho, beta, NEW, gradient);
    // The loss is (5 / beta) [rho squares+ / w+ + ...] with constant w: multiply it out again.
    double upWeight = weight(true, beta, NEW);
    double downWeight = weight(false, beta, NEW);
    double step = 1e-3;
    for (int i = 0; i < N; i++) {
      double[] above = NEW.clone();
      double[] below = NEW.clone();
      above[i] += step;
      below[i] -= step;
      double slope =
          (5 / beta)
              * (rho * (squares(true, beta, above) - squares(true, beta, below)) / upWeight
                  + (1 - rho)
                      * (squares(false, beta, above) - squares(false, beta, below))
                      / downWeight)
              / (2 * step);
      assertThat(gradient.get(i)).isCloseTo((float) slope, within(1e-5f));
    }
    assertThat(at.loss()).isPositive();
  }

  private static double estimate(boolean up, double beta, double[] output, int i) {
    double mixed =
        up ? beta * output[i] + (1 - beta) * OLD[i] : (1 + beta) * OLD[i] - beta * output[i];
    return (NOISY[i] - NOISE * mixed) / SIGNAL - CLEAN[i];
  }

  private static double squares(boolean up, double beta, double[] output) {
    double sum = 0;
    for (int i = 0; i < N; i++) {
      sum += Math.pow(estimate(up, beta, output, i), 2);
    }
    return sum / N;
  }

  private static double weight(boolean up, double beta, double[] output) {
    double sum = 0;
    for (int i = 0; i < N; i++) {
      sum += Math.abs(estimate(up, beta, output, i));
    }
    return sum / N;
  }

  @Test
  void anImageThatIsNeitherGoodNorBadPullsNowhereFromTheOldPolicy() {
    FloatBuffer gradient = FloatBuffer.allocate(N);
    Contrast unused = contrast(0.5, 1, OLD, gradient);
    for (int i = 0; i < N; i++) {
      assertThat(gradient.get(i)).isZero();
    }
  }
}

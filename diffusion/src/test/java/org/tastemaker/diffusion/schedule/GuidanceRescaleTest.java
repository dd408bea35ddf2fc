package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuidanceRescaleTest {
  /** Of two images: deviations 1 and 2. */
  private final FloatBuffer conditional = FloatBuffer.wrap(new float[] {-1, 1, -1, 1, 5, 1, 5, 1});

  /** Deviations 3 and 8, means 0 and 8. */
  private final FloatBuffer guided = FloatBuffer.wrap(new float[] {3, -3, 3, -3, 0, 16, 0, 16});

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 0.7, 1})
  void eachImageIsScaledByItsOwnRatioOfDeviations(double phi) {
    float[] before = guided.array().clone();
    Guidance.rescale(phi, 2, conditional, guided);
    for (int i = 0; i < 8; i++) {
      double ratio = i < 4 ? 1 / 3.0 : 2 / 8.0;
      double expected = phi * before[i] * ratio + (1 - phi) * before[i];
      assertThat((double) guided.get(i)).isCloseTo(expected, within(1e-6));
    }
  }

  @Test
  void anImageWithoutDeviationStaysAsItIs() {
    FloatBuffer flat = FloatBuffer.wrap(new float[] {2, 2, 2, 2});
    Guidance.rescale(1, 1, FloatBuffer.wrap(new float[] {1, 2, 3, 4}), flat);
    assertThat(flat.array()).containsOnly(2);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void aFactorOutsideTheUnitIntervalIsRefused(double phi) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Guidance.rescale(phi, 2, conditional, guided))
        .withMessage("rescale must be in [0, 1], but was " + phi);
  }
}

package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.DivergedException;

class GradientClipTest {
  private final Map<String, FloatBuffer> gradients = new LinkedHashMap<>();

  @Test
  void theNormIsTakenOverAllGradientsTogether() {
    gradients.put("a", FloatBuffer.wrap(new float[] {3, 0}));
    gradients.put("b", FloatBuffer.wrap(new float[] {0, -4}));
    assertThat(GradientClip.byGlobalNorm(1, gradients)).isEqualTo(5);
    // PyTorch's factor, 1 / (5 + 1e-6), in single precision.
    assertThat(gradients.get("a").get(0)).isCloseTo((float) (3 / 5.000001), within(6e-8f));
    assertThat(gradients.get("b").get(1)).isCloseTo((float) (-4 / 5.000001), within(6e-8f));
  }

  @Test
  void aSmallNormIsLeftAsItIs() {
    gradients.put("a", FloatBuffer.wrap(new float[] {.1f, .2f}));
    assertThat(GradientClip.byGlobalNorm(1, gradients)).isCloseTo(Math.sqrt(.05), within(1e-8));
    assertThat(gradients.get("a")).isEqualTo(FloatBuffer.wrap(new float[] {.1f, .2f}));
  }

  @Test
  void gradientsThatAreNotFiniteStopTheUpdateAndNameTheParameter() {
    gradients.put("a", FloatBuffer.wrap(new float[] {30}));
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      gradients.put("unet.conv_in.weight", FloatBuffer.wrap(new float[] {1, bad}));
      assertThatThrownBy(() -> GradientClip.byGlobalNorm(1, gradients))
          .isInstanceOf(DivergedException.class)
          .hasMessageStartingWith(
              "clipping the gradient: the gradient of unet.conv_in.weight is not finite");
    }
    assertThat(gradients.get("a")).isEqualTo(FloatBuffer.wrap(new float[] {30}));
  }

  @Test
  void aNormOfZeroIsNoReasonToDivideByIt() {
    gradients.put("a", FloatBuffer.wrap(new float[] {0}));
    assertThat(GradientClip.byGlobalNorm(1, gradients)).isZero();
    assertThat(gradients.get("a").get(0)).isZero();
    assertThatThrownBy(() -> GradientClip.byGlobalNorm(0, gradients))
        .hasMessage("maxNorm must be above 0, but was 0.0");
  }
}

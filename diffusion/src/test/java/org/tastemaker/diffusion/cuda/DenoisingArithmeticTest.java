package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.schedule.StepNoise;

/** The pieces of denoising_step.h, each against what it stands for. */
@Tag("toolkit")
class DenoisingArithmeticTest {
  @Test
  void theLayoutOfTheArgumentsIsThatOfTheHeader() {
    assertThat(SoftwareDriver.function("softwareGpuArgumentBytes").invokeInt(new Object[0]))
        .isEqualTo(StepArguments.BYTES);
  }

  @Test
  void logarithmAndTurnAreAccurateForEveryArgumentThereIs() {
    double[] errors = new double[3];
    SoftwareDriver.function("softwareGpuNormalErrors").invokeVoid(new Object[] {errors});
    // Three roundings of float32, each at most 6e-8, on a polynomial of 5e-9.
    assertThat(errors[0]).isLessThan(2e-7);
    assertThat(errors[1]).isLessThan(1e-7);
    assertThat(errors[2]).isLessThan(1e-7);
  }

  @Test
  void theNoiseIsThatOfTheSeed() {
    // x + 0 o + 1 z, of x = 0: the kernel's previous is its noise
    StepCoefficients onlyNoise = new StepCoefficients(1, 0, Double.POSITIVE_INFINITY, 1, 0, 0, 1);
    int size = 100_003;
    List<Seed> seeds =
        List.of(Seed.of(0), Seed.of(-1), Seed.of(Long.MIN_VALUE), Seed.of(42).split(7));
    FloatBuffer zeros = FloatBuffer.allocate(seeds.size() * size);
    FloatBuffer drawn = FloatBuffer.allocate(seeds.size() * size);
    for (int stream : new int[] {0, 1, 50, Integer.MAX_VALUE}) {
      try (StepKernel kernel = SoftwareDriver.stepKernel()) {
        kernel.sample(
            onlyNoise,
            Reduction.MEAN,
            ModelOutput.of(zeros),
            zeros,
            new StepNoise(seeds, stream),
            drawn,
            new double[0]);
      }
      float[] expected = new float[size];
      double worst = 0;
      for (int n = 0; n < seeds.size(); n++) {
        seeds.get(n).gaussian(stream, expected);
        for (int i = 0; i < size; i++) {
          worst = Math.max(worst, Math.abs(drawn.get(n * size + i) - (double) expected[i]));
        }
      }
      // The errors above: a radius of at most 5.9 times 1e-7, and its own 1e-7.
      assertThat(worst).isLessThan(1e-6);
    }
  }

  @Test
  void halvesAreReadAndRoundedAsIeeeSays() {
    int all = 1 << 16;
    short[] bits = new short[all];
    float[] values = new float[all];
    java.util.random.RandomGenerator random = Seed.of(3).generator();
    for (int i = 0; i < all; i++) {
      bits[i] = (short) i;
      // every exponent from far below the subnormals to infinity, and ties
      float value = Float.intBitsToFloat(random.nextInt());
      values[i] = i % 4 == 0 ? tie(value) : value;
    }
    for (boolean bfloat16 : new boolean[] {false, true}) {
      float[] widened = new float[all];
      short[] narrowed = new short[all];
      SoftwareDriver.function("softwareGpuConvert")
          .invokeVoid(new Object[] {bfloat16 ? 1 : 0, all, bits, widened, values, narrowed});
      for (int i = 0; i < all; i++) {
        float expected = bfloat16 ? Float.intBitsToFloat(bits[i] << 16) : Halves.widen(bits[i]);
        assertThat(Float.floatToIntBits(widened[i])).isEqualTo(Float.floatToIntBits(expected));
        if (!Float.isNaN(values[i])) {
          int nearest = bfloat16 ? Halves.toBfloat16(values[i]) : Halves.toHalf(values[i]);
          assertThat(narrowed[i] & 0xFFFF).as("of %s", values[i]).isEqualTo(nearest);
        } else {
          float back =
              bfloat16 ? Float.intBitsToFloat(narrowed[i] << 16) : Halves.widen(narrowed[i]);
          assertThat(back).isNaN();
        }
      }
    }
  }

  /** A value half way between two halves, where it is one of their range. */
  private static float tie(float value) {
    return Float.intBitsToFloat((Float.floatToRawIntBits(value) & ~0xFFF) | 0x1000);
  }
}

package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.testing.TinyModel;

class DifferentiableDecoderTest {
  private static final int SIZE = 64; // 4 x 4 x 4
  private static final int PIXELS = 192; // 3 x 8 x 8

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final INDArray latents = Nd4j.create(DataType.FLOAT, 3, 4, 4, 4);
  private final FloatBuffer values = FloatBuffers.of(latents);

  DifferentiableDecoderTest() {
    float[] noise = new float[3 * SIZE];
    Seed.of(2).gaussian(0, noise);
    values.put(0, noise);
  }

  @AfterEach
  void close() {
    latents.close();
    model.close();
  }

  @Test
  void theImagesAreThoseOfTheModel() {
    List<Image> expected = model.decode(latents);
    try (DifferentiableDecoder decoder = model.decoder(3)) {
      FloatBuffer images = decoder.forward(values);
      assertThat(images.remaining()).isEqualTo(3 * PIXELS);
      for (int n = 0; n < 3; n++) {
        float[] pixels = expected.get(n).toFloats();
        for (int i = 0; i < PIXELS; i++) {
          // another compiled graph: float sums in another order
          assertThat(images.get(n * PIXELS + i)).isCloseTo(pixels[i], within(1e-5f));
        }
      }
    }
  }

  /** A loss of pixels, [2, 3, 8, 8], whose derivative by each is its weight. */
  private static double loss(FloatBuffer images, float[] weights) {
    double sum = 0;
    for (int i = 0; i < images.remaining(); i++) {
      sum += (double) weights[i] * images.get(i);
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "replay", "session"})
  void theGradientIsThatOfTheImages(String engine) {
    float[] weights = new float[2 * PIXELS];
    Seed.of(3).gaussian(0, weights);
    try (DifferentiableDecoder decoder = model.on(Engines.named(engine)).decoder(4)) {
      FloatBuffer two = values.slice(SIZE, 2 * SIZE); // two of four rows
      FloatBuffer images = decoder.forward(two);
      for (int i = 0; i < 2 * PIXELS; i++) {
        if (images.get(i) < 0.1 || images.get(i) > 0.9) {
          weights[i] = 0; // the difference would go around the clamp's corner
        }
      }
      assertThat(loss(images, weights)).isNotZero();
      FloatBuffer gradient = decoder.backward(FloatBuffer.wrap(weights));
      assertThat(gradient.remaining()).isEqualTo(2 * SIZE);
      float[] copy = new float[2 * SIZE];
      gradient.get(0, copy);
      float h = 1f / 64;
      for (int i = 0; i < copy.length; i += 11) {
        float kept = two.get(i);
        two.put(i, kept + h);
        double up = loss(decoder.forward(two), weights);
        two.put(i, kept - h);
        double down = loss(decoder.forward(two), weights);
        two.put(i, kept);
        // float pixels: 1e-7 times 20, divided by 2 h; and third derivatives times h^2 / 6
        assertThat((double) copy[i]).isCloseTo((up - down) / (2 * h), within(2e-3));
      }
    }
  }

  @Test
  void pixelsThatAreClampedHaveNoGradient() {
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, 50 * values.get(i)); // far outside of what is seen
    }
    try (DifferentiableDecoder decoder = model.decoder(1)) {
      FloatBuffer images = decoder.forward(values.slice(0, SIZE));
      float[] byClamped = new float[PIXELS];
      int clamped = 0;
      for (int i = 0; i < PIXELS; i++) {
        assertThat(images.get(i)).isBetween(0f, 1f);
        boolean ends = images.get(i) == 0 || images.get(i) == 1;
        byClamped[i] = ends ? 1 : 0;
        clamped += ends ? 1 : 0;
      }
      assertThat(clamped).isPositive();
      FloatBuffer gradient = decoder.backward(FloatBuffer.wrap(byClamped));
      for (int i = 0; i < SIZE; i++) {
        assertThat(gradient.get(i)).isZero();
      }
    }
  }

  @Test
  void badInputIsSaid() {
    assertThatThrownBy(() -> model.decoder(0)).hasMessage("rows must be at least 1, but was 0");
    try (DifferentiableDecoder decoder = model.decoder(2)) {
      assertThatThrownBy(() -> decoder.backward(FloatBuffer.allocate(PIXELS)))
          .isInstanceOf(IllegalStateException.class);
      for (int wrong : new int[] {0, SIZE + 1, 3 * SIZE}) {
        assertThatThrownBy(() -> decoder.forward(FloatBuffer.allocate(wrong)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage(
                "there must be latents of 1 to 2 images, each of 64 numbers, but there were "
                    + wrong
                    + " numbers");
      }
      FloatBuffer unused = decoder.forward(values.slice(0, SIZE));
      assertThatThrownBy(() -> decoder.backward(FloatBuffer.allocate(2 * PIXELS)))
          .hasMessage("the gradient by 1 images must have 192 numbers, but has 384");
    }
  }
}

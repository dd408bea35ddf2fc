package org.tastemaker.optim.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;

class ImageMeasuresTest {
  private static final double ROUNDING = 1e-6; // of float pixels

  private static void assertMeasure(Image image, Signal signal, double expected) {
    assertThat(ImageMeasures.of(image).get(signal)).isCloseTo(expected, within(ROUNDING));
  }

  @Test
  void aBlackImageIsDarkAndHasNoEdgesAndNoColours() {
    assertThat(ImageMeasures.of(Image.filled(8, 8, 0, 0, 0)))
        .isEqualTo(
            Map.of(
                Signal.DARK_PIXELS, 1.0,
                Signal.SATURATED_PIXELS, 0.0,
                Signal.EDGE_DENSITY, 0.0,
                Signal.COLOUR_ENTROPY, 0.0,
                Signal.BRIGHTNESS, 0.0));
  }

  @Test
  void pureColoursAreSaturatedAndGreysAreNot() {
    assertMeasure(Image.filled(4, 4, 1, 0, 0), Signal.SATURATED_PIXELS, 1);
    assertMeasure(Image.filled(4, 4, 0.9f, 0.9f, 0.05f), Signal.SATURATED_PIXELS, 1);
    assertMeasure(Image.filled(4, 4, 1, 1, 1), Signal.SATURATED_PIXELS, 0);
    assertMeasure(Image.filled(4, 4, 0.9f, 0.9f, 0.2f), Signal.SATURATED_PIXELS, 0);
    assertMeasure(Image.filled(4, 4, 0.1f, 0, 0), Signal.SATURATED_PIXELS, 0); // dark noise
  }

  @Test
  void brightnessIsTheMeanLuma() {
    assertMeasure(Image.filled(4, 4, 1, 0, 0), Signal.BRIGHTNESS, 0.299);
    assertMeasure(Image.filled(4, 4, 0, 1, 0), Signal.BRIGHTNESS, 0.587);
    assertMeasure(Image.filled(4, 4, 0, 0, 1), Signal.BRIGHTNESS, 0.114);
    assertMeasure(Image.of(1, 1, 2, new float[] {0.25f, 0.75f}), Signal.BRIGHTNESS, 0.5);
  }

  @Test
  void stripesHaveAnEdgeAtEveryChangeToTheRightOrBelow() {
    float[] stripes = new float[16];
    for (int i = 0; i < 16; i++) {
      stripes[i] = i % 4 < 2 ? 0 : 1; // two dark columns, two light ones
    }
    Image image = Image.of(1, 4, 4, stripes);
    assertMeasure(image, Signal.EDGE_DENSITY, 0.25);
    assertMeasure(image, Signal.DARK_PIXELS, 0.5);
    assertMeasure(image, Signal.COLOUR_ENTROPY, 1); // two colours, each half of the time
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 255, 256, 257, 700})
  void largeImagesAreLookedAtInEvenlySpacedPlaces(int size) {
    assertMeasure(Image.filled(size, size, 0.5f, 0.5f, 0.5f), Signal.BRIGHTNESS, 0.5);
    float[] half = new float[size * size];
    for (int i = 0; i < half.length; i++) {
      half[i] = i / size < size / 2 ? 1 : 0;
    }
    assertThat(ImageMeasures.of(Image.of(1, size, size, half)).get(Signal.DARK_PIXELS))
        .isCloseTo(size == 1 ? 1 : 0.5, within(0.01));
  }

  @Test
  void diversityIsTheMeanDistanceOfTheImagesOfAPrompt() {
    Prompt a = Prompt.of("a");
    Prompt b = Prompt.of("b");
    Image black = Image.filled(32, 48, 0, 0, 0);
    Image grey = Image.filled(32, 48, 0.5f, 0.5f, 0.5f);
    Image white = Image.filled(32, 48, 1, 1, 1);
    // Of a: 0.5, 1 and 0.5; of b, none to compare.
    assertThat(measures(List.of(a, b, a, a), List.of(black, white, grey, white)))
        .hasEntrySatisfying(
            Signal.DIVERSITY, d -> assertThat(d).isCloseTo(2.0 / 3, within(ROUNDING)));
    assertThat(measures(List.of(a, b), List.of(black, white))).doesNotContainKey(Signal.DIVERSITY);
    assertThat(measures(List.of(a, a), List.of(grey, grey))).containsEntry(Signal.DIVERSITY, 0.0);
  }

  @Test
  void theLatentsNormIsThatOfWhatIsDecoded() {
    Prompt a = Prompt.of("a");
    Image grey = Image.filled(2, 2, 0.5f, 0.5f, 0.5f);
    // The first latents are all 7; the last 3 and -3.
    assertThat(measures(List.of(a, a), List.of(grey, grey))).containsEntry(Signal.LATENT_NORM, 3.0);
  }

  private static Map<Signal, Double> measures(List<Prompt> prompts, List<Image> images) {
    int n = images.size();
    INDArray latents = Nd4j.create(DataType.FLOAT, 2, n, 1, 1, 2);
    for (int i = 0; i < 2 * n; i++) {
      latents.putScalar(i, 7);
      latents.putScalar(2L * n + i, i % 2 == 0 ? 3 : -3);
    }
    try (Rollout rollout =
        new Rollout(
            prompts,
            Seed.of(1).splits(n),
            images,
            latents,
            Nd4j.create(DataType.FLOAT, 1, n),
            List.of(1))) {
      return ImageMeasures.of(rollout);
    }
  }
}

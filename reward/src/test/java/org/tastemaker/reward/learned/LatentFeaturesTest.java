package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.reward.learned.LatentFeatures.Options;

class LatentFeaturesTest {
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final Prompt DOG = Prompt.of("a blue dog");
  private static final Image ONE = image(1);
  private static final Image OTHER = image(2);

  private static LatentDiffusion model;

  @BeforeAll
  static void makeModel() {
    model = TinyModel.ofReferenceSizes(Seed.of(1));
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  @Test
  void areTheLatentAndTheEmbeddingOfTheEndToken() {
    LatentFeatures features = LatentFeatures.of(model, "tiny", Options.defaults());

    float[][] rows = features.of(List.of(CAT), List.of(ONE));

    // the latent of 16 x 16 pixels is 4 x 8 x 8; the text encoder's vectors have 32 numbers
    assertThat(features.size()).isEqualTo(4 * 8 * 8 + 32);
    assertThat(rows[0]).hasSize(features.size());
    int[][] ids = {model.components().tokenizer().encode(CAT.text()).ids().toArray()};
    ClipTextModel clip = model.components().textEncoder();
    float[] hidden = clip.encode(ids, 0).data().asFloat();
    int end = clip.endOf(ids[0]).orElseThrow() * 32;
    try (INDArray latent = model.encode(List.of(ONE))) {
      assertThat(Arrays.copyOf(rows[0], 256)).isEqualTo(latent.data().asFloat());
      assertThat(Arrays.copyOfRange(rows[0], 256, 288))
          .isEqualTo(Arrays.copyOfRange(hidden, end, end + 32));
    }
  }

  @Test
  void aRowDependsOnItsOwnPairAlone() {
    LatentFeatures features = LatentFeatures.of(model, "tiny", Options.defaults());

    float[][] rows = features.of(List.of(CAT, DOG, CAT, DOG), List.of(ONE, ONE, OTHER, OTHER));

    assertThat(Arrays.copyOf(rows[0], 256)).isEqualTo(Arrays.copyOf(rows[1], 256));
    assertThat(Arrays.copyOf(rows[0], 256)).isNotEqualTo(Arrays.copyOf(rows[2], 256));
    assertThat(Arrays.copyOfRange(rows[0], 256, 288))
        .isEqualTo(Arrays.copyOfRange(rows[2], 256, 288))
        .isNotEqualTo(Arrays.copyOfRange(rows[1], 256, 288));
    float[] alone = features.of(List.of(DOG), List.of(OTHER))[0];
    for (int f = 0; f < alone.length; f++) {
      // float sums in another order: some 1e-6 of values of order 1
      assertThat(rows[3][f]).isCloseTo(alone[f], within(1e-4f));
    }
  }

  @Test
  void aGridIsTheMeanOfItsCells() {
    float[] whole =
        LatentFeatures.of(model, "tiny", Options.defaults()).of(List.of(CAT), List.of(ONE))[0];
    LatentFeatures features = LatentFeatures.of(model, "tiny", new Options(2));

    float[] pooled = features.of(List.of(CAT), List.of(ONE))[0];

    assertThat(features.size()).isEqualTo(4 * 2 * 2 + 32);
    double sum = 0; // channel 1, the cell below on the left: rows 4 to 7, columns 0 to 3
    for (int y = 4; y < 8; y++) {
      for (int x = 0; x < 4; x++) {
        sum += whole[64 + 8 * y + x];
      }
    }
    assertThat(pooled[4 + 2]).isCloseTo((float) (sum / 16), within(1e-6f));
  }

  @Test
  void theNameTellsModelSizeAndGrid() {
    assertThat(LatentFeatures.of(model, "tiny", new Options(2)).name())
        .isEqualTo("latent(tiny, 8 x 8, grid 2)");
  }

  @Test
  void badInputIsSaid() {
    assertThatThrownBy(() -> LatentFeatures.of(model, "tiny", new Options(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the grid's side must divide the latent's height and width, 8 and 8, but was 3");
    assertThatThrownBy(() -> new Options(-1)).hasMessage("grid must be at least 0, but was -1");
    assertThatThrownBy(() -> LatentFeatures.of(model, " ", Options.defaults()))
        .hasMessage("the model's name must not be blank");
    assertThatThrownBy(
            () ->
                LatentFeatures.of(model, "tiny", Options.defaults())
                    .of(List.of(CAT), List.of(Image.filled(8, 8, 0, 0, 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "these features are of images of 16 x 16 pixels, but one has 8 x 8; resize it first");
  }

  private static Image image(long key) {
    float[] pixels = new float[3 * 16 * 16];
    var random = Seed.of(key).generator();
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    return Image.of(3, 16, 16, pixels);
  }
}

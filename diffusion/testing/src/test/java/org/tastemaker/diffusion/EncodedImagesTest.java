package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.primitives.ImmutableIntArray;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.Condition.SizeIds;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.train.CaptionedLatents;

class EncodedImagesTest {
  private static final List<Image> FIVE =
      List.of(
          Image.filled(8, 8, 1, 0, 0),
          Image.filled(8, 8, 0, 1, 0),
          Image.filled(8, 8, 0, 0, 1),
          Image.filled(16, 16, 1, 1, 1), // scaled to 8 x 8
          Image.filled(8, 8, 0, 0, 0));

  private LatentDiffusion model;

  @BeforeEach
  void open() {
    model = TinyModel.create(Seed.of(1)); // encodes four at a time
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void aBatchHasTheRowsAndCaptionsThatWereAskedFor() {
    EncodedImages encoded = EncodedImages.of(model, FIVE);

    CaptionedLatents batch = encoded.batch(ImmutableIntArray.of(4, 0), List.of("a cat", "a dog"));

    CaptionedLatents expected =
        FineTuning.batch(model, List.of(FIVE.get(4), FIVE.get(0)), List.of("a cat", "a dog"));
    assertThat(encoded.size()).isEqualTo(5);
    assertThat(batch.latents().values()).isEqualTo(expected.latents().values());
    assertThat(batch.captions()).isEqualTo(expected.captions());
  }

  @Test
  void anXlIsToldTheSizesOfTheRows() {
    try (LatentDiffusion xl = TinyXl.base(Seed.of(1))) {
      EncodedImages encoded =
          EncodedImages.of(
              xl, List.of(Image.filled(24, 20, 1, 0, 0), Image.filled(32, 32, 0, 0, 1)));

      CaptionedLatents batch = encoded.batch(ImmutableIntArray.of(1, 0), List.of("a", "b"));

      assertThat(batch.xl().orElseThrow().sizes())
          .extracting(SizeIds::originalHeight)
          .containsExactly(32, 24);
      assertThat(batch.xl().orElseThrow().second()).hasSize(2);
    }
  }

  @Test
  void everyRowNeedsACaption() {
    EncodedImages encoded = EncodedImages.of(model, FIVE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> encoded.batch(ImmutableIntArray.of(1, 2), List.of("a cat")))
        .withMessage(
            "there must be at least one image and a caption for each, but there were 2 images and 1 captions");
  }

  @Test
  void aRowThatIsNotThereIsRefused() {
    EncodedImages encoded = EncodedImages.of(model, FIVE);
    assertThatThrownBy(() -> encoded.batch(ImmutableIntArray.of(5), List.of("a cat")))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("5");
  }
}

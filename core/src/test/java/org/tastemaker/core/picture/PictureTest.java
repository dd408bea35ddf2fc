package org.tastemaker.core.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.GraphicsEnvironment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;

class PictureTest {
  private static final Image RED = Image.filled(32, 32, 1, 0, 0);

  @Test
  void theTestsRunWithoutADisplay() {
    assertThat(GraphicsEnvironment.isHeadless()).isTrue();
  }

  @Test
  void aGridHoldsEachImageInItsCell() {
    Image blue = Image.filled(16, 32, 0, 0, 1);
    Image grid = ImageGrid.of(List.of(RED, blue, RED)).columns(2).cell(32).draw();

    assertThat(grid.width()).isEqualTo(6 + 2 * 38);
    assertThat(grid.height()).isEqualTo(6 + 2 * 38);
    assertThat(grid.get(0, 6 + 16, 6 + 16)).isEqualTo(1);
    assertThat(grid.get(2, 6 + 16, 6 + 38 + 16)).isEqualTo(1);
    assertThat(grid.get(0, 6 + 16, 6 + 38 + 16)).isZero();
    assertThat(grid.get(0, 6 + 2, 6 + 38 + 16)).isEqualTo(1); // white above the flat image
  }

  @Test
  void captionsAreDrawnUnderTheImagesAndCutToTwoLines() {
    Image bare = ImageGrid.of(List.of(RED)).cell(96).draw();
    Image captioned =
        ImageGrid.of(List.of(RED))
            .captions(List.of("a very long caption that cannot possibly fit under a small image"))
            .cell(96)
            .draw();

    assertThat(captioned.width()).isEqualTo(bare.width());
    assertThat(captioned.height()).isGreaterThan(bare.height());
    float darkest = 1;
    for (int y = 6 + 96 + 1; y < captioned.height(); y++) {
      for (int x = 0; x < captioned.width(); x++) {
        darkest = Math.min(darkest, captioned.get(0, y, x));
      }
    }
    assertThat(darkest).isLessThan(0.5f);
  }

  @Test
  void largeImagesAreScaledDownToTheCell() {
    assertThat(ImageGrid.of(List.of(Image.filled(200, 100, 0, 0, 0))).cell(50).draw().width())
        .isEqualTo(6 + 56);
  }

  @Test
  void aGridRefusesWhatItCannotDraw() {
    assertThatThrownBy(() -> ImageGrid.of(List.of())).hasMessageContaining("at least one image");
    assertThatThrownBy(() -> ImageGrid.of(List.of(RED)).captions(List.of("a", "b")))
        .hasMessage("a grid of 1 images needs as many captions, but there were 2");
    assertThatThrownBy(() -> ImageGrid.of(List.of(RED)).columns(0)).hasMessageContaining("given 0");
    assertThatThrownBy(() -> ImageGrid.of(List.of(RED)).cell(4)).hasMessageContaining("given 4");
  }
}

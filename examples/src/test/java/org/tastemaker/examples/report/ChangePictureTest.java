package org.tastemaker.examples.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;

class ChangePictureTest {
  /** Two halves of two images, each with a gap around it, the space between, and the edges. */
  private static final int WIDTH_OF_TWO = 2 * 210 + 24 + 2 * 4;

  private static Image grey(double level) {
    return Image.filled(4, 4, (float) level, (float) level, (float) level);
  }

  private static BeforeAfter pair(String prompt, long seed, double before, double after) {
    return new BeforeAfter(prompt, seed, grey(before), grey(after), "", "");
  }

  @Test
  void eachPromptIsARowWithBeforeOnTheLeftAndAfterOnTheRight() {
    Image picture =
        ChangePicture.draw(
            List.of(pair("a", 1, 0.2, 0.4), pair("b", 1, 0, 0.6), pair("a", 2, 0.8, 1)), 4);

    assertThat(picture.width()).isEqualTo(WIDTH_OF_TWO);
    assertThat(picture.height()).isEqualTo(40 + 2 * 130);
    int right = 4 + 210 + 24;
    assertThat(picture.get(0, 90, 4 + 50)).isEqualTo(51 / 255f);
    assertThat(picture.get(0, 90, 4 + 150)).isEqualTo(204 / 255f);
    assertThat(picture.get(0, 90, right + 50)).isEqualTo(102 / 255f);
    assertThat(picture.get(0, 90, right + 150)).isEqualTo(1);
    assertThat(picture.get(0, 220, 4 + 50)).isZero();
    assertThat(picture.get(0, 220, right + 50)).isEqualTo(153 / 255f);
  }

  @Test
  void noMoreThanAskedForOfEachPromptAreShown() {
    Image picture =
        ChangePicture.draw(List.of(pair("a", 1, 0, 0), pair("a", 2, 0, 0), pair("a", 3, 0, 0)), 2);

    assertThat(picture.width()).isEqualTo(WIDTH_OF_TWO);
  }

  @Test
  void aLongPromptIsShortened() {
    Image picture = ChangePicture.draw(List.of(pair("a very long prompt ".repeat(20), 1, 1, 1)), 1);

    // Between the halves there is the line, and no text.
    assertThat(picture.get(0, 160, 122)).isEqualTo(1);
  }

  @Test
  void noImagesAreRefused() {
    assertThatThrownBy(() -> ChangePicture.draw(List.of(), 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 pairs");
  }
}

package org.tastemaker.examples.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;

class ChangePictureTest {
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

    assertThat(picture.width()).isEqualTo(2 * 4 + 2 * 200 + 36);
    assertThat(picture.height()).isEqualTo(40 + 2 * 122);
    assertThat(picture.get(0, 90, 50)).isEqualTo(51 / 255f);
    assertThat(picture.get(0, 90, 150)).isEqualTo(204 / 255f);
    assertThat(picture.get(0, 90, 290)).isEqualTo(102 / 255f);
    assertThat(picture.get(0, 90, 390)).isEqualTo(1);
    assertThat(picture.get(0, 212, 50)).isZero();
    assertThat(picture.get(0, 212, 290)).isEqualTo(153 / 255f);
  }

  @Test
  void noMoreThanAskedForOfEachPromptAreShown() {
    Image picture =
        ChangePicture.draw(List.of(pair("a", 1, 0, 0), pair("a", 2, 0, 0), pair("a", 3, 0, 0)), 2);

    assertThat(picture.width()).isEqualTo(2 * 4 + 2 * 200 + 36);
  }

  @Test
  void aLongPromptIsShortened() {
    Image picture = ChangePicture.draw(List.of(pair("a very long prompt ".repeat(20), 1, 1, 1)), 1);

    // Between the halves there is the line, and no text.
    assertThat(picture.get(0, 148, 110)).isEqualTo(1);
  }

  @Test
  void noImagesAreRefused() {
    assertThatThrownBy(() -> ChangePicture.draw(List.of(), 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 pairs");
  }
}

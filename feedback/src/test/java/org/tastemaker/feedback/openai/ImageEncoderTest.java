package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Image;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;

class ImageEncoderTest {

  @ParameterizedTest
  @CsvSource({
    "32, 64, 128, 64, 128",
    "400, 100, 200, 200, 50",
    "3, 1000, 16, 1, 16",
    "9, 9, 0, 9, 9"
  })
  void theLongerSideIsBroughtToItsSize(
      int height, int width, int side, int newHeight, int newWidth) {
    EncodedImage encoded =
        new ImageEncoder(ImageForm.DEFAULT.withSide(side))
            .encode(Image.filled(height, width, 1, 0, 0));
    Image back = decoded(encoded);
    assertThat(back.height()).isEqualTo(newHeight).isEqualTo(encoded.height());
    assertThat(back.width()).isEqualTo(newWidth).isEqualTo(encoded.width());
  }

  @Test
  void aPngKeepsEveryPixel() {
    Image image = noise(17, 13);
    assertThat(decoded(new ImageEncoder(ImageForm.DEFAULT.withSide(0)).encode(image)))
        .isEqualTo(image);
  }

  @Test
  void aJpegIsSmallerForNoise() {
    Image image = noise(64, 64);
    ImageForm form = ImageForm.DEFAULT.withSide(0);
    assertThat(new ImageEncoder(form.asJpeg(0.5)).encode(image).dataUrl())
        .startsWith("data:image/jpeg;base64,")
        .hasSizeLessThan(new ImageEncoder(form).encode(image).dataUrl().length() / 2);
  }

  @Test
  void manyThreadsEncodeAnImageOnce() {
    ImageEncoder encoder = new ImageEncoder(ImageForm.DEFAULT);
    Image image = noise(64, 64);
    IntStream.range(0, 100).parallel().forEach(i -> encoder.encode(image));
    assertThat(encoder.encodings()).isEqualTo(1);
  }

  @Test
  void anImageTooLargeForTheApiIsRefusedWithTheWayOut() {
    // Noise does not compress: 2300 x 2300 x 3 bytes are 21 MB in base64.
    ImageEncoder encoder = new ImageEncoder(ImageForm.DEFAULT.withSide(0));
    Image image = noise(2300, 2300);
    assertThatThrownBy(() -> encoder.encode(image))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageStartingWith("an image of 2300 x 2300 pixels is too large for the API: as PNG")
        .hasMessageEndingWith("and 20971520 are allowed; choose a smaller side, or JPEG");
  }

  @Test
  void theDataUrlStandsInNoText() {
    assertThat(new ImageEncoder(ImageForm.DEFAULT.withSide(0)).encode(noise(8, 8)).toString())
        .startsWith("EncodedImage[8 x 8, ")
        .doesNotContain("base64");
  }

  @Test
  void formsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> ImageForm.DEFAULT.withSide(15))
        .hasMessage(
            "the longer side of an image must be 16 to 4096 pixels, or 0 for its own size, but was"
                + " 15");
    assertThatThrownBy(() -> ImageForm.DEFAULT.asJpeg(1.5))
        .hasMessage("a JPEG's quality must be in [0, 1], but was 1.5");
  }

  private static Image decoded(EncodedImage encoded) {
    String url = encoded.dataUrl();
    return Image.fromBytes(Base64.getDecoder().decode(url.substring(url.indexOf(',') + 1)));
  }

  /** Of 8 bits a value, so that a PNG holds it exactly. */
  private static Image noise(int height, int width) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[3 * height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(256) / 255f;
    }
    return Image.of(3, height, width, values);
  }
}

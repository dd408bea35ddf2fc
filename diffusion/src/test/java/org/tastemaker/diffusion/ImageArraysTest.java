package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;

class ImageArraysTest {
  /** A 2 x 3 image whose 18 values are all different multiples of 1/255. */
  private static Image sample() {
    float[] chw = new float[18];
    for (int i = 0; i < 18; i++) {
      chw[i] = i * 13 / 255f;
    }
    return Image.of(3, 2, 3, chw);
  }

  @Test
  void arraysGoThereAndBack() {
    Image image = sample();
    try (INDArray array = ImageArrays.toArray(image)) {
      assertThat(array.shape()).containsExactly(3, 2, 3);
      assertThat(array.getFloat(2, 1, 0)).isEqualTo(image.get(2, 1, 0));
      assertThat(ImageArrays.fromArray(array)).isEqualTo(image);
    }
    try (INDArray batch = ImageArrays.toBatch(List.of(image, Image.filled(2, 3, 1, 1, 1)))) {
      assertThat(batch.shape()).containsExactly(2, 3, 2, 3);
      assertThat(ImageArrays.fromBatch(batch)).containsExactly(image, Image.filled(2, 3, 1, 1, 1));
    }
  }

  @Test
  void viewsOfOtherOrderAreReadByTheirMeaning() {
    try (INDArray array = ImageArrays.toArray(sample())) {
      Image transposed = ImageArrays.fromArray(array.permute(0, 2, 1));
      assertThat(transposed.get(2, 0, 1)).isEqualTo(sample().get(2, 1, 0));
    }
  }

  @Test
  void arraysOfAnotherRankAreRefused() {
    try (INDArray array = Nd4j.zeros(2, 2)) {
      assertThatThrownBy(() -> ImageArrays.fromArray(array))
          .hasMessageContaining("but this array has [2, 2]");
      assertThatThrownBy(() -> ImageArrays.fromBatch(array)).hasMessageContaining("[N, C, H, W]");
    }
    assertThatThrownBy(() -> ImageArrays.toBatch(List.of(sample(), Image.filled(1, 1, 0, 0, 0))))
        .hasMessageContaining("image 0 has [3, 2, 3] and image 1 has [3, 1, 1]");
    assertThatThrownBy(() -> ImageArrays.toBatch(List.of()))
        .hasMessageContaining("at least one image");
  }
}

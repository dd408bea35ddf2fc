package org.tastemaker.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;

/** Images as ND4J arrays and back. */
public final class ImageArrays {
  private ImageArrays() {}

  /**
   * The images of a batch, as a decoder gives them: values a little outside of [0, 1] are clamped.
   *
   * @param batch [N, C, H, W]; any float type; stays the caller's
   * @return N images
   */
  public static List<Image> fromBatch(INDArray batch) {
    if (batch.rank() != 4) {
      throw new IllegalArgumentException(
          "a batch of images has the shape [N, C, H, W], but this array has "
              + Arrays.toString(batch.shape()));
    }
    int n = (int) batch.size(0);
    int channels = (int) batch.size(1);
    int height = (int) batch.size(2);
    int width = (int) batch.size(3);
    float[] all = floats(batch);
    int size = channels * height * width;
    List<Image> images = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      images.add(
          Image.clamped(
              channels, height, width, Arrays.copyOfRange(all, i * size, (i + 1) * size)));
    }
    return List.copyOf(images);
  }

  /**
   * The image of one array, as a decoder gives it: values a little outside of [0, 1] are clamped.
   *
   * @param chw [C, H, W]; any float type; stays the caller's
   * @return the image
   */
  public static Image fromArray(INDArray chw) {
    if (chw.rank() != 3) {
      throw new IllegalArgumentException(
          "an image has the shape [C, H, W], but this array has " + Arrays.toString(chw.shape()));
    }
    return Image.clamped((int) chw.size(0), (int) chw.size(1), (int) chw.size(2), floats(chw));
  }

  /**
   * Several images of one size as a batch.
   *
   * @param images at least one, all of the same shape
   * @return [N, C, H, W], float; the caller closes it
   */
  public static INDArray toBatch(List<Image> images) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException("a batch needs at least one image, but there was none");
    }
    Image first = images.get(0);
    int size = first.channels() * first.height() * first.width();
    float[] all = new float[images.size() * size];
    for (int i = 0; i < images.size(); i++) {
      Image image = images.get(i);
      if (!shape(image).equals(shape(first))) {
        throw new IllegalArgumentException(
            "the images of a batch must have the same shape, but image 0 has "
                + shape(first)
                + " and image "
                + i
                + " has "
                + shape(image)
                + "; resize them first");
      }
      image.copyTo(all, i * size);
    }
    return Nd4j.createFromArray(all)
        .reshape(images.size(), first.channels(), first.height(), first.width());
  }

  /**
   * An image as an array.
   *
   * @param image any
   * @return [C, H, W], float; the caller closes it
   */
  public static INDArray toArray(Image image) {
    return Nd4j.createFromArray(image.toFloats())
        .reshape(image.channels(), image.height(), image.width());
  }

  private static List<Integer> shape(Image image) {
    return List.of(image.channels(), image.height(), image.width());
  }

  private static float[] floats(INDArray array) {
    try (INDArray copy = array.castTo(DataType.FLOAT).dup('c')) {
      return copy.data().asFloat();
    }
  }
}

package org.tastemaker.reward.clip;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The cosine between an image's vector and a text's.
 *
 * <pre>
 *   c = I T / (|I| |T|)        d c / d I = (T / |T| - c I / |I|) / |I|
 * </pre>
 */
final class Cosine {
  private final float[] image;
  private final float[] text;
  private final double imageLength;
  private final double textLength;
  private final double value;

  private Cosine(float[] image, float[] text) {
    if (image.length != text.length) {
      throw new IllegalArgumentException(
          "vectors of an image and a text must be of one model, but they have "
              + image.length
              + " and "
              + text.length
              + " numbers");
    }
    this.image = image;
    this.text = text;
    this.imageLength = length(image);
    this.textLength = length(text);
    double product = 0;
    for (int i = 0; i < image.length; i++) {
      product += (double) image[i] * text[i];
    }
    this.value = product / imageLength / textLength;
  }

  static Cosine of(float[] image, float[] text) {
    return new Cosine(image, text);
  }

  double value() {
    return value;
  }

  /** Writes a multiple of its gradient by the image's vector over what is there. */
  void setGradient(double factor, double @Nullable [] gradient) {
    if (gradient != null) {
      Arrays.fill(gradient, 0);
      addGradient(factor, gradient);
    }
  }

  /** Adds a multiple of its gradient by the image's vector. */
  void addGradient(double factor, double @Nullable [] gradient) {
    for (int i = 0; gradient != null && i < gradient.length; i++) {
      gradient[i] += factor * (text[i] / textLength - value * image[i] / imageLength) / imageLength;
    }
  }

  static double length(float[] vector) {
    double squares = 0;
    for (float v : vector) {
      squares += (double) v * v;
    }
    return Math.sqrt(squares);
  }
}

package org.tastemaker.diffusion.condition;

import java.nio.FloatBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a U-Net is given beside the noisy latent and the timestep: a text, read by a {@link
 * TextEncoder}. It is on the Java heap: there is nothing to close.
 *
 * @param length L, how many tokens there are
 * @param width D, how many numbers each token has
 * @param tokens tau, what the cross-attention reads, [L, D]; to be read by absolute index
 * @param pooled the text as one vector, if the encoder gives one; to be read by absolute index
 * @param sizeIds the image's sizes, for a U-Net that is told them
 */
public record Condition(
    int length,
    int width,
    FloatBuffer tokens,
    Optional<FloatBuffer> pooled,
    Optional<SizeIds> sizeIds) {
  /**
   * Checks the shapes. The buffers are taken as read-only views.
   *
   * @param length as above
   * @param width as above
   * @param tokens as above
   * @param pooled as above
   * @param sizeIds as above
   */
  public Condition {
    if (length < 1 || width < 1 || tokens.remaining() != (long) length * width) {
      throw new IllegalArgumentException(
          "tokens must be [length, width], both at least 1, but length is "
              + length
              + ", width is "
              + width
              + ", and there are "
              + tokens.remaining()
              + " numbers");
    }
    tokens = tokens.slice().asReadOnlyBuffer();
    pooled = pooled.map(vector -> vector.slice().asReadOnlyBuffer());
    Objects.requireNonNull(sizeIds, "sizeIds == null: use Optional.empty() for none");
  }

  /**
   * The sizes that Stable Diffusion XL is told beside the text (Podell et al., "SDXL", 2023,
   * section 2.2): six numbers, in this order. In diffusers they are {@code time_ids}. Its refiner
   * is told how good the image should look in the place of the target's size.
   *
   * @param originalHeight of the image before it was scaled, in pixels, at least 1
   * @param originalWidth of the image before it was scaled, in pixels, at least 1
   * @param cropTop rows cut off above, at least 0
   * @param cropLeft columns cut off on the left, at least 0
   * @param targetHeight of the image to make, in pixels, at least 1
   * @param targetWidth of the image to make, in pixels, at least 1
   * @param aestheticScore for the refiner, usually 6, and 2.5 for the negative prompt; otherwise
   *     empty
   */
  public record SizeIds(
      int originalHeight,
      int originalWidth,
      int cropTop,
      int cropLeft,
      int targetHeight,
      int targetWidth,
      OptionalDouble aestheticScore) {
    public SizeIds {
      requireAtLeast(1, "originalHeight", originalHeight);
      requireAtLeast(1, "originalWidth", originalWidth);
      requireAtLeast(0, "cropTop", cropTop);
      requireAtLeast(0, "cropLeft", cropLeft);
      requireAtLeast(1, "targetHeight", targetHeight);
      requireAtLeast(1, "targetWidth", targetWidth);
      aestheticScore.ifPresent(
          score -> {
            if (!Double.isFinite(score)) {
              throw new IllegalArgumentException("aestheticScore must be finite, but was " + score);
            }
          });
    }

    /**
     * Sizes without an aesthetic score.
     *
     * @param originalHeight as above
     * @param originalWidth as above
     * @param cropTop as above
     * @param cropLeft as above
     * @param targetHeight as above
     * @param targetWidth as above
     */
    public SizeIds(
        int originalHeight,
        int originalWidth,
        int cropTop,
        int cropLeft,
        int targetHeight,
        int targetWidth) {
      this(
          originalHeight,
          originalWidth,
          cropTop,
          cropLeft,
          targetHeight,
          targetWidth,
          OptionalDouble.empty());
    }

    /**
     * An image that was neither scaled nor cropped.
     *
     * @param height in pixels, at least 1
     * @param width in pixels, at least 1
     * @return its size ids
     */
    public static SizeIds whole(int height, int width) {
      return new SizeIds(height, width, 0, 0, height, width);
    }

    /**
     * The numbers as the U-Net is told them.
     *
     * @return six; or, with an aesthetic score, the first four and the score
     */
    public double[] values() {
      return aestheticScore.isPresent()
          ? new double[] {
            originalHeight, originalWidth, cropTop, cropLeft, aestheticScore.getAsDouble()
          }
          : new double[] {
            originalHeight, originalWidth, cropTop, cropLeft, targetHeight, targetWidth
          };
    }

    private static void requireAtLeast(int least, String name, int value) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + " must be at least " + least + ", but was " + value);
      }
    }
  }

  /**
   * The same text for an image of given sizes.
   *
   * @param sizes of the image
   * @return a condition that shares this one's numbers
   */
  public Condition with(SizeIds sizes) {
    return new Condition(length, width, tokens, pooled, Optional.of(sizes));
  }

  /**
   * Zeros in the place of every token and of the pooled vector: what Stable Diffusion XL was
   * trained to take for no text at all.
   *
   * @return a condition of this one's shape and sizes
   */
  public Condition zeros() {
    return new Condition(
        length,
        width,
        FloatBuffer.allocate(length * width),
        pooled.map(vector -> FloatBuffer.allocate(vector.capacity())),
        sizeIds);
  }

  /**
   * The text as one vector.
   *
   * @return a copy of {@link #pooled}
   * @throws IllegalStateException if the encoder gave none
   */
  public float[] requirePooled() {
    FloatBuffer vector =
        pooled.orElseThrow(
            () ->
                new IllegalStateException(
                    "the text encoder gave no pooled vector: it found no end token in the text;"
                        + " is eos_token_id in its config.json the tokenizer's?"));
    float[] values = new float[vector.capacity()];
    vector.get(0, values);
    return values;
  }

  /**
   * The mean of the tokens: a feature of the whole text that any encoder has.
   *
   * @return [D]
   */
  public float[] tokenMean() {
    float[] mean = new float[width];
    for (int i = 0; i < length * width; i++) {
      mean[i % width] += tokens.get(i) / length;
    }
    return mean;
  }
}

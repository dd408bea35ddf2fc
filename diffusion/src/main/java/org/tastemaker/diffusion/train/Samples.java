package org.tastemaker.diffusion.train;

import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * Images of one size, or their latents, to train on.
 *
 * @param count how many, N, at least 1
 * @param channels C, at least 1
 * @param height H, at least 1
 * @param width W, at least 1
 * @param values all of them, [N, C, H, W] in row-major order; images in [-1, 1], latents as the
 *     denoiser sees them (times the VAE's scaling factor); only read
 */
public record Samples(int count, int channels, int height, int width, FloatBuffer values) {
  public Samples {
    if (count < 1 || channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "count, channels, height and width must be at least 1, but were %s, %s, %s, %s",
              count,
              channels,
              height,
              width));
    }
    long size = (long) count * channels * height * width;
    if (values.remaining() != size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s samples of %s x %s x %s must have %s values, but had %s",
              count,
              channels,
              height,
              width,
              size,
              values.remaining()));
    }
    // A view of its own, so that the caller's position does not matter.
    values = Objects.requireNonNull(values, "values == null").slice();
  }

  /**
   * How many numbers all samples hold.
   *
   * @return N C H W
   */
  public int size() {
    return values.remaining();
  }

  /** A new array of these samples' shape, [N, C, H, W], with other content; to be closed. */
  INDArray arrayOf(FloatBuffer content) {
    INDArray array = Nd4j.create(DataType.FLOAT, count, channels, height, width);
    FloatBuffers.of(array).put(content.duplicate());
    return array;
  }

  /** Checks that no value is NaN or infinite. */
  void requireFinite(String what) {
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s must be finite, but value %s (of sample %s) is %s",
                what,
                i,
                i / (values.limit() / count),
                values.get(i)));
      }
    }
  }
}

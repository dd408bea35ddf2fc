package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * A model's decoder as a differentiable function of scaled latents:
 *
 * <pre>
 *   x = clamp((D(z / scaling factor) + 1) / 2, 0, 1)             [R, C, h, w] to [R, 3, H, W]
 *   d L / d z                                                     0 through pixels that are clamped
 * </pre>
 *
 * <p>The images are those of {@link LatentDiffusion#decode}. The decoder's weights are frozen.
 *
 * <p><b>Memory.</b> One compiled graph with what its backward pass needs for R images, which the
 * autoencoder keeps among its latest functions, and the arrays of R images. At most R images are
 * decoded at once, so it does not grow with how many there are. Not thread-safe.
 */
public final class DifferentiableDecoder implements AutoCloseable {
  private final int rows; // R
  private final int size; // C h w
  private final int imageSize; // 3 H W
  private final int height;
  private final int width;
  private final float scalingFactor;
  private final GraphFunction function;
  private final INDArray latents; // z / scaling factor, [R, C, h, w]
  private final INDArray cotangent; // by D's output, [R, 3, H, W]
  private final FloatBuffer unclamped; // [R, 3, H, W]
  private final FloatBuffer images; // [R, 3, H, W]
  private final FloatBuffer byLatents; // [R, C, h, w]
  private int used;

  DifferentiableDecoder(Components components, LatentShape shape, Engine engine, int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("rows must be at least 1, but was " + rows);
    }
    AutoencoderKl vae = components.vae();
    this.rows = rows;
    this.size = shape.size();
    this.height = shape.height() * components.factor();
    this.width = shape.width() * components.factor();
    this.imageSize = vae.config().outChannels() * height * width;
    this.scalingFactor = (float) vae.config().scalingFactor();
    this.function =
        vae.decoder(
            rows,
            shape.height(),
            shape.width(),
            FunctionOptions.inference()
                .withEngine(engine)
                .withInputGradients(Set.of(AutoencoderKl.LATENT)));
    this.latents =
        Nd4j.create(DataType.FLOAT, rows, shape.channels(), shape.height(), shape.width());
    this.cotangent = Nd4j.create(DataType.FLOAT, rows, vae.config().outChannels(), height, width);
    this.unclamped = FloatBuffer.allocate(rows * imageSize);
    this.images = FloatBuffer.allocate(rows * imageSize);
    this.byLatents = FloatBuffer.allocate(rows * size);
  }

  /**
   * How many images are decoded together.
   *
   * @return R, at least 1
   */
  public int rows() {
    return rows;
  }

  /**
   * The images' height.
   *
   * @return H in pixels
   */
  public int height() {
    return height;
  }

  /**
   * The images' width.
   *
   * @return W in pixels
   */
  public int width() {
    return width;
  }

  /**
   * Decodes.
   *
   * @param scaled z of 1 to R images, [N, C, h, w], as the U-Net sees latents
   * @return [N, 3, H, W], in [0, 1], valid until the next call
   */
  public FloatBuffer forward(FloatBuffer scaled) {
    if (scaled.remaining() == 0
        || scaled.remaining() % size != 0
        || scaled.remaining() > rows * size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be latents of 1 to %s images, each of %s numbers, but there were %s"
                  + " numbers",
              rows,
              size,
              scaled.remaining()));
    }
    used = scaled.remaining() / size;
    FloatBuffer z = FloatBuffers.of(latents);
    for (int row = 0; row < rows; row++) {
      int from = scaled.position() + (row < used ? row : 0) * size; // unused ones repeat the first
      for (int i = 0; i < size; i++) {
        z.put(row * size + i, scaled.get(from + i) / scalingFactor);
      }
    }
    FloatBuffer decoded =
        FloatBuffers.of(
            Objects.requireNonNull(
                function
                    .forward(Map.of(AutoencoderKl.LATENT, latents))
                    .get(AutoencoderKl.DECODED)));
    for (int i = 0; i < used * imageSize; i++) {
      float v = (decoded.get(i) + 1) / 2;
      unclamped.put(i, v);
      images.put(i, Math.max(0, Math.min(1, v)));
    }
    return images.slice(0, used * imageSize);
  }

  /**
   * The gradient of what {@link #forward} last decoded.
   *
   * @param byImages d L / d x, [N, 3, H, W]
   * @return d L / d z, [N, C, h, w], valid until the next call
   */
  public FloatBuffer backward(FloatBuffer byImages) {
    if (used == 0) {
      throw new IllegalStateException("forward() comes before backward()");
    }
    if (byImages.remaining() != used * imageSize) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the gradient by %s images must have %s numbers, but has %s",
              used,
              used * imageSize,
              byImages.remaining()));
    }
    FloatBuffer cotangents = FloatBuffers.of(cotangent);
    for (int i = 0; i < rows * imageSize; i++) {
      float v = unclamped.get(i);
      boolean passes = i < used * imageSize && v >= 0 && v <= 1;
      cotangents.put(i, passes ? byImages.get(byImages.position() + i) / 2 : 0);
    }
    FloatBuffer found =
        FloatBuffers.of(
            Objects.requireNonNull(
                function
                    .backward(Map.of(AutoencoderKl.DECODED, cotangent))
                    .get(AutoencoderKl.LATENT)));
    for (int i = 0; i < used * size; i++) {
      byLatents.put(i, found.get(i) / scalingFactor);
    }
    return byLatents.slice(0, used * size);
  }

  /** Frees its arrays; the compiled graph is the autoencoder's. */
  @Override
  public void close() {
    latents.close();
    cotangent.close();
  }
}

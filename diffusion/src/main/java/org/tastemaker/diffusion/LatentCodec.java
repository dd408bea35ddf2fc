package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/** Images to scaled latents and back, in batches of one size. */
final class LatentCodec {
  private final Components components;
  private final AutoencoderKl vae;
  private final int batchSize;
  private final FunctionOptions options;

  private LatentCodec(Components components, int batchSize, FunctionOptions options) {
    this.components = components;
    this.vae = components.vae();
    this.batchSize = batchSize;
    this.options = options;
  }

  /** Batches as large as a view's, on its engine. */
  static LatentCodec of(View view) {
    return new LatentCodec(
        view.components(),
        view.options().batchSize(),
        FunctionOptions.inference().withEngine(view.execution().engine()));
  }

  /** The mean of the posterior of each image, scaled, [N, C, h, w]; the caller closes it. */
  INDArray encode(List<Image> images) {
    for (Image image : images) {
      if (image.channels() != 3) {
        throw new IllegalArgumentException(
            "an image to encode has 3 channels, but this one has " + image.channels());
      }
      LatentShape unused = components.latentShape(image.height(), image.width()); // checks it
    }
    int rows = Math.min(batchSize, images.size());
    try (INDArray pixels = ImageArrays.toBatch(images)) { // [N, 3, H, W]
      map(pixels, v -> 2 * v - 1);
      GraphFunction function =
          vae.encoder(rows, images.get(0).height(), images.get(0).width(), options);
      INDArray latents =
          inBatches(
              pixels,
              rows,
              batch -> output(function, Map.of(AutoencoderKl.IMAGE, batch), AutoencoderKl.MEAN));
      map(latents, v -> v * (float) vae.config().scalingFactor());
      return latents;
    }
  }

  /** The images of latents [N, C, h, w]. */
  List<Image> decode(INDArray latents) {
    int rows = (int) Math.min(batchSize, latents.size(0));
    GraphFunction function =
        vae.decoder(rows, (int) latents.size(2), (int) latents.size(3), options);
    try (INDArray scaled = latents.dup('c')) {
      map(scaled, v -> v / (float) vae.config().scalingFactor());
      try (INDArray pixels = // [N, 3, H, W] in [-1, 1]
          inBatches(
              scaled,
              rows,
              batch ->
                  output(function, Map.of(AutoencoderKl.LATENT, batch), AutoencoderKl.DECODED))) {
        map(pixels, v -> (v + 1) / 2);
        return ImageArrays.fromBatch(pixels);
      }
    }
  }

  /** In place. ND4J's own operations with a number leave an array for it open. */
  private static void map(INDArray array, DoubleUnaryOperator function) {
    FloatBuffer values = FloatBuffers.of(array);
    for (int i = 0; i < values.limit(); i++) {
      values.put(i, (float) function.applyAsDouble(values.get(i)));
    }
  }

  /**
   * Runs a function over rows of an array, a fixed number at a time; the last ones are filled up.
   */
  private static INDArray inBatches(INDArray all, int rows, Function<INDArray, INDArray> function) {
    int n = (int) all.size(0);
    int size = (int) (all.length() / n);
    long[] shape = all.shape().clone(); // ND4J hands out the array's own
    shape[0] = rows;
    FloatBuffer from = FloatBuffers.of(all);
    INDArray results = null;
    try (INDArray batch = Nd4j.create(DataType.FLOAT, shape)) {
      for (int first = 0; first < n; first += rows) {
        int count = Math.min(rows, n - first);
        FloatBuffers.of(batch).put(0, from, first * size, count * size);
        INDArray made = function.apply(batch);
        if (results == null) {
          long[] whole = made.shape().clone();
          whole[0] = n;
          results = Nd4j.create(DataType.FLOAT, whole);
        }
        int each = (int) (results.length() / n);
        FloatBuffers.of(results).put(first * each, FloatBuffers.of(made), 0, count * each);
      }
    } catch (RuntimeException | Error e) {
      if (results != null) {
        results.close();
      }
      throw e;
    }
    return Objects.requireNonNull(results);
  }

  private static INDArray output(
      GraphFunction function, Map<String, INDArray> inputs, String name) {
    return Objects.requireNonNull(function.forward(inputs).get(name));
  }
}

package org.tastemaker.reward.clip;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/** The image tower's vectors of images, I, a few at a time, and the way back to the images. */
final class ImageVectors {
  private final ClipVisionModel model;
  private final ImagePreprocessor preprocessor;
  private final int batch;
  private final FunctionOptions inference;
  private final FunctionOptions differentiable;

  ImageVectors(ClipVisionModel model, Preprocessing mode, int batch, Engine engine) {
    this.model = model;
    this.preprocessor = ImagePreprocessor.of(mode, model.config().imageSize());
    this.batch = batch;
    this.inference = FunctionOptions.inference().withEngine(engine);
    this.differentiable = inference.withInputGradients(Set.of(ClipVisionModel.PIXEL_VALUES));
  }

  int size() {
    return model.config().projectionDim();
  }

  /** A score of an image's vector, which writes its gradient by the vector where one is wanted. */
  @FunctionalInterface
  interface Head {
    double of(int image, float[] vector, double[] gradient);
  }

  /** The vectors of images of any sizes, [N][P], each prepared exactly as the mode says. */
  float[][] of(List<Image> images) {
    float[][] vectors = new float[images.size()][];
    for (int first = 0; first < vectors.length; first += batch) {
      int count = Math.min(batch, vectors.length - first);
      try (INDArray pixels = pixels(count)) {
        FloatBuffer target = FloatBuffers.of(pixels);
        for (int n = 0; n < count; n++) {
          target.put(n * preprocessor.length(), preprocessor.of(images.get(first + n)));
        }
        FloatBuffer embeds = forward(model.function(count, inference), pixels);
        for (int n = 0; n < count; n++) {
          vectors[first + n] = row(embeds, n);
        }
      }
    }
    return vectors;
  }

  /**
   * The scores of images that were prepared by the smooth map, and their gradients by the images.
   *
   * @param gradient receives d score_n / d image_n from its position on
   */
  double[] scores(Batch images, Head head, FloatBuffer gradient) {
    double[] scores = new double[images.prompts().size()];
    for (int first = 0; first < scores.length; first += batch) {
      int count = Math.min(batch, scores.length - first);
      try (INDArray pixels = smooth(images, first, count);
          INDArray cotangent = Nd4j.create(DataType.FLOAT, count, 1, size())) {
        // 1. Forward, and each score with its gradient by the vector.
        GraphFunction function = model.function(count, differentiable);
        FloatBuffer embeds = forward(function, pixels);
        FloatBuffer byVectors = FloatBuffers.of(cotangent);
        double[] byVector = new double[size()];
        for (int n = 0; n < count; n++) {
          scores[first + n] = head.of(first + n, row(embeds, n), byVector);
          for (int i = 0; i < byVector.length; i++) {
            byVectors.put(n * byVector.length + i, (float) byVector[i]);
          }
        }
        // 2. Backward, through the tower to the pixels, and through the smooth map to the images.
        FloatBuffer byPixels =
            FloatBuffers.of(
                Objects.requireNonNull(
                    function
                        .backward(Map.of(ClipVisionModel.IMAGE_EMBEDS, cotangent))
                        .get(ClipVisionModel.PIXEL_VALUES)));
        for (int n = 0; n < count; n++) {
          preprocessor.gradient(
              byPixels,
              n * preprocessor.length(),
              images.height(),
              images.width(),
              gradient,
              gradient.position() + (first + n) * images.size());
        }
      }
    }
    return scores;
  }

  /** The same vectors as those of {@link #scores}, without a gradient. */
  float[][] of(Batch images) {
    float[][] vectors = new float[images.prompts().size()][];
    for (int first = 0; first < vectors.length; first += batch) {
      int count = Math.min(batch, vectors.length - first);
      try (INDArray pixels = smooth(images, first, count)) {
        FloatBuffer embeds = forward(model.function(count, inference), pixels);
        for (int n = 0; n < count; n++) {
          vectors[first + n] = row(embeds, n);
        }
      }
    }
    return vectors;
  }

  private INDArray pixels(int count) {
    int side = preprocessor.size();
    return Nd4j.create(DataType.FLOAT, count, 3, side, side);
  }

  private INDArray smooth(Batch images, int first, int count) {
    INDArray pixels = pixels(count);
    FloatBuffer target = FloatBuffers.of(pixels);
    for (int n = 0; n < count; n++) {
      preprocessor.smooth(
          images.values(),
          images.values().position() + (first + n) * images.size(),
          images.height(),
          images.width(),
          target,
          n * preprocessor.length());
    }
    return pixels;
  }

  private static FloatBuffer forward(GraphFunction function, INDArray pixels) {
    return FloatBuffers.of(
        Objects.requireNonNull(
            function
                .forward(Map.of(ClipVisionModel.PIXEL_VALUES, pixels))
                .get(ClipVisionModel.IMAGE_EMBEDS))); // [B, 1, P]
  }

  private float[] row(FloatBuffer embeds, int n) {
    float[] vector = new float[size()];
    embeds.get(n * vector.length, vector);
    return vector;
  }
}

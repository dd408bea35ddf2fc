package org.tastemaker.reward.learned;

import com.google.common.primitives.ImmutableIntArray;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.model.ClipTextModel;

/** What features of a diffusion model have in common: its name, its images' size and its texts. */
record ModelView(LatentDiffusion model, String name, LatentShape shape) {
  static ModelView of(LatentDiffusion model, String name) {
    Objects.requireNonNull(model, "model == null");
    if (name.isBlank()) {
      throw new IllegalArgumentException("the model's name must not be blank");
    }
    return new ModelView(model, name, model.latentShape());
  }

  /** The scaled means of the autoencoder's posterior, [N, C, h, w]; the caller closes them. */
  INDArray encode(List<Image> images) {
    int height = shape.height() * model.components().factor();
    int width = shape.width() * model.components().factor();
    for (Image image : images) {
      if (image.height() != height || image.width() != width) {
        throw new IllegalArgumentException(
            "these features are of images of %d x %d pixels, but one has %d x %d; resize it first"
                .formatted(height, width, image.height(), image.width()));
      }
    }
    return model.encode(images);
  }

  /** How many numbers {@link #text} gives. */
  int textSize() {
    return textEncoder().config().hiddenSize();
  }

  /** The text encoder's output at the end token, [D]. */
  float[] text(String text) {
    ImmutableIntArray ids = model.components().tokenizer().encode(text).ids();
    int[][] batch = {ids.toArray()};
    try (INDArray hidden = textEncoder().encode(batch); // [1, L, D]
        INDArray pooled = textEncoder().pooled(hidden, batch)) { // [1, D]
      return pooled.data().asFloat();
    }
  }

  private ClipTextModel textEncoder() {
    return model.components().textEncoder();
  }
}

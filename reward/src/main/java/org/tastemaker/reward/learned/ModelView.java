package org.tastemaker.reward.learned;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.condition.Conditions;

/**
 * What the features of a diffusion model have in common: its name, the size of its images and its
 * texts.
 */
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
            String.format(
                Locale.ROOT,
                "these features are of images of %d x %d pixels, but one has %d x %d; resize it first",
                height,
                width,
                image.height(),
                image.width()));
      }
    }
    return model.encode(images);
  }

  /** The length of a text's pooled vector. */
  int textSize() {
    return model.conditioner().encoder().pooledWidth();
  }

  /** Encodes texts with the whole text encoder, whatever the view's clip skip. */
  Conditions texts() {
    return model.conditioner().conditions(0, 0);
  }
}

package org.tastemaker.optim.policy;

import org.tastemaker.diffusion.LatentDiffusion;

/** The sizes of images for messages: in pixels, which people give, and not those of latents. */
final class ImageSize {
  private ImageSize() {}

  /** Such as {@code "512 x 768 pixels"}, height first. */
  static String of(LatentDiffusion model) {
    return of(model, model.latentShape().height(), model.latentShape().width());
  }

  /** Of images whose latents have a size. */
  static String of(LatentDiffusion model, long latentHeight, long latentWidth) {
    int factor = model.components().factor();
    return factor * latentHeight + " x " + factor * latentWidth + " pixels";
  }
}

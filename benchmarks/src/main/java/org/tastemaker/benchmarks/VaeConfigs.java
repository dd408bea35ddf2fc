package org.tastemaker.benchmarks;

import com.google.common.collect.ImmutableList;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;

/** Autoencoders of two sizes. */
final class VaeConfigs {
  private VaeConfigs() {}

  /** Two levels of 16 and 32 channels. */
  static AutoencoderKlConfig small() {
    return of(32, ImmutableList.of(16, 32), 1, 8);
  }

  /** That of Stable Diffusion 1, for images of 512 x 512. */
  static AutoencoderKlConfig stableDiffusion() {
    return of(512, ImmutableList.of(128, 256, 512, 512), 2, 32);
  }

  private static AutoencoderKlConfig of(
      int side, ImmutableList<Integer> channels, int layersPerBlock, int groups) {
    return new AutoencoderKlConfig(
        side, 3, 3, 4, channels, layersPerBlock, groups, true, true, true, 0.18215, true);
  }
}

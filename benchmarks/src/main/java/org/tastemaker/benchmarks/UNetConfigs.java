package org.tastemaker.benchmarks;

import com.google.common.collect.ImmutableList;
import java.util.Collections;
import org.tastemaker.diffusion.model.UNetConfig;

/** U-Nets of several sizes. */
final class UNetConfigs {
  private static final String CROSS_DOWN = "CrossAttnDownBlock2D";
  private static final String DOWN = "DownBlock2D";
  private static final String CROSS_UP = "CrossAttnUpBlock2D";
  private static final String UP = "UpBlock2D";

  private UNetConfigs() {}

  /** Two levels of 4 and 8 channels. */
  static UNetConfig tiny() {
    return of(
        16,
        ImmutableList.of(4, 8),
        ImmutableList.of(DOWN, CROSS_DOWN),
        ImmutableList.of(CROSS_UP, UP),
        1,
        ImmutableList.of(1, 1),
        ImmutableList.of(2, 2),
        32,
        2,
        false);
  }

  /** Stable Diffusion 1's levels, with 16 and 32 channels. */
  static UNetConfig small() {
    return of(
        16,
        ImmutableList.of(16, 32, 32, 32),
        ImmutableList.of(CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, DOWN),
        ImmutableList.of(UP, CROSS_UP, CROSS_UP, CROSS_UP),
        2,
        ImmutableList.of(1, 1, 1, 1),
        ImmutableList.of(8, 8, 8, 8),
        24,
        8,
        false);
  }

  /** Stable Diffusion 1.5: 860 million weights. */
  static UNetConfig stableDiffusion15() {
    return of(
        64,
        ImmutableList.of(320, 640, 1280, 1280),
        ImmutableList.of(CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, DOWN),
        ImmutableList.of(UP, CROSS_UP, CROSS_UP, CROSS_UP),
        2,
        ImmutableList.of(1, 1, 1, 1),
        ImmutableList.of(8, 8, 8, 8),
        768,
        32,
        false);
  }

  /**
   * Stable Diffusion XL: 2.6 thousand million weights. Its second embedding, of the pooled text and
   * the image's size, is left out: two small linear layers, once a run.
   */
  static UNetConfig stableDiffusionXl() {
    return of(
        128,
        ImmutableList.of(320, 640, 1280),
        ImmutableList.of(DOWN, CROSS_DOWN, CROSS_DOWN),
        ImmutableList.of(CROSS_UP, CROSS_UP, UP),
        2,
        ImmutableList.of(1, 2, 10),
        ImmutableList.of(5, 10, 20),
        2048,
        32,
        true);
  }

  private static UNetConfig of(
      int side,
      ImmutableList<Integer> channels,
      ImmutableList<String> down,
      ImmutableList<String> up,
      int layersPerBlock,
      ImmutableList<Integer> transformerLayers,
      ImmutableList<Integer> heads,
      int textSize,
      int groups,
      boolean linearProjection) {
    return new UNetConfig(
        side,
        4,
        4,
        channels,
        down,
        up,
        ImmutableList.copyOf(Collections.nCopies(channels.size(), layersPerBlock)),
        transformerLayers,
        heads,
        textSize,
        groups,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        4 * channels.get(0),
        linearProjection);
  }
}

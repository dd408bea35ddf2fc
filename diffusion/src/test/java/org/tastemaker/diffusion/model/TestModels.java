package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;

/** The smallest models that have every part. */
final class TestModels {
  private TestModels() {}

  static UNetConfig unet(boolean linearProjection) {
    return new UNetConfig(
        4,
        2,
        2,
        ImmutableList.of(4, 8),
        ImmutableList.of(UNetConfig.CROSS_DOWN, UNetConfig.DOWN),
        ImmutableList.of(UNetConfig.UP, UNetConfig.CROSS_UP),
        ImmutableList.of(1, 1),
        ImmutableList.of(2, 1),
        ImmutableList.of(2, 4),
        6,
        2,
        1e-5,
        3,
        3,
        linearProjection ? 0 : 1,
        true,
        0,
        16,
        linearProjection);
  }

  static AutoencoderKlConfig vae() {
    return new AutoencoderKlConfig(
        8, 3, 3, 2, ImmutableList.of(4, 8), 1, 2, true, true, true, 0.5, true);
  }

  static ClipTextConfig clip(ClipTextConfig.Activation activation) {
    return new ClipTextConfig(11, 8, 12, 2, 2, 5, activation, 1e-5, 9, 10, 10, 8);
  }

  static INDArray random(DataType type, int seed, long... shape) {
    INDArray array = Nd4j.create(type, shape);
    float[] noise = new float[(int) array.length()];
    Seed.of(seed).gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, noise[i]);
    }
    return array;
  }
}

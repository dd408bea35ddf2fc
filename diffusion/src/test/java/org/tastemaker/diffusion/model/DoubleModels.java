package org.tastemaker.diffusion.model;

import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.Seed;

/** Models in double precision, for gradient checks in other packages. */
public final class DoubleModels {
  private DoubleModels() {}

  public static ClipModel clip(ClipConfig config, Seed seed) {
    return ClipModel.random(config, seed, DataType.DOUBLE);
  }
}

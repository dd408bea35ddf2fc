package org.tastemaker.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.cuda.StorageType;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * One random denoising step for a GPU to compute.
 *
 * @param offsets by how many elements the start of each of the six tensors is past a multiple of
 *     256 bytes
 */
record KernelCase(
    Seed seed,
    StorageType type,
    int images,
    int size,
    StepCoefficients c,
    double guidance,
    int noiseStream,
    int[] offsets,
    String prediction) {
  @Override
  public String toString() {
    return type
        + ", "
        + images
        + " images of "
        + size
        + ", "
        + prediction
        + ", clip "
        + c.clip()
        + String.format(Locale.ROOT, ", sigma %.4f", c.sigma())
        + ", guidance "
        + guidance
        + ", offsets "
        + Arrays.toString(offsets);
  }

  boolean guided() {
    return guidance != 1;
  }

  int length() {
    return images * size;
  }
}

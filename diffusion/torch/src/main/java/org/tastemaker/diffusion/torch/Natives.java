package org.tastemaker.diffusion.torch;

import java.util.Optional;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.tastemaker.diffusion.engine.Precision;

/** LibTorch's libraries: whether they are there, and the switches that they share in a process. */
final class Natives {
  private Natives() {}

  /** Loaded once, when the engine is first considered. */
  private static final class Loaded {
    private static final Optional<String> MISSING = load();

    private static Optional<String> load() {
      try {
        // Without end it would log that this processor is none of NNPACK's.
        torch.globalContext().setUserEnabledNNPACK(false);
        return Optional.empty();
      } catch (LinkageError e) {
        return Optional.of(
            "LibTorch does not load; add org.bytedeco:pytorch with the classifier of this platform,"
                + " such as linux-x86_64, or linux-x86_64-gpu for CUDA ("
                + e
                + ")");
      }
    }
  }

  /** What is missing, if anything. */
  static Optional<String> missing() {
    return Loaded.MISSING;
  }

  /** Sets the switches before a run: they are the process's, and another engine may want others. */
  static void configure(Precision precision) {
    Context context = torch.globalContext();
    boolean tf32 = precision == Precision.TF32;
    context.setAllowTF32CuBLAS(tf32);
    context.setAllowTF32CuDNN(tf32);
  }
}

package org.tastemaker.diffusion.torch;

import java.util.Optional;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;
import org.tastemaker.diffusion.engine.Precision;

/** LibTorch's libraries: whether they are there, and the switches that they share in a process. */
final class Natives {
  private Natives() {}

  /** Loaded once, when the engine is first considered. */
  private static final class Loaded {
    private static final Optional<LinkageError> ERROR = load();

    private static Optional<LinkageError> load() {
      try {
        // Without end it would log that this processor is none of NNPACK's.
        torch.globalContext().setUserEnabledNNPACK(false);
        return Optional.empty();
      } catch (LinkageError e) {
        return Optional.of(e);
      }
    }
  }

  /** Why they do not load, if they do not; {@link Setup} says what mends it. */
  static Optional<LinkageError> error() {
    return Loaded.ERROR;
  }

  /**
   * Sets the switches before a run: they are the process's, and another engine may want others.
   *
   * @param precision of large products
   * @param cuda whether it runs on a GPU, where the same work gives the same bits only if asked to:
   *     a run that is resumed must go on as it would have
   */
  static void configure(Precision precision, boolean cuda) {
    Context context = torch.globalContext();
    boolean tf32 = precision == Precision.TF32;
    context.setAllowTF32CuBLAS(tf32);
    context.setAllowTF32CuDNN(tf32);
    if (cuda) {
      context.setDeterministicCuDNN(true);
      context.setDeterministicAlgorithms(true, /* warnOnly= */ true);
      context.setDeterministicFillUninitializedMemory(false); // a debugging aid that costs time
    }
  }

  /** Gives the memory that LibTorch keeps for later back to the GPUs. */
  static void releaseCudaCache() {
    if (hasCudaRuntime()) {
      torch_cuda.getAllocator().emptyCache();
    }
  }

  /** Whether the classes are there that LibTorch's own for streams and memory mention. */
  static boolean hasCudaRuntime() {
    String name = "/org/bytedeco/cuda/cudart/CUstream_st.class";
    return Natives.class.getResource(name) != null;
  }
}

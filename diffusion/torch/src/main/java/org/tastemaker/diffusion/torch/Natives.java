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
   *     cuDNN always is, all of LibTorch, attention's backward half among it, where the environment
   *     has what LibTorch then demands
   */
  static void configure(Precision precision, boolean cuda) {
    Context context = torch.globalContext();
    boolean tf32 = precision == Precision.TF32;
    context.setAllowTF32CuBLAS(tf32);
    context.setAllowTF32CuDNN(tf32);
    if (cuda) {
      context.setAllowBF16ReductionCuBLAS(false); // sums of bfloat16 products in float32
      context.setDeterministicCuDNN(true);
      // Never to be warned only: each product would print a warning, and attention's backward half
      // would add in any order all the same.
      String workspace = System.getenv("CUBLAS_WORKSPACE_CONFIG");
      context.setDeterministicAlgorithms(
          ":4096:8".equals(workspace) || ":16:8".equals(workspace), /* warnOnly= */ false);
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

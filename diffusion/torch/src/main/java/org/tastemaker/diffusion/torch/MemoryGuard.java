package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import java.util.Locale;
import java.util.Objects;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells a lack of memory from other failures.
 *
 * @param releaseCache gives memory that LibTorch keeps for later back to the device
 * @param beforeRows is told how many rows are about to be run together
 */
record MemoryGuard(Runnable releaseCache, IntConsumer beforeRows) {
  /** Of CUDA's and the CPU's allocators, of cuBLAS and cuDNN. */
  private static final ImmutableList<String> MESSAGES =
      ImmutableList.of(
          "out of memory", "not enough memory", "can't allocate memory", "status_alloc_failed");

  /** There was too little memory on the device. */
  static final class OutOfMemory extends RuntimeException {
    private static final long serialVersionUID = 1;

    OutOfMemory(RuntimeException cause) {
      super(cause);
    }

    /** What the user is told when nothing is left to be tried. */
    IllegalStateException report(boolean byRows) {
      return report(
          "the device's memory does not hold "
              + (byRows ? "a single row of the batch" : "the batch")
              + "; compute in bfloat16, switch checkpointing on (Placement.withCheckpointing(true)) and CUDA graphs"
              + " off, make smaller images or smaller batches, or take a device with more memory");
    }

    /** The same of something else than a batch. */
    IllegalStateException report(String what) {
      String reason = Objects.requireNonNull(getCause()).getMessage();
      return new IllegalStateException(what + "; LibTorch says: " + firstLine(reason), getCause());
    }

    private static String firstLine(@Nullable String text) {
      return text == null ? "" : text.lines().findFirst().orElse("");
    }
  }

  void run(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      throw isOutOfMemory(e) ? new OutOfMemory(e) : e;
    }
  }

  void release() {
    releaseCache.run();
  }

  /** LibTorch's errors come as one Java type, so the message decides. */
  private static boolean isOutOfMemory(RuntimeException e) {
    String message = e.getMessage();
    if (message == null) {
      return false;
    }
    String lower = message.toLowerCase(Locale.ROOT);
    return MESSAGES.stream().anyMatch(lower::contains);
  }
}

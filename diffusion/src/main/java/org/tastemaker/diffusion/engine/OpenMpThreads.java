package org.tastemaker.diffusion.engine;

import java.util.Objects;
import java.util.function.Supplier;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * OpenMP's number of threads, which belongs to the thread that asks, not to the process.
 *
 * <p>For small networks made of ND4J's ops, one is the right number. ND4J divides elementwise ops
 * among OpenMP's threads, and leaves matrix products to OpenBLAS, which has threads of its own.
 * Both kinds spin for a while after each op, on the cores that the next op needs: on two cores an
 * update of DPOK's value network took 207 ms, and takes 17 with one OpenMP thread. Matrix products
 * keep their threads.
 */
public final class OpenMpThreads {
  private OpenMpThreads() {}

  /**
   * The calling thread's number: the processors, unless OMP_NUM_THREADS says otherwise.
   *
   * @return at least 1
   */
  public static int number() {
    return ops().ompGetMaxThreads();
  }

  /**
   * Sets the calling thread's number, for as long as it lives.
   *
   * @param number at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public static void use(int number) {
    if (number < 1) {
      throw new IllegalArgumentException(
          "a thread needs at least 1 OpenMP thread, but was given " + number);
    }
    ops().setOmpNumThreads(number);
  }

  /**
   * Runs work with one OpenMP thread, and gives the calling thread its number back, also if the
   * work fails.
   *
   * @param work a few small ops of ND4J
   * @param <T> of its result
   * @return what it returns
   */
  public static <T> T one(Supplier<T> work) {
    Objects.requireNonNull(work, "work == null");
    int before = number();
    use(1);
    try {
      return work.get();
    } finally {
      use(before);
    }
  }

  private static NativeOps ops() {
    Nd4j.factory(); // ND4J's own initialization, which sets what the next line needs
    return NativeOpsHolder.getInstance().getDeviceNativeOps();
  }
}

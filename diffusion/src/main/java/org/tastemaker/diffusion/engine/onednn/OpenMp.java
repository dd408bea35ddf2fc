package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;

import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * OpenMP's number of threads, which belongs to the thread that asks. A primitive takes as many
 * threads as the thread has that makes it and runs it; with one it is a plain call.
 */
final class OpenMp {
  private OpenMp() {}

  /** The calling thread's number: the processors, unless OMP_NUM_THREADS says otherwise. */
  static int threads() {
    return ops().ompGetMaxThreads();
  }

  /** Sets the calling thread's number. */
  static void use(int threads) {
    ops().setOmpNumThreads(threads);
  }

  /**
   * Whether {@link #use} reaches oneDNN. It does where one OpenMP runtime is in the process, as on
   * Linux; where each library has brought its own, ND4J's number means nothing to oneDNN.
   */
  static boolean reachesOneDnn() {
    return Probe.REACHED;
  }

  private static NativeOps ops() {
    Nd4j.factory(); // ND4J's own initialization, which sets what the next line needs
    return NativeOpsHolder.getInstance().getDeviceNativeOps();
  }

  /** Asked once: threads that sum a weight gradient need memory each. */
  private static final class Probe {
    private static final boolean REACHED = probe();

    private static boolean probe() {
      int before = threads();
      try {
        use(1);
        long one = scratchpad();
        use(4);
        return scratchpad() > one;
      } catch (OneDnn.Unsupported e) {
        return false;
      } finally {
        use(before);
      }
    }

    private static long scratchpad() {
      try (OneDnn dnn = new OneDnn()) {
        long[] image = {64, 16, 16, 16};
        long[] step = {1, 1};
        long[] none = {0, 0};
        dnnl_memory_desc x = dnn.strided(image, Shapes.strides(image));
        dnnl_memory_desc w = dnn.any(16, 16, 3, 3);
        dnnl_primitive_attr attr = dnn.attributes(List.of());
        dnnl_primitive_desc forward =
            dnn.describe(
                "convolution",
                d ->
                    dnnl_convolution_forward_primitive_desc_create(
                        d,
                        dnn.engine(),
                        dnnl_forward_training,
                        dnnl_convolution_direct,
                        x,
                        w,
                        null,
                        x,
                        step,
                        none,
                        step,
                        step,
                        attr));
        dnnl_primitive_desc backward =
            dnn.describe(
                "convolution weight gradient",
                d ->
                    dnnl_convolution_backward_weights_primitive_desc_create(
                        d,
                        dnn.engine(),
                        dnnl_convolution_direct,
                        x,
                        w,
                        null,
                        x,
                        step,
                        none,
                        step,
                        step,
                        forward,
                        attr));
        return OneDnn.bytes(OneDnn.layout(backward, dnnl_query_scratchpad_md));
      }
    }
  }
}

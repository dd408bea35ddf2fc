package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;

import java.util.List;
import org.tastemaker.diffusion.engine.OpenMpThreads;

/**
 * Whether oneDNN goes by {@link OpenMpThreads}. A primitive then takes as many threads as the
 * thread has that makes it and runs it; with one it is a plain call.
 */
final class OpenMp {
  private OpenMp() {}

  /**
   * Whether {@link OpenMpThreads#use} reaches oneDNN. It does where one OpenMP runtime is in the
   * process, as on Linux; where each library has brought its own, ND4J's number means nothing to
   * oneDNN.
   */
  static boolean reachesOneDnn() {
    return Probe.REACHED;
  }

  /** Asked once: threads that sum a weight gradient need memory each. */
  private static final class Probe {
    private static final boolean REACHED = probe();

    private static boolean probe() {
      int before = OpenMpThreads.number();
      try {
        OpenMpThreads.use(1);
        long one = scratchpad();
        OpenMpThreads.use(4);
        return scratchpad() > one;
      } catch (OneDnn.Unsupported e) {
        return false;
      } finally {
        OpenMpThreads.use(before);
      }
    }

    private static long scratchpad() {
      try (OneDnn dnn = new OneDnn()) {
        long[] image = {64, 16, 16, 16};
        long[] weights = {16, 16, 3, 3};
        long[] pad = {1, 1};
        Convolution convolution =
            new Convolution(
                dnn,
                new Convolution.Sizes(image, weights, image, 1, pad, pad),
                false,
                false,
                List.of());
        return OneDnn.bytes(
            OneDnn.layout(convolution.backwardWeights(false), dnnl_query_scratchpad_md));
      }
    }
  }
}

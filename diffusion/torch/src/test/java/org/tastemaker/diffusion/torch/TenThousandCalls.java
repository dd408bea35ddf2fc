package org.tastemaker.diffusion.torch;

import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * Prints by how much the process grows over ten thousand calls: forward and backward, whole, with
 * checkpoints on two devices with copied weights, and as recorded halves.
 */
final class TenThousandCalls {
  private static final int WARM_UP = 4_000; // the compiler takes memory of its own until then

  private TenThousandCalls() {}

  /** Takes no arguments. */
  public static void main(String[] args) {
    Fixture fixture = new Fixture();
    Map<String, INDArray> inputs = Map.of("x", fixture.x, "t", fixture.t);
    Map<String, INDArray> cotangents = Map.of("out", fixture.cotangent);
    try (GraphFunction whole =
            fixture.function(new Weights(), false, 1, true, new Fixture.Limit());
        GraphFunction checkpointed =
            fixture.function(new Weights(), true, 2, false, new Fixture.Limit());
        GraphFunction graphed = GraphedFunctionTest.graphed(fixture)) {
      GraphFunction[] all = {whole, whole, checkpointed, graphed};
      long before = 0;
      for (int i = 0; i < WARM_UP + 5000; i++) {
        if (i == WARM_UP) {
          before = Pointer.physicalBytes();
        }
        GraphFunction each = all[i % all.length];
        each.forward(inputs);
        each.backward(cotangents);
      }
      System.out.println("grown " + (Pointer.physicalBytes() - before));
    }
  }
}

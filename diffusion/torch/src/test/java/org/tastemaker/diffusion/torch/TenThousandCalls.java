package org.tastemaker.diffusion.torch;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.testing.MemoryGrowth;

/**
 * Prints by how much the process grows over ten thousand calls: forward and backward, whole, with
 * checkpoints on two devices with copied weights, and as recorded halves.
 */
final class TenThousandCalls {
  private static final int WARM_UP = 1_000;

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
      MemoryGrowth.print(
          WARM_UP,
          5_000,
          i -> {
            GraphFunction each = all[i % all.length];
            each.forward(inputs);
            each.backward(cotangents);
          });
    }
  }
}

package org.tastemaker.diffusion.testing.engine;

import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.testing.MemoryGrowth;

/** Runs a function thousands of times, and prints by how many bytes resident memory grew. */
public final class MemoryUse {
  private static final int WARM_UP = 1_000;
  private static final int CALLS = 5_000;
  private static final long[] IMAGE = {2, 8, 16, 16};

  private MemoryUse() {}

  /**
   * The main method of a program that is run in a process of its own.
   *
   * @param engine to be measured
   */
  public static void print(Engine engine) {
    Values values = new Values(1);
    Ops ops = new Ops(DataType.FLOAT);
    Tensor weight = ops.parameter("weight", values.array(0.1, 3, 3, 8, 8), true);
    Tensor in = values.input(ops, "x", true, IMAGE);
    Tensor h = ops.conv2d("conv", in, weight, null, 1, Padding.all(1));
    Tensor out = ops.silu("act", ops.scale("scale", h, 0.5));
    GraphDefinition graph = GraphDefinition.of(ops, Map.of("out", out));
    Map<String, INDArray> cotangents = Map.of("out", values.array(1, IMAGE));
    try (GraphFunction function = engine.create(graph)) {
      MemoryGrowth.print(
          WARM_UP,
          CALLS,
          i -> {
            function.forward(values.inputs());
            function.backward(cotangents);
          });
    }
  }
}

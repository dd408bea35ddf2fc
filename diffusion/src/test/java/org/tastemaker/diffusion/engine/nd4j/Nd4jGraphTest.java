package org.tastemaker.diffusion.engine.nd4j;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** The ops of a graph: which belong to which layer, forward and backward. */
class Nd4jGraphTest {
  private final Ops ops = new Ops(DataType.DOUBLE);

  private Nd4jGraph graph(Tensor out) {
    return Nd4jGraph.of(GraphDefinition.of(ops, Map.of("out", out)));
  }

  private Backward backward(Tensor out) {
    return requireNonNull(graph(out).backward());
  }

  @Test
  void graphWithoutDifferentiableLeavesHasNoBackwardHalf() {
    assertThat(graph(ops.silu("act", ops.input("x", false, 2, 3))).backward()).isNull();
  }

  @Test
  void forwardOpsOfALayerLeadFromItsInputsToItsOutput() {
    Tensor x = ops.input("x", true, 2, 3);
    Tensor weight = ops.parameter("w", Nd4j.ones(DataType.DOUBLE, 4, 3), true);
    Nd4jGraph graph = graph(ops.linear("l", x, weight, null));

    LayerOps layer = requireNonNull(graph.layers().get("l"));
    assertThat(layer.inputs()).containsExactly("l/in0", "l/in1");
    Set<String> made = new HashSet<>(layer.inputs());
    for (String name : layer.forward()) {
      var op = requireNonNull(graph.sameDiff().getOps().get(name));
      assertThat(made).containsAll(op.getInputsToOp());
      made.addAll(op.getOutputsOfOp());
    }
    assertThat(made).contains("l/out");
  }

  @Test
  void frozenParametersHaveNoGradient() {
    Tensor x = ops.input("x", true, 2, 3);
    Tensor frozen = ops.parameter("w", Nd4j.ones(DataType.DOUBLE, 4, 3), false);
    Backward backward = backward(ops.linear("l", x, frozen, null));
    assertThat(backward.gradients()).containsKey("x").doesNotContainKey("w");
  }

  @Test
  void nothingIsWrittenBelowTheLowestDifferentiableLayer() {
    Tensor x = ops.input("x", false, 2, 3);
    Tensor below = ops.geluExact("below", x);
    Tensor w = ops.parameter("w", Nd4j.ones(DataType.DOUBLE, 4, 3), true);
    Backward backward = backward(ops.linear("above", below, w, null));
    assertThat(backward.ops().keySet()).containsExactly("above");
  }

  @Test
  void backwardOpsOfALayerLeadFromItsOutputsGradientToItsInputsGradients() {
    Tensor x = ops.input("x", true, 2, 4, 3, 3);
    Tensor scale = ops.parameter("scale", Nd4j.ones(DataType.DOUBLE, 4), true);
    Tensor shift = ops.parameter("shift", Nd4j.zeros(DataType.DOUBLE, 4), true);
    Tensor h = ops.groupNorm("norm", x, scale, shift, 2, 1e-5);
    Tensor out = ops.add("add", ops.silu("act", h), x);
    Nd4jGraph graph = graph(out);
    Backward backward = requireNonNull(graph.backward());

    for (Layer layer : ops.layers()) {
      // What it may read: the forward half, and the gradient of its output.
      Set<String> known = new HashSet<>();
      graph.sameDiff().getOps().values().stream()
          .filter(op -> !op.getName().contains("/backward/"))
          .forEach(op -> known.addAll(op.getOutputsOfOp()));
      known.addAll(List.of("x", "scale", "shift"));
      known.add(requireNonNull(backward.gradients().get(layer.output().name())));
      for (String name : backward.ops().get(layer.name())) {
        var op = requireNonNull(graph.sameDiff().getOps().get(name));
        assertThat(known).containsAll(op.getInputsToOp());
        known.addAll(op.getOutputsOfOp());
      }
      for (String input : requireNonNull(graph.layers().get(layer.name())).inputs()) {
        assertThat(known).contains(requireNonNull(backward.gradients().get(input)));
      }
    }
  }
}

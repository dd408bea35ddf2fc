package org.tastemaker.diffusion.engine.graph;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.collect.ImmutableList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class BackwardTest {
  private final Ops ops = new Ops(DataType.DOUBLE);

  @Test
  void graphWithoutDifferentiableLeavesIsRefused() {
    Tensor out = ops.silu("act", ops.input("x", false, 2, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backward.of(ops, List.of(out)))
        .withMessageContaining("no output depends on a trainable parameter")
        .withMessageContaining("act/out");
  }

  @Test
  void frozenParametersHaveNoGradient() {
    Tensor x = ops.input("x", true, 2, 3);
    Tensor frozen = ops.parameter("w", Nd4j.ones(DataType.DOUBLE, 4, 3), false);
    Backward backward = Backward.of(ops, List.of(ops.linear("l", x, frozen, null)));
    assertThat(backward.gradients()).containsKey("x").doesNotContainKey("w");
  }

  @Test
  void nothingIsWrittenBelowTheLowestDifferentiableLayer() {
    Tensor x = ops.input("x", false, 2, 3);
    Tensor below = ops.geluExact("below", x);
    Tensor w = ops.parameter("w", Nd4j.ones(DataType.DOUBLE, 4, 3), true);
    Backward backward = Backward.of(ops, List.of(ops.linear("above", below, w, null)));
    assertThat(backward.ops().keySet()).containsExactly("above");
  }

  @Test
  void backwardOpsOfACompositeLeadFromItsOutputsGradientToItsInputsGradients() {
    Tensor x = ops.input("x", true, 2, 4, 3, 3);
    Tensor scale = ops.parameter("scale", Nd4j.ones(DataType.DOUBLE, 4), true);
    Tensor shift = ops.parameter("shift", Nd4j.zeros(DataType.DOUBLE, 4), true);
    Tensor h = ops.groupNorm("norm", x, scale, shift, 2, 1e-5);
    Tensor out = ops.add("add", ops.silu("act", h), x);
    ImmutableList<Composite> composites = ops.composites();
    Backward backward = Backward.of(ops, List.of(out));

    for (Composite composite : composites) {
      // What it may read: the forward half, and the gradient of its output.
      Set<String> known = new HashSet<>();
      ops.sameDiff().getOps().values().stream()
          .filter(op -> !op.getName().contains("/backward/"))
          .forEach(op -> known.addAll(op.getOutputsOfOp()));
      known.addAll(List.of("x", "scale", "shift"));
      known.add(requireNonNull(backward.gradients().get(composite.output())));
      for (String name : backward.ops().get(composite.name())) {
        var op = requireNonNull(ops.sameDiff().getOps().get(name));
        assertThat(known).containsAll(op.getInputsToOp());
        known.addAll(op.getOutputsOfOp());
      }
      for (String input : composite.inputs()) {
        assertThat(known).contains(requireNonNull(backward.gradients().get(input)));
      }
    }
  }
}

package org.tastemaker.diffusion.engine.graph;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What a further engine reads: leaves, layers, outputs, and nothing else. */
class GraphDefinitionTest {
  private final Ops ops = new Ops(DataType.FLOAT);
  private final INDArray trained = Nd4j.ones(DataType.FLOAT, 2, 3);
  private final INDArray frozen = Nd4j.ones(DataType.FLOAT, 2);
  private final INDArray mask = Nd4j.ones(DataType.FLOAT, 4, 2);

  private GraphDefinition graph() {
    Tensor x = ops.input("x", true, 4, 3);
    Tensor weight = ops.parameter("weight", trained, true);
    Tensor bias = ops.parameter("bias", frozen, false);
    Tensor h = ops.linear("linear", x, weight, bias);
    return GraphDefinition.of(
        ops, Map.of("out", ops.multiply("dropout", h, ops.constant("mask", mask))));
  }

  private static void assertLeaf(
      GraphDefinition graph, String name, Leaf.Role role, boolean differentiable) {
    Leaf leaf = requireNonNull(graph.leaves().get(name));
    assertThat(leaf.role()).isEqualTo(role);
    assertThat(leaf.tensor().name()).isEqualTo(name);
    assertThat(leaf.tensor().differentiable()).isEqualTo(differentiable);
  }

  @Test
  void everyLeafIsListedWithItsArrayAndItsRole() {
    GraphDefinition graph = graph();
    assertThat(graph.leaves().keySet()).containsExactly("x", "weight", "bias", "mask");
    assertLeaf(graph, "x", Leaf.Role.INPUT, true);
    assertLeaf(graph, "weight", Leaf.Role.TRAINABLE, true);
    assertLeaf(graph, "bias", Leaf.Role.FROZEN, false);
    assertLeaf(graph, "mask", Leaf.Role.CONSTANT, false);
    assertThat(requireNonNull(graph.leaves().get("x")).array()).isNull();
    assertThat(requireNonNull(graph.leaves().get("weight")).array()).isSameAs(trained);
    assertThat(requireNonNull(graph.leaves().get("bias")).array()).isSameAs(frozen);
    assertThat(requireNonNull(graph.leaves().get("mask")).array()).isSameAs(mask);
    assertThat(graph.inputs()).containsOnlyKeys("x");
    assertThat(graph.trainable()).containsOnlyKeys("weight");
    assertThat(graph.differentiable().keySet()).containsExactly("weight", "x");
  }

  @Test
  void everySourceOfALayerIsALeafOrAnEarlierLayersOutput() {
    GraphDefinition graph = graph();
    Layer linear = graph.layers().get(0);
    Layer dropout = graph.layers().get(1);
    assertThat(linear.inputs()).extracting(Tensor::name).containsExactly("x", "weight", "bias");
    assertThat(dropout.inputs().get(0)).isSameAs(linear.output());
    assertThat(dropout.inputs().get(1).name()).isEqualTo("mask");
    assertThat(graph.outputs().get("out")).isSameAs(dropout.output());
    assertThat(linear.output().shape().toArray()).containsExactly(4, 2);
    assertThat(linear.output().differentiable()).isTrue();
  }

  @Test
  void aGraphIsDifferentiableIfAnOutputIs() {
    assertThat(graph().isDifferentiable()).isTrue();
    Ops other = new Ops(DataType.FLOAT);
    other.parameter("unused", trained, true);
    Tensor out = other.silu("act", other.input("x", false, 3));
    assertThat(GraphDefinition.of(other, Map.of("out", out)).isDifferentiable()).isFalse();
  }

  @Test
  void aLeafHasAnArrayUnlessItIsAnInput() {
    Tensor tensor = ops.input("x", false, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Leaf(Leaf.Role.FROZEN, tensor, null))
        .withMessageContaining("\"x\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Leaf(Leaf.Role.INPUT, tensor, frozen))
        .withMessageContaining("\"x\"");
  }
}

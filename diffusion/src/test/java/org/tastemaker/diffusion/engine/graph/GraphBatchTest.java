package org.tastemaker.diffusion.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class GraphBatchTest {
  /** A convolution, tokens, attention and a linear layer, for some batch. */
  private static GraphDefinition network(long batch) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, batch, 4, 6, 6);
    Tensor w = ops.parameter("w", Nd4j.zeros(DataType.FLOAT, 3, 3, 4, 8), true);
    Tensor h = ops.conv2d("conv", x, w, null, 1, Padding.all(1));
    Tensor tokens = ops.toTokens("tokens", ops.silu("act", h));
    Tensor text = ops.input("text", false, batch, 5, 8);
    Tensor mixed = ops.attention("attention", tokens, text, text, 2, null);
    Tensor v = ops.parameter("v", Nd4j.zeros(DataType.FLOAT, 3, 8), false);
    return GraphDefinition.of(ops, Map.of("out", ops.linear("last", mixed, v, null)));
  }

  @Test
  void theBatchOfANetworkIsTheFirstDimensionOfItsInputs() {
    assertThat(GraphBatch.of(network(6))).hasValue(6);
  }

  @Test
  void aResizedGraphIsTheOneThatIsBuiltForThatBatch() {
    GraphDefinition resized = GraphBatch.resized(network(6), 2);
    GraphDefinition built = network(2);
    assertThat(resized.layers()).isEqualTo(built.layers());
    assertThat(resized.inputs()).isEqualTo(built.inputs());
    assertThat(resized.outputs()).isEqualTo(built.outputs());
  }

  @Test
  void aResizedGraphReadsTheSameParameters() {
    GraphDefinition graph = network(6);
    assertThat(GraphBatch.resized(graph, 2).trainable().get("w"))
        .isSameAs(graph.trainable().get("w"));
  }

  @Test
  void elementsThatAreConcatenatedAreNotApart() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 2, 3);
    assertThat(GraphBatch.of(GraphDefinition.of(ops, Map.of("out", ops.concat("all", 0, x, x)))))
        .isEmpty();
  }

  @Test
  void aConstantForEachElementKeepsTheBatchWhole() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 2, 3);
    Tensor mask = ops.constant("mask", Nd4j.ones(DataType.FLOAT, 2, 3));
    assertThat(GraphBatch.of(GraphDefinition.of(ops, Map.of("out", ops.multiply("cut", x, mask)))))
        .isEmpty();
  }

  @Test
  void aWeightThatIsComputedFromAnInputKeepsTheBatchWhole() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 3, 3);
    Tensor out = ops.linear("square", x, ops.silu("weight", x), null);
    assertThat(GraphBatch.of(GraphDefinition.of(ops, Map.of("out", out)))).isEmpty();
  }

  @Test
  void inputsOfSeveralSizesHaveNoBatch() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.silu("a", ops.input("x", false, 2, 3));
    Tensor y = ops.silu("b", ops.input("y", false, 4, 3));
    assertThat(GraphBatch.of(GraphDefinition.of(ops, Map.of("x", x, "y", y)))).isEmpty();
  }

  @Test
  void anOutputThatIsAParameterHasNoBatch() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.silu("a", ops.input("x", false, 2, 3));
    Tensor w = ops.parameter("w", Nd4j.zeros(DataType.FLOAT, 2, 3), false);
    assertThat(GraphBatch.of(GraphDefinition.of(ops, Map.of("x", x, "w", w)))).isEmpty();
  }

  @Test
  void aGraphWithoutABatchIsNotResized() {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor x = ops.input("x", false, 2, 3);
    GraphDefinition graph = GraphDefinition.of(ops, Map.of("out", ops.concat("all", 0, x, x)));
    assertThatThrownBy(() -> GraphBatch.resized(graph, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a graph with a batch");
  }
}

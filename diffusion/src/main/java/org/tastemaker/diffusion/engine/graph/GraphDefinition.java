package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph, whole: all that an engine needs to run it forward and, if something in it is
 * differentiable, backward.
 *
 * <p>A tensor's name is unique among leaves and layers' outputs. A layer may be there that no
 * output needs; an engine leaves it out.
 *
 * @param dataType what it computes in: FLOAT or DOUBLE
 * @param leaves what it reads, by the tensor's name, in the order in which they were made
 * @param layers what it computes, in an order of execution
 * @param outputs what a run returns, each a leaf or a layer's output, by the name that callers use,
 *     which need not be the tensor's
 */
public record GraphDefinition(
    DataType dataType,
    ImmutableMap<String, Leaf> leaves,
    ImmutableList<Layer> layers,
    ImmutableMap<String, Tensor> outputs) {

  /**
   * Completes a graph.
   *
   * @param ops the builder, which must not be used any more
   * @param outputs distinct tensors of the graph, by the names that callers will use
   * @return the definition
   */
  public static GraphDefinition of(Ops ops, Map<String, Tensor> outputs) {
    if (outputs.isEmpty()) {
      throw new IllegalArgumentException("a graph needs at least one output");
    }
    outputs.forEach((name, tensor) -> ops.graph().require("output \"" + name + "\"", tensor));
    return new GraphDefinition(
        ops.dataType(), ops.graph().leaves(), ops.layers(), ImmutableMap.copyOf(outputs));
  }

  /**
   * What a run is given.
   *
   * @return the leaves that are inputs, by name
   */
  public ImmutableMap<String, Tensor> inputs() {
    return leaves(Leaf.Role.INPUT)
        .collect(ImmutableMap.toImmutableMap(leaf -> leaf.tensor().name(), Leaf::tensor));
  }

  /**
   * The trainable parameters.
   *
   * @return their owner's arrays, by name
   */
  public ImmutableMap<String, INDArray> trainable() {
    return leaves(Leaf.Role.TRAINABLE)
        .collect(
            ImmutableMap.toImmutableMap(
                leaf -> leaf.tensor().name(), leaf -> Objects.requireNonNull(leaf.array())));
  }

  /**
   * The leaves whose gradients a backward run returns: the trainable parameters, then the
   * differentiable inputs. A leaf that no output depends on is there too; its gradient is zero.
   *
   * @return their tensors, by name
   */
  public ImmutableMap<String, Tensor> differentiable() {
    return Stream.concat(leaves(Leaf.Role.TRAINABLE), leaves(Leaf.Role.INPUT))
        .map(Leaf::tensor)
        .filter(Tensor::differentiable)
        .collect(ImmutableMap.toImmutableMap(Tensor::name, tensor -> tensor));
  }

  /**
   * Whether a frozen parameter's array is of half precision, which not every engine reads.
   *
   * @return whether there is one
   */
  public boolean hasHalves() {
    return leaves.values().stream()
        .map(Leaf::array)
        .anyMatch(array -> array != null && GraphRecord.isHalf(array.dataType()));
  }

  /**
   * Whether there is a backward half.
   *
   * @return whether an output depends on a differentiable leaf
   */
  public boolean isDifferentiable() {
    return outputs.values().stream().anyMatch(Tensor::differentiable);
  }

  private Stream<Leaf> leaves(Leaf.Role role) {
    return leaves.values().stream().filter(leaf -> leaf.role() == role);
  }
}

package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** A graph in float64, over copies of another one's arrays. */
final class DoubleGraph implements AutoCloseable {
  private final List<INDArray> copies = new ArrayList<>();
  private final GraphDefinition graph;

  private DoubleGraph(GraphDefinition source) {
    ImmutableMap.Builder<String, Leaf> leaves = ImmutableMap.builder();
    source
        .leaves()
        .forEach(
            (name, leaf) ->
                leaves.put(
                    name, new Leaf(leaf.role(), widened(leaf.tensor()), widened(leaf.array()))));
    ImmutableMap.Builder<String, Tensor> outputs = ImmutableMap.builder();
    source.outputs().forEach((name, tensor) -> outputs.put(name, widened(tensor)));
    graph =
        new GraphDefinition(
            DataType.DOUBLE,
            leaves.buildOrThrow(),
            source.layers().stream()
                .map(DoubleGraph::widened)
                .collect(ImmutableList.toImmutableList()),
            outputs.buildOrThrow());
  }

  static DoubleGraph of(GraphDefinition source) {
    return new DoubleGraph(source);
  }

  GraphDefinition graph() {
    return graph;
  }

  /** Copies of a run's arrays, in the graph's type. */
  Map<String, INDArray> arrays(Map<String, INDArray> arrays) {
    Map<String, INDArray> wide = new LinkedHashMap<>();
    arrays.forEach((name, array) -> wide.put(name, copy(array)));
    return wide;
  }

  private static Layer widened(Layer layer) {
    return new Layer(
        layer.kind(),
        layer.name(),
        layer.inputs().stream().map(DoubleGraph::widened).collect(ImmutableList.toImmutableList()),
        widened(layer.output()),
        layer.attributes());
  }

  private static Tensor widened(Tensor tensor) {
    return tensor.dataType() == DataType.FLOAT
        ? new Tensor(tensor.name(), DataType.DOUBLE, tensor.shape(), tensor.differentiable())
        : tensor;
  }

  private @Nullable INDArray widened(@Nullable INDArray array) {
    return array == null ? null : copy(array);
  }

  private INDArray copy(INDArray array) {
    INDArray wide =
        array.dataType() == DataType.FLOAT ? array.castTo(DataType.DOUBLE) : array.dup('c');
    copies.add(wide);
    return wide;
  }

  @Override
  public void close() {
    copies.forEach(INDArray::close);
  }
}

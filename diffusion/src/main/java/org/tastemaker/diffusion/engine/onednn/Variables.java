package org.tastemaker.diffusion.engine.onednn;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Where each tensor of a graph lies in the forward half, while the graph is compiled. */
final class Variables {
  private final GraphDefinition definition;
  private final Program program;
  private final Map<String, INDArray> inputs = new LinkedHashMap<>();
  private final Map<String, Buffer> activations = new HashMap<>();
  private final Map<String, Buffer> parameters = new HashMap<>();
  private final Set<String> parameterLeaves = new HashSet<>();
  private final Set<String> imageLeaves = new HashSet<>();

  Variables(GraphDefinition definition, Program program) {
    this.definition = definition;
    this.program = program;
  }

  /** Says which array an input is copied to before each run. */
  void input(String name, INDArray array) {
    inputs.put(name, array);
  }

  /** The arrays of the inputs, by name. */
  Map<String, INDArray> inputs() {
    return inputs;
  }

  /** The array of a leaf, in its own layout; null for what a layer computes. */
  @Nullable INDArray leaf(Tensor tensor) {
    Leaf leaf = definition.leaves().get(tensor.name());
    if (leaf == null) {
      return null;
    }
    return leaf.role() == Leaf.Role.INPUT ? inputs.get(tensor.name()) : leaf.array();
  }

  /** Whether a tensor may only change before a call of {@code parametersChanged}. */
  boolean isFrozen(Tensor tensor) {
    Leaf leaf = definition.leaves().get(tensor.name());
    return leaf != null && leaf.role() == Leaf.Role.FROZEN;
  }

  /** Whether a leaf is read as an image, so that its copy has the channels last. */
  boolean isImageLeaf(Tensor tensor) {
    return imageLeaves.contains(tensor.name());
  }

  /** A leaf in its own layout. */
  Buffer parameter(Tensor tensor) {
    parameterLeaves.add(tensor.name());
    checkOneRole(tensor.name());
    return raw(tensor);
  }

  private Buffer raw(Tensor tensor) {
    INDArray array = leaf(tensor);
    if (array == null) {
      throw new OneDnn.Unsupported("layer whose parameter \"" + tensor.name() + "\" is computed");
    }
    if (array.ordering() != 'c' || array.isView()) {
      throw new OneDnn.Unsupported("layer whose parameter \"" + tensor.name() + "\" is a view");
    }
    return parameters.computeIfAbsent(tensor.name(), name -> Buffer.of(array));
  }

  /** A tensor in this package's layout. */
  Buffer activation(Tensor tensor) {
    Buffer known = activations.get(tensor.name());
    if (known != null) {
      return known;
    }
    Buffer raw = raw(tensor);
    long[] shape = tensor.shape().toArray();
    Buffer activation = raw;
    if (Shapes.isImage(shape)) {
      imageLeaves.add(tensor.name());
      checkOneRole(tensor.name());
      // At every run: a constant such as a mask may have new values.
      Buffer image = Program.floats(shape);
      program.in(
          Program.Part.FORWARD,
          () -> program.reorder(program.dense(raw, shape), program.tensor(image, shape)));
      activation = image;
    }
    activations.put(tensor.name(), activation);
    return activation;
  }

  private void checkOneRole(String leaf) {
    if (parameterLeaves.contains(leaf) && imageLeaves.contains(leaf)) {
      throw new IllegalArgumentException(
          "\""
              + leaf
              + "\" is both an image and the weight of a convolution; run this graph with the"
              + " engine \"replay\"");
    }
  }

  /** Where a layer writes its output. */
  Buffer output(Tensor tensor) {
    return activations.computeIfAbsent(
        tensor.name(), name -> Program.floats(tensor.shape().toArray()));
  }

  /** Makes a layer's output another name of a tensor. */
  void alias(Tensor output, Tensor other) {
    activations.put(output.name(), activation(other));
  }
}

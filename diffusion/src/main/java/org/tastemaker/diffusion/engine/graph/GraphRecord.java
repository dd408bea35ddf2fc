package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The leaves and layers of a graph that is being built. */
final class GraphRecord {
  private final DataType dataType;
  private final Map<String, Leaf> leaves = new LinkedHashMap<>();
  private final List<Layer> layers = new ArrayList<>();
  private final Map<String, Tensor> tensors = new HashMap<>();
  private final Set<String> names = new HashSet<>();

  GraphRecord(DataType dataType) {
    if (dataType != DataType.FLOAT && dataType != DataType.DOUBLE) {
      throw new IllegalArgumentException("a graph computes in FLOAT or DOUBLE, not in " + dataType);
    }
    this.dataType = dataType;
  }

  DataType dataType() {
    return dataType;
  }

  ImmutableMap<String, Leaf> leaves() {
    return ImmutableMap.copyOf(leaves);
  }

  ImmutableList<Layer> layers() {
    return ImmutableList.copyOf(layers);
  }

  Tensor input(String name, DataType type, boolean differentiable, long... shape) {
    for (long size : shape) {
      if (size < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "\"%s\": every dimension must be at least 1, but the shape is %s",
                name,
                Arrays.toString(shape)));
      }
    }
    return leaf(Leaf.Role.INPUT, new Tensor(name, type, shape(shape), differentiable), null);
  }

  Tensor array(Leaf.Role role, String name, INDArray array) {
    boolean trainable = role == Leaf.Role.TRAINABLE;
    DataType type = isHalf(array.dataType()) ? dataType : array.dataType();
    return leaf(role, new Tensor(name, type, shape(array.shape()), trainable), array);
  }

  private Tensor leaf(Leaf.Role role, Tensor tensor, @Nullable INDArray array) {
    claim(tensor.name());
    leaves.put(tensor.name(), new Leaf(role, tensor, array));
    tensors.put(tensor.name(), tensor);
    return tensor;
  }

  /** Adds a layer; its output is called {@code name/out}. */
  Tensor layer(
      Layer.Kind kind,
      String name,
      List<Tensor> inputs,
      ImmutableMap<String, Double> attributes,
      long... shape) {
    claim(name);
    for (int i = 0; i < inputs.size(); i++) {
      Tensor input = inputs.get(i);
      require(kind + " \"" + name + "\"", input);
      boolean isIds = kind == Layer.Kind.EMBEDDING && i == 0;
      if (!isIds && input.dataType() != dataType) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s \"%s\" computes in %s, but \"%s\" is %s",
                kind,
                name,
                dataType,
                input.name(),
                input.dataType()));
      }
    }
    boolean differentiable = inputs.stream().anyMatch(Tensor::differentiable);
    Tensor output = new Tensor(name + "/out", dataType, shape(shape), differentiable);
    layers.add(new Layer(kind, name, ImmutableList.copyOf(inputs), output, attributes));
    tensors.put(output.name(), output);
    return output;
  }

  /** Checks that a tensor is one of this graph: that very object, not an equal one. */
  @SuppressWarnings("ReferenceEquality")
  void require(String where, Tensor tensor) {
    if (tensors.get(tensor.name()) != tensor) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: \"%s\" belongs to another graph", where, tensor.name()));
    }
  }

  private void claim(String name) {
    if (name.isEmpty() || !names.add(name)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "every layer, input and parameter of a graph needs a name of its own, but \"%s\" is %s",
              name,
              name.isEmpty() ? "empty" : "taken"));
    }
  }

  private static ImmutableLongArray shape(long... shape) {
    return ImmutableLongArray.copyOf(shape);
  }

  /** Whether a type has 16 bits. */
  static boolean isHalf(DataType type) {
    return type == DataType.FLOAT16 || type == DataType.BFLOAT16;
  }
}

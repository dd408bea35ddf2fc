package org.tastemaker.diffusion.torch;

import static com.google.common.collect.ImmutableMap.toImmutableMap;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An array that a function hands out, and its memory as a tensor.
 *
 * @param array the function's own
 * @param tensor the same numbers
 */
@SuppressWarnings("try") // scopes are there to be closed
record HostArray(INDArray array, Tensor tensor) implements AutoCloseable {
  /** An array of a graph's tensor. */
  static HostArray of(org.tastemaker.diffusion.engine.graph.Tensor like) {
    INDArray array = Nd4j.create(like.dataType(), like.shape().toArray());
    return new HostArray(array, HostArrays.view(array));
  }

  /** Arrays of several of a graph's tensors, by the same names. */
  static ImmutableMap<String, HostArray> of(
      ImmutableMap<String, org.tastemaker.diffusion.engine.graph.Tensor> tensors) {
    return tensors.entrySet().stream()
        .collect(toImmutableMap(Map.Entry::getKey, tensor -> of(tensor.getValue())));
  }

  /** The arrays alone: always the same ones, so that callers can keep views of them. */
  static ImmutableMap<String, INDArray> arrays(Map<String, HostArray> hosts) {
    return hosts.entrySet().stream()
        .collect(toImmutableMap(Map.Entry::getKey, host -> host.getValue().array()));
  }

  void clear() {
    try (AutoGradMode noGradients = new AutoGradMode(false)) {
      tensor.zero_();
    }
  }

  /** Adds to all of it. */
  void add(Tensor value) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      tensor.add_(value.cpu());
    }
  }

  @Override
  public void close() {
    tensor.close();
    array.close();
  }
}

package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * The arrays in which a function hands gradients out. Each is made when it is first wanted: those
 * of parameters that are trained on a device never are.
 */
final class HostGradients implements AutoCloseable {
  private final ImmutableMap<String, Tensor> differentiable;
  private final Map<String, HostArray> arrays = new LinkedHashMap<>();
  private @Nullable ImmutableMap<String, INDArray> all;

  /** None yet, of these tensors by name. */
  HostGradients(ImmutableMap<String, Tensor> differentiable) {
    this.differentiable = differentiable;
  }

  /** All of them, the same map at each call. */
  Map<String, INDArray> all() {
    if (all == null) {
      all = arrays(differentiable.keySet());
    }
    return all;
  }

  /** Those that a training does not take. */
  Map<String, INDArray> without(Plan plan, TorchTraining training) {
    return arrays(
        plan.leaves().stream()
            .filter(leaf -> !training.holds(leaf.array()))
            .map(leaf -> leaf.tensor().name())
            .filter(differentiable::containsKey)
            .toList());
  }

  private ImmutableMap<String, INDArray> arrays(Iterable<String> names) {
    ImmutableMap.Builder<String, INDArray> some = ImmutableMap.builder();
    for (String name : names) {
      some.put(name, get(name).array());
    }
    return some.buildOrThrow();
  }

  /** One of them. */
  HostArray get(String name) {
    return arrays.computeIfAbsent(
        name, n -> HostArray.of(Objects.requireNonNull(differentiable.get(n))));
  }

  @Override
  public void close() {
    arrays.values().forEach(HostArray::close);
    arrays.clear();
  }
}

package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphBatch;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Runs a graph that computes the elements of its batch apart: each of several threads runs all
 * layers for its part of the batch. Each call returns the same map of the same arrays.
 *
 * <p>The threads meet once, at the end of a run, where OpenMP's meet at every layer. So none waits
 * for another that has lost its core to some other program for a while, and a run beside busy
 * programs takes little more than its share of the time.
 *
 * <p>The gradients of trainable parameters are the sums of those of the parts, always in the same
 * order.
 */
final class DividedFunction implements SharingFunction {
  private final GraphDefinition definition;
  private final Resources owned = new Resources();
  private final PackedWeights packed;
  private final CompiledPart[] parts;
  private final long[] begins;
  private final Workers workers;
  private final AtomicInteger unfinished = new AtomicInteger();
  private final Map<String, INDArray> outputs;
  private final Map<String, INDArray> gradients;
  private final @Nullable GradientSum sum;
  private final @Nullable Profile profile;

  /** A layer has no kernel: libnd4j's ops are run with the whole batch. */
  private static final class StockLayer extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * Compiles a graph for a plan.
   *
   * @param definition of the graph, of type FLOAT; it belongs to the function from now on
   * @param plan one that divides the batch
   * @param options how it is compiled, without stock layers
   * @param weights where those of its siblings are found
   * @param nanoTime the clock if runs are timed
   * @return the function; empty if a layer has no kernel, so that the graph can only be run whole
   */
  static Optional<DividedFunction> compile(
      GraphDefinition definition,
      BatchPlan plan,
      CompilerOptions options,
      SharedWeights weights,
      @Nullable LongSupplier nanoTime) {
    try {
      return Optional.of(new DividedFunction(definition, plan, options, weights, nanoTime));
    } catch (StockLayer e) {
      return Optional.empty();
    }
  }

  private DividedFunction(
      GraphDefinition definition,
      BatchPlan plan,
      CompilerOptions options,
      SharedWeights weights,
      @Nullable LongSupplier nanoTime) {
    this.definition = definition;
    packed = owned.add(new PackedWeights(weights, !options.checkpoints()));
    int count = plan.sizes().size();
    parts = new CompiledPart[count];
    begins = new long[count];
    for (int i = 1; i < count; i++) {
      begins[i] = begins[i - 1] + plan.sizes().get(i - 1);
    }
    workers = owned.add(new Workers(plan.workers(), plan.threads()));
    try {
      workers.run(count, i -> compile(i, plan.sizes().get(i), options));
      packed.place();
      for (CompiledPart part : parts) {
        part.place();
      }
      outputs = Collections.unmodifiableMap(whole(definition.outputs()));
      boolean trains = definition.isDifferentiable();
      gradients = Collections.unmodifiableMap(trains ? wholeGradients() : Map.of());
      sum = trains ? sum() : null;
    } catch (RuntimeException | Error e) {
      owned.close();
      throw e;
    }
    long arenas = 0;
    for (CompiledPart part : parts) {
      arenas += part.arenaBytes();
    }
    profile = nanoTime == null ? null : new Profile(nanoTime, arenas, plan.workers());
  }

  private void compile(int i, long size, CompilerOptions options) {
    parts[i] = owned.add(new CompiledPart(GraphBatch.resized(definition, size), options, packed));
    if (!parts[i].stockLayers().isEmpty()) {
      throw new StockLayer();
    }
  }

  private Map<String, INDArray> whole(Map<String, Tensor> tensors) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) ->
            arrays.put(
                name,
                owned.add(
                    Nd4j.createUninitializedDetached(
                        tensor.dataType(), tensor.shape().toArray()))));
    return arrays;
  }

  /**
   * Those of inputs are put together; those of parameters are summed where the first part's are.
   */
  private Map<String, INDArray> wholeGradients() {
    Map<String, Tensor> ofInputs = new LinkedHashMap<>(definition.differentiable());
    ofInputs.keySet().removeAll(definition.trainable().keySet());
    Map<String, INDArray> arrays = new LinkedHashMap<>(parts[0].gradients());
    arrays.putAll(whole(ofInputs));
    return arrays;
  }

  private GradientSum sum() {
    List<Map<String, INDArray>> each = new ArrayList<>();
    for (CompiledPart part : parts) {
      each.add(part.gradients());
    }
    GradientSum[] made = new GradientSum[1];
    workers.run( // on one of them, so that it has as many threads as they have
        1, i -> made[i] = owned.add(new GradientSum(definition.trainable().keySet(), each)));
    return Objects.requireNonNull(made[0]);
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    long start = profile == null ? 0 : profile.now();
    packed.forward(() -> workers.run(parts.length, i -> forward(i, inputs)));
    if (profile != null) {
      profile.ran(start);
    }
    return outputs;
  }

  private void forward(int i, Map<String, INDArray> inputs) {
    parts[i].forward(inputs, begins[i], profile);
    putTogether(parts[i].outputs(), outputs, begins[i]);
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    long start = profile == null ? 0 : profile.now();
    unfinished.set(parts.length);
    packed.backward(() -> workers.run(parts.length, i -> backward(i, cotangents)));
    if (profile != null) {
      profile.ran(start);
    }
    return gradients;
  }

  private void backward(int i, Map<String, INDArray> cotangents) {
    parts[i].backward(cotangents, begins[i], profile);
    putTogether(parts[i].gradients(), gradients, begins[i]);
    if (unfinished.decrementAndGet() == 0 && sum != null) {
      sum.run();
    }
  }

  /** Copies a part's arrays to their place in those of the whole batch. */
  private void putTogether(Map<String, INDArray> part, Map<String, INDArray> whole, long begin) {
    part.forEach(
        (name, array) -> {
          INDArray target = Objects.requireNonNull(whole.get(name));
          if (target.length() > array.length()) { // and not the gradient of a parameter
            long bytes = array.length() * array.dataType().width();
            Pointer.memcpy(
                new OneDnn.Address(target.data().address() + begin * (bytes / array.size(0))),
                array.data().pointer(),
                bytes);
          }
        });
  }

  @Override
  public void parametersChanged() {
    packed.changed();
  }

  @Override
  public SharedWeights weights() {
    return packed.shared();
  }

  /** What the runs so far cost; later runs add to it. */
  Optional<Profile> profile() {
    return Optional.ofNullable(profile);
  }

  @Override
  public void close() {
    owned.close();
  }
}

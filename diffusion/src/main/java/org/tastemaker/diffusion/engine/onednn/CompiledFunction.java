package org.tastemaker.diffusion.engine.onednn;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;

/**
 * Runs a graph with oneDNN's primitives, in memory that is laid out once, on the caller's thread;
 * OpenMP divides each layer. Each call returns the same map of the same arrays.
 *
 * <p>Trainable parameters are read at every run. What frozen ones are turned into (the formats that
 * convolutions want) is made at the first run and again after {@link #parametersChanged}, and
 * shared with functions that are made beside this one.
 */
final class CompiledFunction implements SharingFunction {
  private final Resources owned = new Resources();
  private final PackedWeights packed;
  private final CompiledPart part;
  private final Map<String, INDArray> outputs;
  private final Map<String, INDArray> gradients;
  private final @Nullable Profile profile;

  /**
   * Compiles a graph.
   *
   * @param definition of the graph, of type FLOAT; it belongs to the function from now on
   * @param options how it is compiled
   * @param weights where those of its siblings are found
   * @param nanoTime the clock if runs are timed
   */
  CompiledFunction(
      GraphDefinition definition,
      CompilerOptions options,
      SharedWeights weights,
      @Nullable LongSupplier nanoTime) {
    packed = owned.add(new PackedWeights(weights, !options.checkpoints()));
    try {
      part = owned.add(new CompiledPart(definition, options, packed));
      packed.place();
      part.place();
    } catch (RuntimeException | Error e) {
      owned.close();
      throw e;
    }
    outputs = Collections.unmodifiableMap(part.outputs());
    gradients = Collections.unmodifiableMap(part.gradients());
    profile = nanoTime == null ? null : new Profile(nanoTime, part.arenaBytes(), 1);
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    long start = profile == null ? 0 : profile.now();
    packed.forward(() -> part.forward(inputs, 0, profile));
    if (profile != null) {
      profile.ran(start);
    }
    return outputs;
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    long start = profile == null ? 0 : profile.now();
    packed.backward(() -> part.backward(cotangents, 0, profile));
    if (profile != null) {
      profile.ran(start);
    }
    return gradients;
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
  Profile profile() {
    if (profile == null) {
      throw new IllegalStateException("this function has no clock to time its runs with");
    }
    return profile;
  }

  /** The layers that libnd4j's ops run, by name. */
  Set<String> stockLayers() {
    return part.stockLayers();
  }

  /** The size of the memory that activations share, in bytes. */
  long arenaBytes() {
    return part.arenaBytes();
  }

  @Override
  public void close() {
    owned.close();
  }
}

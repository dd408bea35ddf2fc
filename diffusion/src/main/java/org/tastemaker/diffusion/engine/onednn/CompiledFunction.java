package org.tastemaker.diffusion.engine.onednn;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * Runs a graph with oneDNN's primitives, one for a layer, in memory that is laid out once. Each
 * call returns the same map of the same arrays.
 *
 * <p>Trainable parameters are read at every run. What frozen ones are turned into (the formats that
 * convolutions want) is made at the first run and again after {@link #parametersChanged}.
 *
 * <p>One gradient may be computed for each forward at the price of one backward; further ones run
 * the forward half again, as the first overwrites what it has used.
 */
final class CompiledFunction implements GraphFunction {
  private final Compiler.Plan plan;
  private final Arena arena;
  private final Step[] prepare;
  private final Step[] forward;
  private final Step[] backward;
  private final Map<String, INDArray> outputs;
  private final Map<String, INDArray> gradients;
  private final @Nullable Profile profile;
  private boolean prepared;
  private boolean spent;

  /**
   * Compiles a graph.
   *
   * @param definition of the graph, of type FLOAT; it belongs to the function from now on
   * @param stock the names of layers that ND4J's ops run even if there is a kernel
   * @param nanoTime the clock if runs are timed
   */
  CompiledFunction(GraphDefinition definition, Set<String> stock, @Nullable LongSupplier nanoTime) {
    this.plan = Compiler.compile(definition, stock);
    Program program = plan.program();
    prepare = program.steps(Program.Part.PREPARE).toArray(Step[]::new);
    forward = program.steps(Program.Part.FORWARD).toArray(Step[]::new);
    backward = program.steps(Program.Part.BACKWARD).toArray(Step[]::new);

    // 1. Lifetimes, over all three parts in a row.
    Set<Buffer> buffers = Collections.newSetFromMap(new java.util.LinkedHashMap<>());
    int time = 0;
    for (Step[] steps : List.of(prepare, forward, backward)) {
      for (Step step : steps) {
        for (Buffer buffer : step.buffers()) {
          buffer.use(time);
          buffers.add(buffer);
        }
        time++;
      }
    }

    // 2. Places.
    arena = plan.owned().add(new Arena(List.copyOf(buffers)));
    if (program.ones().isUsed()) {
      Buffer ones = program.ones();
      long count = ones.bytes() / Float.BYTES;
      FloatIndexer indexer =
          FloatIndexer.create(new FloatPointer(new OneDnn.Address(ones.address())).capacity(count));
      for (long i = 0; i < count; i++) {
        indexer.put(i, 1);
      }
    }
    for (Step[] steps : List.of(prepare, forward, backward)) {
      for (Step step : steps) {
        step.bind();
      }
    }
    outputs = Collections.unmodifiableMap(plan.outputs());
    gradients = Collections.unmodifiableMap(plan.gradients());
    profile = nanoTime == null ? null : new Profile(nanoTime, arena.bytes());
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    long start = profile == null ? 0 : profile.now();
    plan.inputs().forEach((name, array) -> fill(array, inputs.get(name)));
    if (!prepared) {
      run(prepare);
      prepared = true;
    }
    run(forward);
    if (profile != null) {
      profile.ran(start);
    }
    spent = false;
    return outputs;
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    long start = profile == null ? 0 : profile.now();
    plan.cotangents().forEach((name, array) -> fill(array, cotangents.get(name)));
    if (spent) {
      run(forward);
    }
    spent = true;
    run(backward);
    if (profile != null) {
      profile.ran(start);
    }
    return gradients;
  }

  @Override
  public void parametersChanged() {
    prepared = false;
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
    return plan.stockLayers();
  }

  /** The size of the memory that activations and packed weights share, in bytes. */
  long arenaBytes() {
    return arena.bytes();
  }

  @Override
  public void close() {
    plan.owned().close();
  }

  private void run(Step[] steps) {
    if (profile != null) {
      profile.run(steps);
      return;
    }
    for (Step step : steps) {
      step.run();
    }
  }

  private static void fill(INDArray array, @Nullable INDArray value) {
    if (value == null) {
      array.assign(0);
    } else if (value.ordering() == 'c'
        && !value.isView()
        && Shape.hasDefaultStridesForShape(value)) {
      Pointer.memcpy(
          array.data().pointer(),
          value.data().pointer(),
          value.length() * value.dataType().width());
    } else {
      array.assign(value);
    }
  }
}

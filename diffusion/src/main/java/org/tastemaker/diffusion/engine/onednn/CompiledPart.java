package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;

/**
 * A graph compiled for some elements of a batch, or for the whole batch: its steps, in memory that
 * is laid out once.
 *
 * <p>One gradient may be computed for each forward at the price of one backward; further ones run
 * the forward half again, as the first overwrites what it has used.
 */
final class CompiledPart implements AutoCloseable {
  private final Compiler.Plan plan;
  private final Step[] forward;
  private final boolean checkpoints;
  private Step[] backward;
  private long arenaBytes;
  private boolean spent;

  /**
   * Compiles a graph. {@link #place} must follow.
   *
   * @param definition of the graph, of type FLOAT; it belongs to the part from now on
   * @param options how it is compiled
   * @param packed where frozen weights are kept
   */
  CompiledPart(GraphDefinition definition, CompilerOptions options, PackedWeights packed) {
    plan = Compiler.compile(definition, options, packed);
    checkpoints = options.checkpoints();
    forward = plan.program().steps(Program.Part.FORWARD).toArray(Step[]::new);
    backward = plan.program().steps(Program.Part.BACKWARD).toArray(Step[]::new);
  }

  /** Gives every buffer its place; those of frozen weights must have theirs. */
  void place() {
    if (checkpoints) {
      backward = Checkpoints.recompute(List.of(forward), List.of(backward)).toArray(Step[]::new);
    }
    List<Step> steps = new ArrayList<>(List.of(forward));
    steps.addAll(List.of(backward));
    Arena arena = plan.owned().add(Arena.of(steps));
    arenaBytes = arena.bytes();
    Buffer ones = plan.program().ones();
    if (ones.isUsed()) {
      long count = ones.bytes() / Float.BYTES;
      FloatIndexer indexer =
          FloatIndexer.create(new FloatPointer(new OneDnn.Address(ones.address())).capacity(count));
      for (long i = 0; i < count; i++) {
        indexer.put(i, 1);
      }
    }
    steps.forEach(Step::bind);
  }

  /**
   * Computes the outputs.
   *
   * @param inputs of the whole batch
   * @param begin the first element of this part
   */
  void forward(Map<String, INDArray> inputs, long begin, @Nullable Profile profile) {
    plan.inputs().forEach((name, array) -> fill(array, inputs.get(name), begin));
    run(forward, profile);
    spent = false;
  }

  /**
   * Computes the gradients.
   *
   * @param cotangents of the whole batch
   * @param begin the first element of this part
   */
  void backward(Map<String, INDArray> cotangents, long begin, @Nullable Profile profile) {
    plan.cotangents().forEach((name, array) -> fill(array, cotangents.get(name), begin));
    if (spent) {
      run(forward, profile);
    }
    spent = true;
    run(backward, profile);
  }

  private static void run(Step[] steps, @Nullable Profile profile) {
    if (profile != null) {
      profile.run(steps);
      return;
    }
    for (Step step : steps) {
      step.run();
    }
  }

  /** Copies the elements of an array from some element of another on. */
  private static void fill(INDArray array, @Nullable INDArray whole, long begin) {
    if (whole == null) {
      array.assign(0);
    } else if (whole.ordering() == 'c'
        && !whole.isView()
        && Shape.hasDefaultStridesForShape(whole)) {
      long bytes = array.length() * array.dataType().width();
      long row = begin == 0 ? 0 : bytes / array.size(0);
      Pointer.memcpy(
          array.data().pointer(), new OneDnn.Address(whole.data().address() + begin * row), bytes);
    } else if (array.equalShapes(whole)) {
      array.assign(whole);
    } else {
      try (INDArray plain = whole.dup('c')) {
        fill(array, plain, begin);
      }
    }
  }

  Map<String, INDArray> outputs() {
    return plan.outputs();
  }

  Map<String, INDArray> gradients() {
    return plan.gradients();
  }

  /** The layers that libnd4j's ops run, by name. */
  Set<String> stockLayers() {
    return plan.stockLayers();
  }

  /** The size of the memory that activations share, in bytes. */
  long arenaBytes() {
    return arenaBytes;
  }

  @Override
  public void close() {
    plan.owned().close();
  }
}

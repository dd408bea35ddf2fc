package org.tastemaker.diffusion.engine.nd4j;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.BaseReduceOp;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.impl.transforms.same.Identity;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Runs a graph with libnd4j's own ops, one after the other: the reference that faster ways are
 * compared with.
 *
 * <p>The first forward and the first backward lay the ops out, in the order in which they were
 * built, each with its context and with its output arrays; every later run replays them and
 * allocates nothing. An array is used again as soon as no later op reads it, except that what the
 * backward half reads stays, so that {@link #backward} need not compute the forward half again and
 * can be called any number of times for one forward. Each call returns a new map of the same
 * arrays.
 *
 * <p>It does not use SameDiff's session, for three reasons that were seen in ND4J 1.0.0-M2.1: a
 * session spends 60 to 400 microseconds on an op, because it keeps arrays in hash sets and hashes
 * their contents at every step; of two arrays of equal content it frees one; and it keeps the id of
 * every array that it ever freed.
 */
final class ReplayFunction implements GraphFunction {
  private final GraphDefinition definition;
  private final Nd4jGraph graph;
  private final ImmutableMap<String, Tensor> inputs;
  private final ImmutableMap<String, Tensor> leaves;

  /** For each output of an identity, the variable that it passes on; an identity copies nothing. */
  private final Map<String, String> sources = new HashMap<>();

  private final Map<String, INDArray> arrays = new HashMap<>();
  private final Map<List<Object>, List<INDArray>> free = new HashMap<>();
  private final List<INDArray> owned = new ArrayList<>();
  private final List<SameDiffOp> forwardOps;
  private final List<SameDiffOp> backwardOps;
  private final Set<String> kept = new HashSet<>();
  private final Map<String, String> wantedGradients = new LinkedHashMap<>();
  private @Nullable List<Step> forwardSteps;
  private @Nullable List<Step> backwardSteps;

  /** An op with all that it needs to run. */
  private record Step(DifferentialFunction op, OpContext context) {
    static Step of(SameDiffOp op) {
      DifferentialFunction function = op.getOp();
      if (function instanceof BaseReduceOp reduce) {
        // The same op in libnd4j's newer form. The old one makes small arrays at every run that
        // only the garbage collector frees; between the large temporary ones of other ops they
        // split the native heap, which then grows by megabytes at each run.
        function =
            DynamicCustomOp.builder(reduce.opName())
                .addIntegerArguments(reduce.getDimensions())
                .addBooleanArguments(reduce.isKeepDims())
                .build();
      }
      return new Step(function, Nd4j.getExecutioner().buildContext());
    }

    void run() {
      if (op instanceof CustomOp custom) {
        Nd4j.exec(custom, context);
      } else {
        Nd4j.exec((Op) op, context);
      }
    }
  }

  /**
   * A function that runs a graph. Nothing is allocated before the first run.
   *
   * @param definition of the graph
   */
  ReplayFunction(GraphDefinition definition) {
    this.definition = definition;
    this.graph = Nd4jGraph.of(definition);
    this.inputs = definition.inputs();
    this.leaves = definition.differentiable();
    List<SameDiffOp> all = new ArrayList<>(graph.sameDiff().getOps().values());
    for (SameDiffOp op : all) {
      if (op.getOp() instanceof Identity) {
        sources.put(op.getOutputsOfOp().get(0), source(op.getInputsToOp().get(0)));
      }
    }
    Set<String> outputs = new LinkedHashSet<>();
    definition.outputs().values().forEach(tensor -> outputs.add(source(tensor.name())));
    forwardOps = needed(all, outputs, Set.of());
    Set<String> made = new HashSet<>();
    forwardOps.forEach(op -> made.addAll(op.getOutputsOfOp()));
    kept.addAll(outputs);

    Backward backward = graph.backward();
    if (backward == null) {
      backwardOps = List.of();
      return;
    }
    for (String leaf : leaves.keySet()) {
      String gradient = backward.gradients().get(leaf);
      if (gradient != null) {
        wantedGradients.put(leaf, source(gradient));
      }
    }
    backwardOps = needed(all, wantedGradients.values(), made);
    backwardOps.forEach(op -> inputs(op).filter(made::contains).forEach(kept::add));
    kept.addAll(wantedGradients.values());
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    this.inputs.forEach((name, tensor) -> fill(name, tensor, inputs.get(name)));
    if (forwardSteps == null) {
      forwardSteps = layOut(forwardOps);
    } else {
      forwardSteps.forEach(Step::run);
    }
    Map<String, INDArray> outputs = new LinkedHashMap<>();
    definition.outputs().forEach((name, tensor) -> outputs.put(name, array(tensor.name())));
    return Collections.unmodifiableMap(outputs);
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    definition
        .outputs()
        .forEach(
            (name, tensor) ->
                fill(tensor.name() + Backward.COTANGENT, tensor, cotangents.get(name)));
    if (backwardSteps == null) {
      backwardSteps = layOut(backwardOps);
    } else {
      backwardSteps.forEach(Step::run);
    }
    Map<String, INDArray> gradients = new LinkedHashMap<>();
    for (String leaf : leaves.keySet()) {
      String gradient = wantedGradients.get(leaf);
      // What no output depends on has the gradient zero.
      gradients.put(leaf, gradient == null ? zeroGradient(leaf) : array(gradient));
    }
    return Collections.unmodifiableMap(gradients);
  }

  @Override
  public void close() {
    // Contexts free themselves: ND4J's deallocator does it when they are garbage.
    forwardSteps = null;
    backwardSteps = null;
    owned.forEach(INDArray::close);
    owned.clear();
    arrays.clear();
    free.clear();
  }

  // ---- Laying out

  /** The ops that some variables need, in order, less those whose outputs are there already. */
  private List<SameDiffOp> needed(
      List<SameDiffOp> all, Collection<String> wanted, Set<String> made) {
    Set<String> variables = new HashSet<>(wanted);
    List<SameDiffOp> needed = new ArrayList<>();
    for (SameDiffOp op : Lists.reverse(all)) {
      boolean isNeeded = op.getOutputsOfOp().stream().anyMatch(variables::contains);
      if (isNeeded && !(op.getOp() instanceof Identity) && !made.contains(firstOutput(op))) {
        needed.add(op);
        inputs(op).forEach(variables::add);
      }
    }
    return Lists.reverse(needed);
  }

  /** Runs the ops for the first time, and gives each its context and its output arrays. */
  private List<Step> layOut(List<SameDiffOp> ops) {
    Map<String, Integer> readers = new HashMap<>();
    ops.forEach(op -> inputs(op).forEach(name -> readers.merge(name, 1, Integer::sum)));
    Set<String> made = new HashSet<>();
    List<Step> steps = new ArrayList<>();
    for (SameDiffOp op : ops) {
      INDArray[] inputs = inputs(op).map(this::array).toArray(INDArray[]::new);
      Step step = Step.of(op);
      List<LongShapeDescriptor> shapes = shapes(step, inputs);
      for (int i = 0; i < shapes.size(); i++) {
        String name = op.getOutputsOfOp().get(i);
        DataType type = graph.sameDiff().getVariable(name).dataType();
        INDArray array = allocate(kept.contains(name), type, shapes.get(i).getShape());
        arrays.put(name, array);
        made.add(name);
        step.context.setOutputArray(i, array);
      }
      step.run();
      steps.add(step);

      // An array is free when its last reader has run, or at once if it has none.
      inputs(op)
          .filter(name -> readers.merge(name, -1, Integer::sum) == 0)
          .filter(made::contains)
          .forEach(this::release);
      op.getOutputsOfOp().stream()
          .filter(name -> readers.getOrDefault(name, 0) == 0)
          .forEach(this::release);
    }
    return steps;
  }

  private static List<LongShapeDescriptor> shapes(Step step, INDArray[] inputs) {
    if (step.op instanceof DynamicCustomOp op) {
      step.context.setArgs(inputs, op.iArgs(), op.dArgs(), op.tArgs(), op.bArgs());
      return op.calculateOutputShape(step.context);
    }
    for (int i = 0; i < inputs.length; i++) {
      step.context.setInputArray(i, inputs[i]);
    }
    return ((BaseOp) step.op).calculateOutputShape(step.context);
  }

  /** Kept arrays are always new: a scratch array of the other half would be overwritten there. */
  private INDArray allocate(boolean keep, DataType type, long... shape) {
    List<INDArray> candidates = keep ? null : free.get(key(type, shape));
    if (candidates != null && !candidates.isEmpty()) {
      return candidates.remove(candidates.size() - 1);
    }
    INDArray array = Nd4j.createUninitializedDetached(type, shape);
    owned.add(array);
    return array;
  }

  private void release(String name) {
    INDArray array = array(name);
    if (!kept.contains(name)) {
      free.computeIfAbsent(key(array.dataType(), array.shape()), k -> new ArrayList<>()).add(array);
    }
  }

  private static List<Object> key(DataType type, long... shape) {
    return List.of(type, ImmutableLongArray.copyOf(shape));
  }

  // ---- Variables

  private String source(String name) {
    return sources.getOrDefault(name, name);
  }

  private Stream<String> inputs(SameDiffOp op) {
    return op.getInputsToOp() == null ? Stream.of() : op.getInputsToOp().stream().map(this::source);
  }

  private static String firstOutput(SameDiffOp op) {
    return op.getOutputsOfOp().get(0);
  }

  private INDArray array(String name) {
    INDArray array = arrays.get(source(name));
    return array != null ? array : graph.sameDiff().getVariable(source(name)).getArr();
  }

  private void fill(String name, Tensor tensor, @Nullable INDArray value) {
    INDArray array =
        arrays.computeIfAbsent(
            name, n -> allocate(true, tensor.dataType(), tensor.shape().toArray()));
    if (value == null) {
      array.assign(0);
    } else {
      array.assign(value);
    }
  }

  private INDArray zeroGradient(String leaf) {
    return arrays.computeIfAbsent(
        leaf + "/zero",
        name -> {
          INDArray like = array(leaf);
          return allocate(true, like.dataType(), like.shape()).assign(0);
        });
  }
}

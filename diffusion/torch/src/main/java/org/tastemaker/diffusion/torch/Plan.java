package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.tastemaker.diffusion.engine.graph.Blocks;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * A graph in the order of its run: the layers that the outputs need, cut into segments, with a
 * number for each tensor. Leaves come first.
 *
 * @param leaves those that the outputs need, by number
 * @param steps in order
 * @param segments the steps in a row; one, or with checkpointing one for each of the network's
 *     blocks
 * @param outputs numbers of the outputs' tensors, by the outputs' names
 * @param differentiable whether a gradient flows through a tensor, by number
 */
record Plan(
    ImmutableList<Leaf> leaves,
    ImmutableList<Step> steps,
    ImmutableList<Segment> segments,
    ImmutableMap<String, Integer> outputs,
    boolean[] differentiable) {

  /** How many tensors there are. */
  int size() {
    return differentiable.length;
  }

  /**
   * A layer with the numbers of its tensors.
   *
   * @param layer to be run
   * @param inputs numbers of the tensors that it reads
   * @param uses what it reads each of them as
   * @param output number of the tensor that it makes
   * @param last numbers of tensors of its segment that nothing reads after it
   */
  record Step(
      Layer layer,
      ImmutableList<Integer> inputs,
      ImmutableList<Use> uses,
      int output,
      ImmutableList<Integer> last) {}

  /**
   * Steps that are run, and differentiated, together.
   *
   * @param from the first step
   * @param to after the last one
   * @param reads tensors that it reads and does not make, ascending; frozen leaves are not among
   *     them
   * @param makes tensors that it makes and that later segments or the caller read, ascending
   */
  record Segment(int from, int to, ImmutableList<Integer> reads, ImmutableList<Integer> makes) {}

  static Plan of(GraphDefinition graph, boolean checkpointing) {
    // 1. What the outputs need.
    Set<String> needed = new HashSet<>();
    graph.outputs().values().forEach(tensor -> needed.add(tensor.name()));
    List<Layer> layers = new ArrayList<>();
    for (Layer layer : graph.layers().reverse()) {
      if (needed.contains(layer.output().name())) {
        layer.inputs().forEach(tensor -> needed.add(tensor.name()));
        layers.add(layer);
      }
    }
    layers = Lists.reverse(layers);

    // 2. A number for each tensor.
    Map<String, Integer> numbers = new HashMap<>();
    List<Tensor> tensors = new ArrayList<>();
    List<Leaf> leaves =
        graph.leaves().values().stream()
            .filter(leaf -> needed.contains(leaf.tensor().name()))
            .toList();
    leaves.forEach(leaf -> tensors.add(leaf.tensor()));
    layers.forEach(layer -> tensors.add(layer.output()));
    for (Tensor tensor : tensors) {
      numbers.put(tensor.name(), numbers.size());
    }
    boolean[] differentiable = new boolean[tensors.size()];
    for (int i = 0; i < differentiable.length; i++) {
      differentiable[i] = tensors.get(i).differentiable();
    }
    Map<String, Integer> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, tensor) -> outputs.put(name, number(numbers, tensor)));

    // 3. Segments, and when a tensor may be freed.
    List<Blocks.Stretch> cuts =
        checkpointing
            ? Blocks.of(layers.stream().map(Layer::name).toList())
            : List.of(new Blocks.Stretch(0, layers.size()));
    List<Step> steps = new ArrayList<>();
    List<Segment> segments = new ArrayList<>();
    Map<Integer, Integer> lastUse = new HashMap<>(); // by tensor, in any segment
    outputs.values().forEach(output -> lastUse.put(output, Integer.MAX_VALUE));
    for (int i = 0; i < layers.size(); i++) {
      for (Tensor tensor : layers.get(i).inputs()) {
        lastUse.merge(number(numbers, tensor), i, Math::max);
      }
    }
    for (Blocks.Stretch cut : cuts) {
      Set<Integer> reads = new TreeSet<>();
      Set<Integer> makes = new TreeSet<>();
      for (int i = cut.from(); i < cut.to(); i++) {
        Layer layer = layers.get(i);
        int made = leaves.size() + i;
        if (lastUse.getOrDefault(made, i) >= cut.to()) {
          makes.add(made);
        }
        Set<Integer> last = new TreeSet<>();
        ImmutableList.Builder<Integer> inputs = ImmutableList.builder();
        ImmutableList.Builder<Use> uses = ImmutableList.builder();
        for (int k = 0; k < layer.inputs().size(); k++) {
          int input = number(numbers, layer.inputs().get(k));
          inputs.add(input);
          uses.add(Use.of(layer, k));
          boolean inside = input >= leaves.size() + cut.from();
          if (inside && lastUse.getOrDefault(input, i) == i) {
            last.add(input);
          }
          if (!inside && (input >= leaves.size() || leaves.get(input).role() != Leaf.Role.FROZEN)) {
            reads.add(input);
          }
        }
        steps.add(new Step(layer, inputs.build(), uses.build(), made, ImmutableList.copyOf(last)));
      }
      segments.add(
          new Segment(
              cut.from(), cut.to(), ImmutableList.copyOf(reads), ImmutableList.copyOf(makes)));
    }
    return new Plan(
        ImmutableList.copyOf(leaves),
        ImmutableList.copyOf(steps),
        ImmutableList.copyOf(segments),
        ImmutableMap.copyOf(outputs),
        differentiable);
  }

  private static int number(Map<String, Integer> numbers, Tensor tensor) {
    return Objects.requireNonNull(numbers.get(tensor.name()), tensor.name());
  }
}

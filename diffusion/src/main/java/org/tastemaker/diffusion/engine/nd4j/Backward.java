package org.tastemaker.diffusion.engine.nd4j;

import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.NameScope;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * The backward half of a graph: for outputs {@code o} and cotangents {@code c}, the gradient of
 * {@code sum_o <o, c_o>} with respect to every differentiable variable.
 *
 * <p>Reverse-mode differentiation: the forward ops, last first; each turns the gradient of its
 * output into those of its inputs; a variable that several ops read sums what they contribute. The
 * ops' own {@code doDiff} is asked, as SameDiff's {@code createGradFunction} would. But that method
 * also copies the graph, renames variables, needs one scalar loss and writes a line to the standard
 * output for every op.
 *
 * @param cotangents the name of each output and of the placeholder of its cotangent
 * @param gradients the name of each differentiable variable that an output depends on, inputs and
 *     parameters among them, and of the variable that holds its gradient
 * @param ops for the name of each layer, the names of the ops that turn the gradient of its output
 *     into those of its differentiable inputs, in order
 */
public record Backward(
    ImmutableMap<String, String> cotangents,
    ImmutableMap<String, String> gradients,
    ImmutableListMultimap<String, String> ops) {

  /** What the name of an output's cotangent adds to the output's name. */
  static final String COTANGENT = "/cotangent";

  /**
   * Adds the backward half to the ops of a graph.
   *
   * @param definition of the graph; one of its outputs is differentiable
   * @param graph the ops of the forward half
   * @param layers which of them belong to which layer, by the layer's name
   */
  static Backward of(GraphDefinition definition, SameDiff graph, Map<String, LayerOps> layers) {
    Map<String, String> layerOf = new HashMap<>();
    layers.forEach((name, layer) -> layer.forward().forEach(op -> layerOf.put(op, name)));

    // 1. What needs a gradient: all that depends on a differentiable leaf.
    List<SameDiffOp> forward = new ArrayList<>(graph.getOps().values());
    Set<String> differentiable = new HashSet<>(definition.differentiable().keySet());
    for (SameDiffOp op : forward) {
      if (op.getInputsToOp() != null
          && op.getInputsToOp().stream().anyMatch(differentiable::contains)) {
        differentiable.addAll(op.getOutputsOfOp());
      }
    }

    // 2. The gradient of each output begins with its cotangent.
    Map<String, SDVariable> gradients = new LinkedHashMap<>();
    ImmutableMap.Builder<String, String> cotangents = ImmutableMap.builder();
    for (Tensor output : definition.outputs().values()) {
      SDVariable cotangent =
          graph.placeHolder(output.name() + COTANGENT, output.dataType(), output.shape().toArray());
      cotangents.put(output.name(), cotangent.name());
      gradients.put(output.name(), cotangent);
    }

    // 3. Every op that depends on a leaf and that an output depends on, last first.
    ImmutableListMultimap.Builder<String, String> ops = ImmutableListMultimap.builder();
    for (SameDiffOp op : Lists.reverse(forward)) {
      String out = op.getOutputsOfOp().get(0);
      SDVariable gradient = gradients.get(out);
      if (gradient == null || !differentiable.contains(out)) {
        continue;
      }
      int before = graph.getOps().size();
      String layer = layerOf.get(op.getName());
      NameScope scope = graph.withNameScope((layer == null ? op.getName() : layer) + "/backward");
      try {
        List<SDVariable> contributions = op.getOp().doDiff(List.of(gradient));
        for (int i = 0; i < contributions.size(); i++) {
          String input = op.getInputsToOp().get(i);
          if (differentiable.contains(input)) {
            gradients.merge(input, contributions.get(i), SDVariable::add);
          }
        }
      } finally {
        scope.close();
      }
      if (layer != null) {
        ops.putAll(layer, graph.getOps().keySet().stream().skip(before).toList());
      }
    }

    ImmutableMap.Builder<String, String> names = ImmutableMap.builder();
    gradients.forEach(
        (variable, gradient) -> {
          if (differentiable.contains(variable)) {
            names.put(variable, gradient.name());
          }
        });
    return new Backward(cotangents.buildOrThrow(), names.buildOrThrow(), ops.build());
  }
}

package org.tastemaker.diffusion.engine.graph;

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

/**
 * The backward half of a graph: for outputs {@code o} and cotangents {@code c}, the gradient of
 * {@code sum_o <o, c_o>} with respect to every differentiable variable.
 *
 * <p>Reverse-mode differentiation: the forward ops, last first; each turns the gradient of its
 * output into those of its inputs; a variable that several ops read sums what they contribute. The
 * ops' own {@code doDiff} is asked, as SameDiff's {@code createGradFunction} would. What that
 * method does beside is left out: it copies the graph, renames variables, needs one scalar loss and
 * writes a line to the standard output for every op.
 *
 * @param cotangents the name of each output and of the placeholder of its cotangent
 * @param gradients the name of each differentiable variable that an output depends on, inputs and
 *     parameters among them, and of the variable that holds its gradient
 * @param ops for the name of each composite, the names of the ops that turn the gradient of its
 *     output into those of its differentiable inputs, in order
 */
public record Backward(
    ImmutableMap<String, String> cotangents,
    ImmutableMap<String, String> gradients,
    ImmutableListMultimap<String, String> ops) {

  /** What the name of an output's cotangent adds to the output's name. */
  public static final String COTANGENT = "/cotangent";

  /**
   * Adds the backward half to a graph.
   *
   * @param builder of the graph; it should build no more forward layers afterwards
   * @param outputs distinct tensors of the graph, at least one of them differentiable
   * @return the names of what was added
   */
  public static Backward of(Ops builder, List<Tensor> outputs) {
    SameDiff graph = builder.sameDiff();
    if (outputs.stream().noneMatch(Tensor::differentiable)) {
      throw new IllegalArgumentException(
          "no output depends on a trainable parameter or a differentiable input; outputs: "
              + outputs.stream().map(Tensor::name).toList());
    }
    Map<String, String> compositeOf = new HashMap<>();
    for (Composite composite : builder.composites()) {
      composite.forwardOps().forEach(op -> compositeOf.put(op, composite.name()));
    }

    // 1. What needs a gradient: all that depends on a differentiable leaf.
    List<SameDiffOp> forward = new ArrayList<>(graph.getOps().values());
    Set<String> differentiable = new HashSet<>(builder.trainable().keySet());
    builder.inputs().values().stream()
        .filter(Tensor::differentiable)
        .forEach(input -> differentiable.add(input.name()));
    for (SameDiffOp op : forward) {
      if (op.getInputsToOp() != null
          && op.getInputsToOp().stream().anyMatch(differentiable::contains)) {
        differentiable.addAll(op.getOutputsOfOp());
      }
    }

    // 2. The gradient of each output begins with its cotangent.
    Map<String, SDVariable> gradients = new LinkedHashMap<>();
    ImmutableMap.Builder<String, String> cotangents = ImmutableMap.builder();
    for (Tensor output : outputs) {
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
      String composite = compositeOf.get(op.getName());
      NameScope scope =
          graph.withNameScope((composite == null ? op.getName() : composite) + "/backward");
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
      if (composite != null) {
        ops.putAll(composite, graph.getOps().keySet().stream().skip(before).toList());
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

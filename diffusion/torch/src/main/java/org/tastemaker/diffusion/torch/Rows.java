package org.tastemaker.diffusion.torch;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * The rows of a graph that computes each row of a batch by itself, so that some of them can be run
 * at a time.
 *
 * @param count B, the first dimension of every input and output
 * @param sliced names of the leaves of which a run of some rows reads these rows alone: the inputs,
 *     and constants that have a row for each image, such as the mask of a dropout
 */
record Rows(int count, Set<String> sliced) {

  /**
   * Finds the rows.
   *
   * @return empty if rows depend on each other, or may do so
   */
  static Optional<Rows> of(GraphDefinition graph) {
    Set<Long> counts = new HashSet<>();
    Set<String> rows = new HashSet<>(); // of tensors that have a row for each image
    for (Tensor input : graph.inputs().values()) {
      if (input.rank() == 0) {
        return Optional.empty();
      }
      counts.add(input.dim(0));
      rows.add(input.name());
    }
    if (counts.size() != 1) {
      return Optional.empty();
    }
    long count = counts.iterator().next();
    Map<String, Boolean> leaves = new HashMap<>(); // whether it is read by rows
    for (Layer layer : graph.layers()) {
      for (int i = 0; i < layer.inputs().size(); i++) {
        Tensor input = layer.inputs().get(i);
        boolean wanted = wantsRows(layer, i, rows);
        if (rows.contains(input.name())) {
          if (!wanted) {
            return Optional.empty();
          }
        } else {
          Leaf leaf = graph.leaves().get(input.name());
          boolean constant = leaf != null && leaf.role() == Leaf.Role.CONSTANT;
          boolean fits = constant && input.rank() > 0 && input.dim(0) == count;
          Boolean before = leaves.put(input.name(), wanted);
          if ((wanted && !fits) || (before != null && before != wanted)) {
            return Optional.empty();
          }
        }
      }
      if (mixesRows(layer)) {
        return Optional.empty();
      }
      if (layer.inputs().stream().anyMatch(input -> rows.contains(input.name()))) {
        rows.add(layer.output().name());
      }
    }
    if (!graph.outputs().values().stream()
        .allMatch(output -> rows.contains(output.name()) && output.dim(0) == count)) {
      return Optional.empty();
    }
    Set<String> sliced = new HashSet<>(graph.inputs().keySet());
    leaves.forEach(
        (name, byRows) -> {
          if (byRows) {
            sliced.add(name);
          }
        });
    return Optional.of(new Rows((int) count, Set.copyOf(sliced)));
  }

  /** Whether a layer reads an input row by row. */
  private static boolean wantsRows(Layer layer, int input, Set<String> rows) {
    boolean any = layer.inputs().stream().anyMatch(tensor -> rows.contains(tensor.name()));
    return any
        && switch (layer.kind()) {
          case LINEAR, CONV2D, GROUP_NORM, LAYER_NORM, ADD_TO_BATCH, EMBEDDING -> input == 0;
          case ATTENTION -> input < 3;
          default -> true;
        };
  }

  private static boolean mixesRows(Layer layer) {
    return switch (layer.kind()) {
      case CONCAT, SLICE -> layer.whole("axis") == 0;
      // What has one axis is a row itself.
      case LINEAR, LAYER_NORM, GEGLU -> layer.inputs().get(0).rank() == 1;
      default -> false;
    };
  }
}

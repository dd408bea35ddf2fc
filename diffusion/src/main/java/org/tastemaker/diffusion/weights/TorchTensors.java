package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors in what a pickle holds, by name: those in {@code state_dict} where a checkpoint of a
 * training run has one, or else all; in dicts and lists within, under the names joined by dots.
 *
 * @param tensors by name, in the pickle's order
 * @param texts the texts and numbers beside them, at the top
 */
record TorchTensors(ImmutableMap<String, TorchTensor> tensors, ImmutableMap<String, String> texts) {
  private static final int DEEPEST = 10;
  private static final int MOST_VISITED = 400_000;
  private static final int MOST_TEXTS = 1000;

  /** Walks over what a pickle holds. */
  private static final class Walk {
    private final String where;
    private final Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    private int visited;

    Walk(String where) {
      this.where = where;
    }

    void visit(String name, Object value, int depth) {
      if (++visited > MOST_VISITED || depth > DEEPEST) {
        throw new TorchFileException(
            where
                + ": the file holds dicts and lists in each other more than "
                + DEEPEST
                + " deep, or "
                + MOST_VISITED
                + " in all: it is damaged, or made to exhaust the memory");
      }
      Map<String, Object> entries = TorchObjects.entries(value);
      if (value instanceof TorchTensor tensor) {
        add(name, tensor);
      } else if (entries != null) {
        entries.forEach((key, inner) -> visit(join(name, key), inner, depth + 1));
      } else if (value instanceof List<?> list) {
        visited += list.size(); // also those that are only stepped over
        int index = 0;
        for (Object inner : list) {
          boolean walks = inner instanceof List<?> || TorchObjects.entries(inner) != null;
          if (walks || inner instanceof TorchTensor) {
            visit(join(name, Integer.toString(index)), inner, depth + 1);
          }
          index++;
        }
      }
    }

    private static String join(String name, String key) {
      return name.isEmpty() ? key : name + "." + key;
    }

    private void add(String name, TorchTensor tensor) {
      if (tensors.size() == SafetensorsHeader.MAX_TENSORS) {
        throw new TorchFileException(
            where
                + ": the file has more than "
                + SafetensorsHeader.MAX_TENSORS
                + " tensors: it is damaged, or made to exhaust the memory");
      }
      if (tensors.put(name, tensor) != null) {
        throw new TorchFileException(
            where + ": the file has two tensors " + SafetensorsHeader.quote(name));
      }
    }
  }

  /**
   * Finds the tensors.
   *
   * @param where names the file in messages
   * @param root what its pickle holds
   */
  static TorchTensors of(String where, Object root) {
    Map<String, Object> entries = TorchObjects.entries(root);
    if (entries == null) {
      throw new TorchFileException(
          where
              + ": the file holds "
              + (root instanceof TorchTensor ? "a single tensor" : "something")
              + " and not tensors by name. Save a dict of them, such as model.state_dict()");
    }
    Object state = entries.getOrDefault("state_dict", root);
    Walk walk = new Walk(where);
    walk.visit("", TorchObjects.entries(state) == null ? root : state, 0);
    Map<String, String> texts = new LinkedHashMap<>();
    entries.forEach(
        (key, value) -> {
          boolean plain =
              value instanceof String || value instanceof Number || value instanceof Boolean;
          if (plain && texts.size() < MOST_TEXTS) {
            texts.put(key, value.toString());
          }
        });
    return new TorchTensors(ImmutableMap.copyOf(walk.tensors), ImmutableMap.copyOf(texts));
  }
}

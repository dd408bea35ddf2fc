package org.tastemaker.diffusion.engine.graph;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;

/**
 * The blocks of a network, as the names of its layers tell them: a block's name is that of its
 * layers as far as the second number, such as {@code down_blocks.0.resnets.1}. They are what
 * gradient checkpointing computes again.
 */
public final class Blocks {
  private Blocks() {}

  /**
   * Layers in a row that belong to one block, or to none.
   *
   * @param from the first one
   * @param to after the last one
   */
  public record Stretch(int from, int to) {}

  /**
   * Where blocks begin and end.
   *
   * @param layers the names of layers, in the order of the run; at least one
   * @return stretches that follow each other, all layers together
   */
  public static List<Stretch> of(List<String> layers) {
    List<Stretch> stretches = new ArrayList<>();
    int from = 0;
    for (int i = 1; i < layers.size(); i++) {
      if (!name(layers.get(i)).equals(name(layers.get(i - 1)))) {
        stretches.add(new Stretch(from, i));
        from = i;
      }
    }
    stretches.add(new Stretch(from, layers.size()));
    return stretches;
  }

  /** Empty for a layer outside blocks. */
  private static String name(String layer) {
    int numbers = 0;
    int read = 0;
    int end = 0;
    for (String part : Splitter.onPattern("[./]").split(layer)) {
      read += part.length() + 1;
      if (numbers < 2 && !part.isEmpty() && part.chars().allMatch(Character::isDigit)) {
        numbers++;
        end = read - 1;
      }
    }
    return layer.substring(0, end);
  }
}

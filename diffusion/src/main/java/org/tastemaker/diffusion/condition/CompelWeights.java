package org.tastemaker.diffusion.condition;

import java.util.Arrays;
import java.util.List;

/**
 * Compel's weights on the tokens of a text (<a
 * href="https://github.com/damian0815/compel">damian0815/compel</a>, {@code
 * embeddings_provider.py}, with its mode MASK for weights below 1).
 *
 * <pre>
 *   w(z)  = e + w (z - e)                    each token z by its weight, e that of the empty text
 *   tau   = (w(z) + sum_i t_i w(z_-i)) / (1 + sum_i t_i),   t_i = tan((1 - w_i) pi / 2)
 * </pre>
 *
 * <p>where i are the parts whose weight is below 1, and {@code z_-i} the text in which no token
 * sees part i.
 */
final class CompelWeights {
  private static final double LEAST = 1e-5; // a weight of 0 would be infinitely strong

  private final int width; // D
  private final float[] empty; // [L, D]

  /** How a chunk is encoded. */
  interface Encoding {
    /**
     * Encodes a chunk.
     *
     * @param ids [L]
     * @param hidden the tokens that none sees, [L]
     * @param into receives [L, D]
     * @param offset where
     */
    void encode(int[] ids, boolean[] hidden, float[] into, int offset);
  }

  CompelWeights(int width, float[] empty) {
    this.width = width;
    this.empty = empty;
  }

  /**
   * Applies the weights of a text.
   *
   * @param tokens of all chunks without weights, [K L, D]; replaced
   */
  void apply(PromptChunks text, float[] tokens, Encoding encoding) {
    List<PromptChunks.Chunk> chunks = text.filled();
    float[] plain = tokens.clone();
    weigh(chunks, tokens);
    double[] sum = new double[tokens.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = tokens[i];
    }
    double total = 1;
    for (int part = 0; part < text.parts().size(); part++) {
      double weight = text.parts().get(part).weight();
      if (weight >= 1) {
        continue;
      }
      // 1. The text without this part.
      float[] without = plain.clone();
      for (int k = 0; k < chunks.size(); k++) {
        boolean[] hidden = hidden(chunks.get(k), part);
        if (hidden.length > 0) {
          encoding.encode(chunks.get(k).ids(), hidden, without, k * empty.length);
        }
      }
      weigh(chunks, without);
      // 2. The nearer to 0 its weight is, the more that counts.
      double strength = Math.tan((1 - Math.max(LEAST, weight)) * Math.PI / 2);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += strength * without[i];
      }
      total += strength;
    }
    for (int i = 0; i < sum.length && total > 1; i++) {
      tokens[i] = (float) (sum[i] / total);
    }
  }

  /** The tokens of a part; empty if the chunk has none of them. */
  private static boolean[] hidden(PromptChunks.Chunk chunk, int part) {
    int[] parts = chunk.parts();
    if (Arrays.stream(parts).noneMatch(p -> p == part)) {
      return new boolean[0];
    }
    boolean[] hidden = new boolean[parts.length];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = parts[i] == part;
    }
    return hidden;
  }

  private void weigh(List<PromptChunks.Chunk> chunks, float[] tokens) {
    for (int k = 0; k < chunks.size(); k++) {
      float[] weights = chunks.get(k).weights();
      for (int i = 0; i < empty.length; i++) {
        float weight = weights[i / width];
        if (weight != 1) { // else it stays as it is, without rounding
          int at = k * empty.length + i;
          tokens[at] = empty[i] + weight * (tokens[at] - empty[i]);
        }
      }
    }
  }
}

package org.tastemaker.reward.clip;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * The text tower's vectors of texts, T. They depend on the text alone, so the latest are kept.
 *
 * <p>What fills an encoding up after the end token differs: OpenCLIP's tokenizer takes 0, that of
 * transformers the padding token of its files. A token sees only those before it, so the vector at
 * the end token is the same.
 */
final class TextVectors {
  private final ClipTextModel model;
  private final ClipTokenizer tokenizer;
  private final FunctionOptions options;
  private final int capacity;
  private final Map<String, float[]> cache = new LinkedHashMap<>(16, 0.75f, true); // oldest first

  TextVectors(ClipTextModel model, ClipTokenizer tokenizer, FunctionOptions options, int capacity) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
    this.capacity = capacity;
    if (tokenizer.maxLength() > model.config().maxPositionEmbeddings()
        || tokenizer.size() > model.config().vocabSize()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the tokenizer has %s tokens and texts of %s, but the text tower %s and %s; take the"
                  + " model's own tokenizer",
              tokenizer.size(),
              tokenizer.maxLength(),
              model.config().vocabSize(),
              model.config().maxPositionEmbeddings()));
    }
    int unused = end(tokenizer.encode("").ids().toArray());
  }

  List<float[]> of(List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (String text : texts) {
      float[] vector = cache.get(text);
      if (vector == null) {
        vector = encode(text);
        cache.put(text, vector);
        if (cache.size() > capacity) {
          cache.remove(cache.keySet().iterator().next());
        }
      }
      vectors.add(vector);
    }
    return vectors;
  }

  int cached() {
    return cache.size();
  }

  private float[] encode(String text) {
    int[][] ids = {tokenizer.encode(text).ids().toArray()}; // cut so that the end token stays last
    int end = end(ids[0]);
    GraphFunction function = model.hiddenStates(1, ids[0].length, 0, options);
    try (INDArray input = Nd4j.createFromArray(ids)) {
      FloatBuffer embeds =
          FloatBuffers.of(
              Objects.requireNonNull(
                  function
                      .forward(Map.of(ClipTextModel.INPUT_IDS, input))
                      .get(ClipTextModel.TEXT_EMBEDS))); // [1, L, P]
      float[] vector = new float[model.config().projectionDim()];
      embeds.get(embeds.position() + end * vector.length, vector);
      return vector;
    }
  }

  private int end(int[] ids) {
    OptionalInt end = model.endOf(ids);
    if (end.isEmpty() || ids[end.getAsInt()] != tokenizer.eosId()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the text tower takes a text's vector at the end token, by eos_token_id = %s %s, but"
                  + " the tokenizer ends a text with %s; take the model's own tokenizer",
              model.config().eosTokenId(),
              model.config().eosTokenId() == 2
                  ? "where the greatest id is"
                  : "in its configuration",
              tokenizer.eosId()));
    }
    return end.getAsInt();
  }
}

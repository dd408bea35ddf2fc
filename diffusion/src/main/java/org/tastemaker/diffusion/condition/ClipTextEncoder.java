package org.tastemaker.diffusion.condition;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.condition.PromptOptions.Weights;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * A text encoder of Stable Diffusion: CLIP's tokenizer and text transformer.
 *
 * <pre>
 *   ids    = tokenizer(text)                       K times [L], one for each chunk
 *   tokens = transformer(ids)                      K times [L, D], without the last clipSkip layers
 *          * weights, then to the mean of before   where there are the web UI's weights
 *   tau    = tokens of all chunks                  [K L, D]
 *   pooled = tokens at the first chunk's end       [D], or their projection [P]
 * </pre>
 *
 * @param tokenizer text to ids
 * @param model ids to tokens; not closed here
 * @param engine runs the transformer
 * @param options K, and whether weights are understood
 * @param output which of the transformer's numbers are tau and pooled
 */
public record ClipTextEncoder(
    ClipTokenizer tokenizer,
    ClipTextModel model,
    Engine engine,
    PromptOptions options,
    Output output)
    implements PromptEncoder {
  /** Which of the transformer's numbers a U-Net reads. */
  public enum Output {
    /** The last layer's, after the last norm, for both: Stable Diffusion 1 and 2. */
    LAST,
    /**
     * The last layer's but one, without a norm; pooled is the projection of the last layer's, if
     * there is one: Stable Diffusion XL.
     */
    PENULTIMATE
  }

  private static final int SHOWN = 1000;
  private static final int LOOKED_AT = 20_000;
  private static final Pattern NAME = Pattern.compile("<[\\w-]{1,60}>");

  public ClipTextEncoder {
    Objects.requireNonNull(tokenizer, "tokenizer == null");
    Objects.requireNonNull(model, "model == null");
    Objects.requireNonNull(engine, "engine == null");
    Objects.requireNonNull(options, "options == null");
    Objects.requireNonNull(output, "output == null");
  }

  /**
   * An encoder of one chunk, without weights, for Stable Diffusion 1 and 2.
   *
   * @param tokenizer text to ids
   * @param model ids to tokens; not closed here
   * @param engine runs the transformer
   */
  public ClipTextEncoder(ClipTokenizer tokenizer, ClipTextModel model, Engine engine) {
    this(tokenizer, model, engine, PromptOptions.defaults(), Output.LAST);
  }

  @Override
  public int length() {
    return options.chunks() * tokenizer.maxLength();
  }

  @Override
  public int width() {
    return model.config().hiddenSize();
  }

  @Override
  public int pooledWidth() {
    if (output == Output.LAST) {
      return width();
    }
    return model.config().projected() ? model.config().projectionDim() : 0;
  }

  @Override
  public Condition encode(String text, int clipSkip) {
    PromptChunks read = PromptChunks.of(tokenizer, text, options);
    float[] tokens = new float[length() * width()]; // [K L, D]
    int each = tokenizer.maxLength() * width();
    Optional<FloatBuffer> pooled = Optional.empty();
    List<PromptChunks.Chunk> chunks = read.filled();
    for (int k = 0; k < chunks.size(); k++) {
      PromptChunks.Chunk chunk = chunks.get(k);
      Optional<float[]> vector = run(chunk.ids(), null, clipSkip, tokens, k * each);
      if (options.weights() == Weights.WEB_UI) {
        weigh(tokens, k * each, chunk.weights());
      }
      OptionalInt end = model.endOf(chunk.ids());
      if (k == 0 && end.isPresent() && output == Output.LAST) {
        pooled = Optional.of(FloatBuffer.wrap(tokens, end.getAsInt() * width(), width()));
      } else if (k == 0) {
        pooled = vector.map(FloatBuffer::wrap);
      }
    }
    if (options.weights() == Weights.COMPEL) {
      new CompelWeights(width(), empty(clipSkip))
          .apply(
              read,
              tokens,
              (chunk, hidden, into, offset) -> {
                Optional<float[]> unused = run(chunk, hidden, clipSkip, into, offset);
              });
    }
    return new Condition(length(), width(), FloatBuffer.wrap(tokens), pooled, Optional.empty());
  }

  /** The tokens of the empty text, [L, D]. */
  private float[] empty(int clipSkip) {
    float[] tokens = new float[tokenizer.maxLength() * width()];
    int[] ids = tokenizer.encode("").ids().toArray();
    Optional<float[]> unused = run(ids, null, clipSkip, tokens, 0);
    return tokens;
  }

  /**
   * Puts a chunk's tokens into an array; returns the projection at its end, if there is one.
   *
   * @param hidden the tokens that none sees; null for no such
   */
  private Optional<float[]> run(
      int[] chunk, boolean @Nullable [] hidden, int clipSkip, float[] tokens, int offset) {
    boolean last = output == Output.LAST;
    int leftOut = last ? clipSkip : clipSkip + 1;
    FunctionOptions inference = FunctionOptions.inference().withEngine(engine);
    GraphFunction function;
    if (hidden != null) {
      function = model.masked(1, chunk.length, leftOut, last, inference);
    } else {
      function =
          last
              ? model.function(1, chunk.length, leftOut, inference)
              : model.hiddenStates(1, chunk.length, leftOut, inference);
    }
    int[][] ids = {chunk};
    boolean[] mask = hidden == null ? new boolean[1] : hidden;
    try (INDArray input = Nd4j.createFromArray(ids);
        INDArray masked = ClipTextModel.maskOf(mask)) {
      Map<String, INDArray> outputs =
          function.forward(
              hidden == null
                  ? Map.of(ClipTextModel.INPUT_IDS, input)
                  : Map.of(ClipTextModel.INPUT_IDS, input, ClipTextModel.ATTENTION_MASK, masked));
      String name = last ? ClipTextModel.LAST_HIDDEN_STATE : ClipTextModel.HIDDEN_STATE;
      FloatBuffers.of(Objects.requireNonNull(outputs.get(name)))
          .get(tokens, offset, chunk.length * width()); // [1, L, D]
      OptionalInt end = model.endOf(chunk);
      if (last || !model.config().projected() || end.isEmpty()) {
        return Optional.empty();
      }
      float[] vector = new float[pooledWidth()];
      FloatBuffers.of(Objects.requireNonNull(outputs.get(ClipTextModel.TEXT_EMBEDS)))
          .get(end.getAsInt() * vector.length, vector); // of [1, L, P]
      return Optional.of(vector);
    }
  }

  /** Multiplies a chunk's tokens, and scales all to the mean of before. */
  private void weigh(float[] tokens, int offset, float[] weights) {
    double before = 0;
    double after = 0;
    boolean plain = true;
    for (int i = 0; i < weights.length * width(); i++) {
      float weight = weights[i / width()];
      plain &= weight == 1;
      before += tokens[offset + i];
      tokens[offset + i] *= weight;
      after += tokens[offset + i];
    }
    double scale = before / after;
    if (plain || !Double.isFinite(scale)) {
      return;
    }
    for (int i = 0; i < weights.length * width(); i++) {
      tokens[offset + i] *= (float) scale;
    }
  }

  @Override
  public List<String> remarks(String text) {
    List<String> remarks = new ArrayList<>();
    PromptChunks chunks = PromptChunks.of(tokenizer, text, options);
    String cut = chunks.cut();
    if (chunks.needed() > options.chunks()) {
      int needed =
          PromptChunks.of(tokenizer, text, options.withChunks(PromptOptions.MOST_CHUNKS)).needed();
      remarks.add(
          "a prompt of "
              + chunks.tokens()
              + " tokens is longer than the "
              + options.chunks() * (tokenizer.maxLength() - 2)
              + " that are read; the following part was cut off: \""
              + (cut.length() > SHOWN ? cut.substring(0, SHOWN) + "..." : cut)
              + "\". Shorten it"
              + (needed > PromptOptions.MOST_CHUNKS
                  ? ""
                  : ", or encode long prompts in chunks:"
                      + " model.with(PromptOptions.defaults().withChunks("
                      + needed
                      + "))"));
    }
    Matcher name = NAME.matcher(text.substring(0, Math.min(text.length(), LOOKED_AT)));
    while (name.find()) {
      String written = name.group();
      if (tokenizer.added().keySet().stream().noneMatch(written::equalsIgnoreCase)) {
        remarks.add(
            "a prompt has "
                + written
                + ", which looks like a word of textual inversion, but is no token of this model"
                + " and is read letter by letter. Add it with"
                + " model.with(TextualInversion.read(file)), or remove it");
        break;
      }
    }
    String shown = text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
    if (options.weights() == Weights.NONE && WeightedText.isMarked(text)) {
      remarks.add(
          "a prompt has weights or other marks of AUTOMATIC1111's web UI, which are read as plain"
              + " text: \""
              + shown
              + "\". Have (words:1.3), [words] and BREAK understood with model.with(PromptOptions"
              + ".webUi(chunks)), or remove them; a LoRA is loaded with LoraFile, and not by a"
              + " prompt");
    } else if (options.weights() == Weights.NONE && CompelText.isMarked(text)) {
      remarks.add(
          "a prompt has weights of compel, which are read as plain text: \""
              + shown
              + "\". Have (words)1.3, (words)++ and word- understood with model.with(PromptOptions"
              + ".compel(chunks)), or remove them");
    } else if (options.weights() == Weights.COMPEL && CompelText.hasMore(text)) {
      remarks.add(
          "a prompt has a blend, a conjunction, a swap or a LoRA of compel, which is read as plain"
              + " text: \""
              + shown
              + "\". Only compel's weights are understood; a LoRA is loaded with LoraFile");
    }
    return remarks;
  }

  @Override
  public long checksum() {
    return model.parameters().checksum();
  }
}

package org.tastemaker.diffusion.condition;

import java.nio.FloatBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * The text encoder of Stable Diffusion 1 and 2: CLIP's tokenizer and text transformer.
 *
 * <pre>
 *   ids    = tokenizer(text)                       [L]
 *   tokens = transformer(ids)                      [L, D], without the last clipSkip layers
 *   pooled = tokens at the end token               [D]
 * </pre>
 *
 * @param tokenizer text to ids
 * @param model ids to tokens; not closed here
 * @param engine runs the transformer
 */
public record ClipTextEncoder(ClipTokenizer tokenizer, ClipTextModel model, Engine engine)
    implements TextEncoder {
  public ClipTextEncoder {
    Objects.requireNonNull(tokenizer, "tokenizer == null");
    Objects.requireNonNull(model, "model == null");
    Objects.requireNonNull(engine, "engine == null");
  }

  @Override
  public int length() {
    return tokenizer.maxLength();
  }

  @Override
  public int width() {
    return model.config().hiddenSize();
  }

  @Override
  public int pooledWidth() {
    return width();
  }

  @Override
  public Condition encode(String text, int clipSkip) {
    int[] ids = tokenizer.encode(text).ids().toArray();
    float[] tokens = new float[length() * width()];
    FloatBuffers.of(model.encode(new int[][] {ids}, clipSkip, engine)).get(tokens); // [1, L, D]
    OptionalInt end = model.endOf(ids);
    Optional<FloatBuffer> pooled =
        end.isPresent()
            ? Optional.of(FloatBuffer.wrap(tokens, end.getAsInt() * width(), width()))
            : Optional.empty();
    return new Condition(length(), width(), FloatBuffer.wrap(tokens), pooled, Optional.empty());
  }

  @Override
  public long checksum() {
    return model.parameters().checksum();
  }
}

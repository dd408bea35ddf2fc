package org.tastemaker.diffusion.condition;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.engine.Engine;

/**
 * The two text encoders of Stable Diffusion XL (Podell et al., 2023, section 2.1): OpenAI's CLIP
 * ViT-L and OpenCLIP's ViT-bigG read the same text.
 *
 * <pre>
 *   tau    = the first's tokens and the second's, side by side     [K L, D1 + D2]
 *   pooled = the second's                                          [P]
 * </pre>
 *
 * @param first of D1; gives no pooled vector to the U-Net
 * @param second of D2 and P, for texts of the same length
 */
public record ClipTextEncoderPair(ClipTextEncoder first, ClipTextEncoder second)
    implements PromptEncoder {
  public ClipTextEncoderPair {
    Objects.requireNonNull(first, "first == null");
    Objects.requireNonNull(second, "second == null");
    if (first.length() != second.length()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "both text encoders must read texts of one length, but the first reads %d tokens and the second %d",
              first.length(),
              second.length()));
    }
  }

  @Override
  public int length() {
    return first.length();
  }

  @Override
  public int width() {
    return first.width() + second.width();
  }

  @Override
  public int pooledWidth() {
    return second.pooledWidth();
  }

  @Override
  public Condition encode(String text, int clipSkip) {
    Condition one = first.encode(text, clipSkip); // [K L, D1]
    Condition two = second.encode(text, clipSkip); // [K L, D2]
    FloatBuffer tokens = FloatBuffer.allocate(length() * width());
    for (int token = 0; token < length(); token++) {
      int at = token * width();
      tokens.put(at, one.tokens(), token * one.width(), one.width());
      tokens.put(at + one.width(), two.tokens(), token * two.width(), two.width());
    }
    return new Condition(length(), width(), tokens, two.pooled(), Optional.empty());
  }

  @Override
  public List<String> remarks(String text) {
    return first.remarks(text); // both cut at the same token
  }

  @Override
  public long checksum() {
    return 31 * first.checksum() + second.checksum();
  }

  @Override
  public PromptOptions options() {
    return first.options();
  }

  @Override
  public Engine engine() {
    return first.engine();
  }
}

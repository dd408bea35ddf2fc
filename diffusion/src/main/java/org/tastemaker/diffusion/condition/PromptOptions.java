package org.tastemaker.diffusion.condition;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;

/**
 * How the texts of prompts are read. The default is Stable Diffusion's own way: 77 tokens, and
 * every character stands for itself.
 *
 * <p><b>Chunks.</b> CLIP reads 77 tokens, of which 75 are the text's. A longer text can be encoded
 * in chunks of 75, each with a start and an end of its own, whose tokens are put one behind the
 * other: the U-Net's cross-attention reads any number. It is what AUTOMATIC1111's web UI does, with
 * two of its rules: a chunk ends at its last comma if that is among its last 20 tokens, and the
 * word {@code BREAK} ends it at once. Texts with fewer chunks, the negative and the empty one too,
 * are filled up with empty ones. Here the number is the same for all prompts of a view, so that an
 * image does not depend on the prompts beside it; the web UI takes the largest of each batch.
 *
 * <p><b>Weights.</b> There are two notations, of two programs that also count them differently; see
 * {@link Weights}.
 *
 * <p>A view's rollouts must be replayed and trained on with the same options.
 *
 * @param chunks how many, from 1 to 32; longer texts are cut, which is logged
 * @param weights whose weights are understood, if any
 */
@RecordBuilder
public record PromptOptions(int chunks, Weights weights) implements PromptOptionsBuilder.With {
  /** The notations of weights in a text. */
  public enum Weights {
    /** None: every character stands for itself. */
    NONE,
    /**
     * AUTOMATIC1111's web UI: {@code (cat:1.3)} multiplies the tokens of "cat" by 1.3, {@code
     * (cat)} by 1.1 and {@code [cat]} by 1 / 1.1; they may be nested, and {@code \(}, {@code \)},
     * {@code \[} and {@code \]} stand for the characters. Then each chunk is scaled so that the
     * mean of all its numbers is what it was, the web UI's emphasis "Original".
     */
    WEB_UI,
    /**
     * Compel, as InvokeAI and diffusers' users have it: {@code cat+} is 1.1, {@code cat++} 1.1 *
     * 1.1, {@code cat-} 0.9, {@code (a cat)1.3} 1.3, and {@code (a cat)++} or {@code "a cat"--} are
     * for several words; they may be nested, and a backslash takes the meaning of what follows it.
     * A weight w moves each token to {@code e + w (t - e)}, where e is the empty text's; and for
     * each part with a weight below 1 the whole is blended with the text in which nothing sees that
     * part, at {@code tan((1 - w) pi / 2)} to 1. Blends, conjunctions and swaps are not understood.
     */
    COMPEL
  }

  static final int MOST_CHUNKS = 32;

  public PromptOptions {
    if (chunks < 1 || chunks > MOST_CHUNKS) {
      throw new IllegalArgumentException(
          "chunks must be from 1 to " + MOST_CHUNKS + ", but was " + chunks);
    }
    Objects.requireNonNull(weights, "weights == null");
  }

  /**
   * One chunk, no weights.
   *
   * @return the options that every model begins with
   */
  public static PromptOptions defaults() {
    return new PromptOptions(1, Weights.NONE);
  }

  /**
   * What prompts made for AUTOMATIC1111's web UI expect.
   *
   * @param chunks how many the longest prompt needs: one for each 75 tokens
   * @return so many chunks, and weights
   */
  public static PromptOptions webUi(int chunks) {
    return new PromptOptions(chunks, Weights.WEB_UI);
  }

  /**
   * What prompts made for compel expect.
   *
   * @param chunks how many the longest prompt needs: one for each 75 tokens; they are cut as
   *     without weights
   * @return so many chunks, and compel's weights
   */
  public static PromptOptions compel(int chunks) {
    return new PromptOptions(chunks, Weights.COMPEL);
  }
}

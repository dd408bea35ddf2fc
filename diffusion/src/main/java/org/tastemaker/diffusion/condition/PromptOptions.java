package org.tastemaker.diffusion.condition;

import io.soabase.recordbuilder.core.RecordBuilder;

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
 * <p><b>Weights.</b> With {@link #weights}, {@code (cat:1.3)} multiplies the tokens of "cat" by
 * 1.3, {@code (cat)} by 1.1 and {@code [cat]} by 1 / 1.1; they may be nested, and {@code \(},
 * {@code \)}, {@code \[} and {@code \]} stand for the characters. Then each chunk is scaled so that
 * the mean of all its numbers is what it was, the web UI's emphasis "Original".
 *
 * <p>A view's rollouts must be replayed and trained on with the same options.
 *
 * @param chunks how many, from 1 to 32; longer texts are cut, which is logged
 * @param weights whether weights are understood
 */
@RecordBuilder
public record PromptOptions(int chunks, boolean weights) implements PromptOptionsBuilder.With {
  static final int MOST_CHUNKS = 32;

  public PromptOptions {
    if (chunks < 1 || chunks > MOST_CHUNKS) {
      throw new IllegalArgumentException(
          "chunks must be from 1 to " + MOST_CHUNKS + ", but was " + chunks);
    }
  }

  /**
   * One chunk, no weights.
   *
   * @return the options that every model begins with
   */
  public static PromptOptions defaults() {
    return new PromptOptions(1, false);
  }

  /**
   * What prompts made for AUTOMATIC1111's web UI expect.
   *
   * @param chunks how many the longest prompt needs: one for each 75 tokens
   * @return so many chunks, and weights
   */
  public static PromptOptions webUi(int chunks) {
    return new PromptOptions(chunks, true);
  }
}

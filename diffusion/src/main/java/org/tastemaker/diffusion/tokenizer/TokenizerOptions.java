package org.tastemaker.diffusion.tokenizer;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * The settings of a tokenizer beside its vocabulary: its length and its special tokens.
 *
 * @param maxLength the number of ids of an encoding, start and end included; at least 2
 * @param bos the token that begins a text
 * @param eos the token that ends a text
 * @param unk the token for symbols outside the vocabulary
 * @param pad the token that fills an encoding after the end
 * @param padInText whether the padding token is found in a text too. It matters where it is an
 *     ordinary character: OpenCLIP fills up with "!", which is token 0. In a text, diffusers and
 *     transformers take every "!" as that token, and so does this unless it is false; the tokenizer
 *     of OpenCLIP itself, with which the encoder was trained, takes it as a word, token 256
 */
@RecordBuilder
public record TokenizerOptions(
    int maxLength, String bos, String eos, String unk, String pad, boolean padInText)
    implements TokenizerOptionsBuilder.With {
  /**
   * Checks every field.
   *
   * @throws IllegalArgumentException if the length has no room for start and end, or a token is
   *     empty
   */
  public TokenizerOptions {
    if (maxLength < 2) {
      throw new IllegalArgumentException("maxLength must be at least 2, but was " + maxLength);
    }
    requireToken("bos", bos);
    requireToken("eos", eos);
    requireToken("unk", unk);
    requireToken("pad", pad);
  }

  /**
   * Options with a padding token that is found in a text too.
   *
   * @param maxLength as above
   * @param bos as above
   * @param eos as above
   * @param unk as above
   * @param pad as above
   */
  public TokenizerOptions(int maxLength, String bos, String eos, String unk, String pad) {
    this(maxLength, bos, eos, unk, pad, true);
  }

  /**
   * The options of the encoder of Stable Diffusion 1.x.
   *
   * @return 77 ids, {@code <|startoftext|>}, and {@code <|endoftext|>} for all the rest
   */
  public static TokenizerOptions defaults() {
    return new TokenizerOptions(77, ClipText.START, ClipText.END, ClipText.END, ClipText.END);
  }

  private static void requireToken(String name, String token) {
    if (token.isEmpty()) {
      throw new IllegalArgumentException("the special token " + name + " must not be empty");
    }
  }
}

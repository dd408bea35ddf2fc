package org.tastemaker.diffusion;

import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * What a Stable Diffusion XL has beside the parts of any Stable Diffusion (Podell et al., "SDXL:
 * Improving Latent Diffusion Models for High-Resolution Image Synthesis", 2023).
 *
 * @param second the second text encoder, whose projection is the text's vector; empty for the
 *     refiner, whose only text encoder is of that kind
 * @param zerosForEmptyPrompt whether no negative prompt means zeros, and not the empty text: {@code
 *     force_zeros_for_empty_prompt}, true for the base model
 * @param aestheticScore whether the U-Net is told how good the image should look: {@code
 *     requires_aesthetics_score}, true for the refiner
 */
public record StableDiffusionXl(
    Optional<Second> second, boolean zerosForEmptyPrompt, boolean aestheticScore) {
  /** The score that the refiner is told for a prompt, as in diffusers. */
  static final double AESTHETIC_SCORE = 6;

  /** The score that the refiner is told for a negative prompt, as in diffusers. */
  static final double NEGATIVE_AESTHETIC_SCORE = 2.5;

  public StableDiffusionXl {
    Objects.requireNonNull(second, "second == null");
  }

  /**
   * The base model.
   *
   * @param textEncoder the second one, with a projection
   * @param tokenizer the second one
   * @return with zeros for no negative prompt, without a score
   */
  public static StableDiffusionXl base(ClipTextModel textEncoder, ClipTokenizer tokenizer) {
    return new StableDiffusionXl(Optional.of(new Second(textEncoder, tokenizer)), true, false);
  }

  /**
   * The refiner.
   *
   * @return without a second text encoder, with a score
   */
  public static StableDiffusionXl refiner() {
    return new StableDiffusionXl(Optional.empty(), false, true);
  }

  /**
   * A second text encoder and its tokenizer.
   *
   * @param textEncoder with a projection
   * @param tokenizer of texts as long as the first's
   */
  public record Second(ClipTextModel textEncoder, ClipTokenizer tokenizer) {
    public Second {
      Objects.requireNonNull(textEncoder, "textEncoder == null");
      Objects.requireNonNull(tokenizer, "tokenizer == null");
    }
  }
}

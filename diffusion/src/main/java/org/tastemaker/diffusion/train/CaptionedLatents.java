package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Locale;
import java.util.Optional;

/**
 * A batch for the {@link DenoisingTrainer}.
 *
 * @param latents clean, times the VAE's scaling factor, [N, C, H, W]
 * @param captions each latent's caption as the tokenizer's ids, padded to one length, [N, L]
 * @param xl what a Stable Diffusion XL is given beside them; empty for the others
 */
public record CaptionedLatents(
    Samples latents, ImmutableList<ImmutableIntArray> captions, Optional<XlCaptions> xl) {
  /**
   * A batch for a Stable Diffusion 1 or 2.
   *
   * @param latents as above
   * @param captions as above
   */
  public CaptionedLatents(Samples latents, ImmutableList<ImmutableIntArray> captions) {
    this(latents, captions, Optional.empty());
  }

  public CaptionedLatents {
    if (captions.size() != latents.count()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "each of the %s latents needs a caption, but there were %s",
              latents.count(),
              captions.size()));
    }
    int length = captions.get(0).length();
    requirePadded(captions, length);
    xl.ifPresent(
        more -> {
          if (more.sizes().size() != captions.size()) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT,
                    "each of the %s latents needs the sizes of its image, but there were %s",
                    captions.size(),
                    more.sizes().size()));
          }
          requirePadded(more.second(), length);
        });
  }

  private static void requirePadded(ImmutableList<ImmutableIntArray> captions, int length) {
    for (ImmutableIntArray caption : captions) {
      if (caption.length() != length || length == 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "captions must be padded to one length above 0, but had %s and %s ids",
                length,
                caption.length()));
      }
    }
  }
}

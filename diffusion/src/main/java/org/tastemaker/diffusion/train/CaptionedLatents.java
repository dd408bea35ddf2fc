package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Locale;

/**
 * A batch for the {@link DenoisingTrainer}.
 *
 * @param latents clean, times the VAE's scaling factor, [N, C, H, W]
 * @param captions each latent's caption as the tokenizer's ids, padded to one length, [N, L]
 */
public record CaptionedLatents(Samples latents, ImmutableList<ImmutableIntArray> captions) {
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

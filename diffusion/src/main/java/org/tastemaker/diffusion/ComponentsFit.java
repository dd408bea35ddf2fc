package org.tastemaker.diffusion;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/** Whether networks can work together, by their configurations alone. */
final class ComponentsFit {
  private ComponentsFit() {}

  /**
   * Checks everything.
   *
   * @param texts of the text encoders that the U-Net reads, side by side
   * @param tokenizers one for each
   * @param aestheticScore whether an XL is told a score; empty for no XL
   */
  static void require(
      UNetConfig unet,
      AutoencoderKlConfig vae,
      List<ClipTextConfig> texts,
      List<ClipTokenizer> tokenizers,
      Optional<Boolean> aestheticScore) {
    requireLatents(unet, vae);
    int width = texts.stream().mapToInt(ClipTextConfig::hiddenSize).sum();
    if (width != unet.crossAttentionDim()) {
      throw error(
          "the text %s vectors of %d numbers, but the U-Net attends to vectors of %d",
          texts.size() == 1 ? "encoder makes" : "encoders together make",
          width,
          unet.crossAttentionDim());
    }
    for (int i = 0; i < texts.size(); i++) {
      requireText(tokenizers.get(i), texts.get(i));
    }
    if (unet.added().isPresent() != aestheticScore.isPresent()) {
      throw new IllegalArgumentException(
          unet.added().isPresent()
              ? "the U-Net is told sizes beside the text, as in Stable Diffusion XL, but the other"
                  + " parts are not of an XL: give its StableDiffusionXl"
              : "the U-Net is told nothing beside the text, so it is not of a Stable Diffusion XL"
                  + " like the other parts");
    }
    aestheticScore.ifPresent(score -> requireAdded(unet, texts.get(texts.size() - 1), score));
  }

  /** Latents in and out; U-Nets that read more than a latent are named. */
  private static void requireLatents(UNetConfig unet, AutoencoderKlConfig vae) {
    int latent = vae.latentChannels();
    if (unet.inChannels() == latent && unet.outChannels() == latent) {
      return;
    }
    String more =
        switch (unet.inChannels() - latent) {
          case 1 -> " (a U-Net that reads a depth map)";
          case 3 -> " (an upscaler, whose U-Net reads a small image)";
          case 4 -> " (InstructPix2Pix, whose U-Net reads the latents of an image to edit)";
          case 5 -> " (an inpainting model, whose U-Net reads a mask and the latents around it)";
          default -> "";
        };
    throw error(
        "the autoencoder's latents have %d channels, but the U-Net takes %d and gives %d%s%s",
        latent,
        unet.inChannels(),
        unet.outChannels(),
        more,
        more.isEmpty() ? "" : "; supported are text-to-image models, which read a latent alone");
  }

  private static void requireText(ClipTokenizer tokenizer, ClipTextConfig text) {
    if (tokenizer.size() > text.vocabSize()) {
      throw error(
          "the tokenizer knows %d tokens, but the text encoder only %d",
          tokenizer.size(), text.vocabSize());
    }
    if (tokenizer.maxLength() > text.maxPositionEmbeddings()) {
      throw error(
          "the tokenizer makes %d tokens, but the text encoder has %d positions",
          tokenizer.maxLength(), text.maxPositionEmbeddings());
    }
  }

  private static void requireAdded(UNetConfig unet, ClipTextConfig text, boolean score) {
    if (!text.projected()) {
      throw new IllegalArgumentException(
          "the last text encoder of a Stable Diffusion XL has a projection"
              + " (CLIPTextModelWithProjection), but this one has none");
    }
    if (text.numHiddenLayers() < 2) {
      throw new IllegalArgumentException(
          "the U-Net of a Stable Diffusion XL reads the last layer but one of each text encoder,"
              + " but one has a single layer");
    }
    int sizes = unet.added().orElseThrow().sizes(text.projectionDim());
    if (sizes != (score ? 5 : 6)) {
      throw error(
          "the U-Net is told %d sizes, but %s tells it %d",
          sizes,
          score ? "a refiner, with an aesthetic score," : "a base model, without a score,",
          score ? 5 : 6);
    }
  }

  private static IllegalArgumentException error(String format, Object... values) {
    return new IllegalArgumentException(String.format(Locale.ROOT, format, values));
  }
}

package org.tastemaker.diffusion;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.tokenizer.TokenizerOptions;

/** A whole latent diffusion model of a few thousand random weights; images of 16 x 16 pixels. */
public final class TinyModel {
  private TinyModel() {}

  /** The caller closes it. */
  public static LatentDiffusion create(Seed seed) {
    ClipTokenizer tokenizer =
        ClipTokenizer.of(
            org.tastemaker.diffusion.tokenizer.BpeVocabulary.load(resource("clip_tokenizer_small")),
            TokenizerOptions.defaults());
    ClipTextConfig text = ClipTextConfig.read(resource("clip_text_tiny/config.json"));
    return LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(
                    UNetConfig.read(resource("unet_tiny/config.json")), seed.split("unet")),
                AutoencoderKl.random(
                    AutoencoderKlConfig.read(resource("vae_tiny/config.json")), seed.split("vae")),
                ClipTextModel.random(withVocabulary(text, tokenizer), seed.split("text")),
                tokenizer,
                SchedulerConfig.stableDiffusion()))
        .with(SamplingOptions.defaults().withSteps(4).withHeight(16).withWidth(16));
  }

  private static ClipTextConfig withVocabulary(ClipTextConfig c, ClipTokenizer tokenizer) {
    return new ClipTextConfig(
        tokenizer.size(),
        c.hiddenSize(),
        c.intermediateSize(),
        c.numHiddenLayers(),
        c.numAttentionHeads(),
        c.maxPositionEmbeddings(),
        c.hiddenAct(),
        c.layerNormEps(),
        tokenizer.bosId(),
        tokenizer.eosId(),
        tokenizer.padId(),
        c.projectionDim());
  }

  private static Path resource(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(TinyModel.class.getResource("/goldens/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

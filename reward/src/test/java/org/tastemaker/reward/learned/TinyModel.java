package org.tastemaker.reward.learned;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.tokenizer.BpeTrainer;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.tokenizer.TokenizerOptions;

/** A latent diffusion model of a few thousand random weights; images of 16 x 16 pixels. */
final class TinyModel {
  private TinyModel() {}

  /** The caller closes it. */
  static LatentDiffusion create(Seed seed) {
    ClipTokenizer tokenizer =
        ClipTokenizer.of(
            BpeTrainer.train(
                List.of("a red cat", "a blue dog", "two red dogs"), BpeTrainer.Options.ofSize(540)),
            TokenizerOptions.defaults());
    ClipTextConfig c = ClipTextConfig.read(resource("clip_text"));
    ClipTextConfig text =
        new ClipTextConfig(
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
    return LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(UNetConfig.read(resource("unet")), seed.split("unet")),
                AutoencoderKl.random(AutoencoderKlConfig.read(resource("vae")), seed.split("vae")),
                ClipTextModel.random(text, seed.split("text")),
                tokenizer,
                SchedulerConfig.stableDiffusion()))
        .with(SamplingOptions.defaults().withSteps(2).withHeight(16).withWidth(16));
  }

  private static Path resource(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(TinyModel.class.getResource("/tiny/" + name + ".json")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}

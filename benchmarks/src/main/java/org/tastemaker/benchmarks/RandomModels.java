package org.tastemaker.benchmarks;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
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

/** Complete latent diffusion models with random weights. */
final class RandomModels {
  /** What the models are asked for. */
  static final List<String> PROMPTS =
      List.of("a red cat", "a blue dog", "a green bird", "two red dogs");

  private static final int TEXT = 77;

  private RandomModels() {}

  /** Stable Diffusion 1's levels with 16 and 32 channels; images of 32 x 32. */
  static LatentDiffusion small(Seed seed) {
    return of(
        UNetConfigs.small(),
        new AutoencoderKlConfig(
            32, 3, 3, 4, ImmutableList.of(16, 32), 1, 8, true, true, true, 0.18215, true),
        600,
        2,
        2,
        seed);
  }

  /** Stable Diffusion 1.5: images of 512 x 512. */
  static LatentDiffusion stableDiffusion15(Seed seed) {
    return of(
        UNetConfigs.stableDiffusion15(),
        new AutoencoderKlConfig(
            512,
            3,
            3,
            4,
            ImmutableList.of(128, 256, 512, 512),
            2,
            32,
            true,
            true,
            true,
            0.18215,
            true),
        49_408,
        12,
        12,
        seed);
  }

  private static LatentDiffusion of(
      UNetConfig unet, AutoencoderKlConfig vae, int words, int layers, int heads, Seed seed) {
    ClipTokenizer tokenizer =
        ClipTokenizer.of(
            BpeTrainer.train(PROMPTS, BpeTrainer.Options.ofSize(600)), TokenizerOptions.defaults());
    int width = unet.crossAttentionDim();
    ClipTextConfig text =
        new ClipTextConfig(
            words,
            width,
            4 * width,
            layers,
            heads,
            TEXT,
            ClipTextConfig.Activation.QUICK_GELU,
            1e-5,
            tokenizer.bosId(),
            tokenizer.eosId(),
            tokenizer.padId(),
            width);
    return LatentDiffusion.of(
        new Components(
            UNet2DConditionModel.random(unet, seed.split("unet")),
            AutoencoderKl.random(vae, seed.split("vae")),
            ClipTextModel.random(text, seed.split("text")),
            tokenizer,
            SchedulerConfig.stableDiffusion()));
  }
}

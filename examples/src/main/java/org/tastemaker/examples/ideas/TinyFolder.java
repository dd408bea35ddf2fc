package org.tastemaker.examples.ideas;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
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

/**
 * A Stable Diffusion folder of a few thousand random weights, in the layout of diffusers: stands in
 * for a real one of gigabytes. Its images, of 16 x 16 pixels, show nothing.
 */
final class TinyFolder {
  private static final int TEXT = 16; // the size of a text token

  private TinyFolder() {}

  static void write(Path folder, List<String> captions, Seed seed) {
    ClipTokenizer tokenizer =
        ClipTokenizer.of(
            BpeTrainer.train(captions, BpeTrainer.Options.ofSize(520)),
            TokenizerOptions.defaults());
    try (LatentDiffusion model =
        LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(unet(), seed.split("unet")),
                AutoencoderKl.random(autoencoder(), seed.split("vae")),
                ClipTextModel.random(textEncoder(tokenizer), seed.split("text")),
                tokenizer,
                SchedulerConfig.stableDiffusion()))) {
      model.save(folder);
    }
  }

  /** Two levels over latents of 8 x 8, the inner one with attention to the text. */
  private static UNetConfig unet() {
    return new UNetConfig(
        8,
        4,
        4,
        ImmutableList.of(8, 16),
        ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D"),
        ImmutableList.of("CrossAttnUpBlock2D", "UpBlock2D"),
        ImmutableList.of(1, 1),
        ImmutableList.of(1, 1),
        ImmutableList.of(2, 2),
        TEXT,
        4,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        32,
        false);
  }

  private static AutoencoderKlConfig autoencoder() {
    return new AutoencoderKlConfig(
        16, 3, 3, 4, ImmutableList.of(8, 8), 1, 4, true, true, true, 0.5, false);
  }

  private static ClipTextConfig textEncoder(ClipTokenizer tokenizer) {
    return new ClipTextConfig(
        tokenizer.size(),
        TEXT,
        32,
        1,
        2,
        tokenizer.maxLength(),
        ClipTextConfig.Activation.QUICK_GELU,
        1e-5,
        tokenizer.bosId(),
        tokenizer.eosId(),
        tokenizer.padId(),
        TEXT);
  }
}

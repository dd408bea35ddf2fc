package org.tastemaker.diffusion.testing;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.StableDiffusionXl;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * Models of the structure of Stable Diffusion XL and its refiner, with random weights: two text
 * encoders of which the second has a projection, transformers of other depths on each level, sizes
 * beside the text. Their heads and norms are those that a checkpoint in a single file can express.
 */
public final class TinyXl {
  private static final int FIRST = 64; // channels of the first text encoder
  private static final int SECOND = 128;
  private static final int POOLED = 48;
  private static final int SIZE_CHANNELS = 256;

  private TinyXl() {}

  /**
   * A base model for images of 16 x 16 pixels, with three steps of DDPO's sampling.
   *
   * @param seed of the weights
   * @return the model; the caller closes it
   */
  public static LatentDiffusion base(Seed seed) {
    ClipTokenizer first = tokenizer("<|endoftext|>");
    ClipTokenizer second = tokenizer("!");
    return model(
        seed,
        FIRST + SECOND,
        6,
        ClipTextModel.random(text(first, FIRST, Activation.QUICK_GELU, false), seed.split("text")),
        first,
        StableDiffusionXl.base(
            ClipTextModel.random(text(second, SECOND, Activation.GELU, true), seed.split("text2")),
            second));
  }

  /**
   * A refiner for images of 16 x 16 pixels, with three steps of DDPO's sampling.
   *
   * @param seed of the weights
   * @return the model; the caller closes it
   */
  public static LatentDiffusion refiner(Seed seed) {
    ClipTokenizer second = tokenizer("!");
    return model(
        seed,
        SECOND,
        5,
        ClipTextModel.random(text(second, SECOND, Activation.GELU, true), seed.split("text2")),
        second,
        StableDiffusionXl.refiner());
  }

  private static LatentDiffusion model(
      Seed seed,
      int textWidth,
      int sizes,
      ClipTextModel text,
      ClipTokenizer tokenizer,
      StableDiffusionXl xl) {
    UNetConfig unet =
        new UNetConfig(
            8,
            4,
            4,
            ImmutableList.of(32, 64),
            ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D"),
            ImmutableList.of("CrossAttnUpBlock2D", "UpBlock2D"),
            ImmutableList.of(1, 1),
            ImmutableList.of(1, 2),
            ImmutableList.of(1, 1),
            textWidth,
            32,
            1e-5,
            3,
            3,
            1,
            true,
            0,
            128,
            true,
            Optional.of(new UNetConfig.Added(SIZE_CHANNELS, POOLED + sizes * SIZE_CHANNELS)));
    AutoencoderKlConfig vae =
        new AutoencoderKlConfig(
            16, 3, 3, 4, ImmutableList.of(32, 32), 1, 32, true, true, true, 0.13025, true);
    return LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(unet, seed.split("unet")),
                AutoencoderKl.random(vae, seed.split("vae")),
                text,
                tokenizer,
                SchedulerConfig.stableDiffusion(),
                Optional.of(xl)))
        .with(SamplingOptions.ddpo().withSteps(3).withGuidanceScale(3).withBatchSize(2));
  }

  private static ClipTokenizer tokenizer(String padding) {
    try (LatentDiffusion tiny = TinyModel.create(Seed.of(0))) {
      ClipTokenizer known = tiny.components().tokenizer();
      return ClipTokenizer.of(known.vocabulary(), known.options().withPad(padding));
    }
  }

  private static ClipTextConfig text(
      ClipTokenizer tokenizer, int width, Activation activation, boolean projected) {
    return new ClipTextConfig(
        tokenizer.size(),
        width,
        64,
        3,
        width / 64,
        tokenizer.maxLength(),
        activation,
        1e-5,
        tokenizer.bosId(),
        tokenizer.eosId(),
        1,
        projected ? POOLED : width,
        projected);
  }
}

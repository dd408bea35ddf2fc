package org.tastemaker.optim.zo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
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

/** A whole latent diffusion model of a few thousand random weights; images of 8 x 8 pixels. */
final class SmallModel {
  private static final String UNET =
      """
      {"_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": 2,
       "block_out_channels": [4, 8], "cross_attention_dim": 16,
       "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
       "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
       "in_channels": 4, "out_channels": 4, "layers_per_block": 1, "norm_num_groups": 2,
       "sample_size": 4}
      """;
  private static final String VAE =
      """
      {"_class_name": "AutoencoderKL", "act_fn": "silu", "block_out_channels": [4, 8],
       "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
       "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"],
       "in_channels": 3, "out_channels": 3, "latent_channels": 4, "layers_per_block": 1,
       "norm_num_groups": 2, "sample_size": 8, "scaling_factor": 0.18215}
      """;
  private static final int TOKENS = 8;

  private SmallModel() {}

  /** Samples 8 x 8 images in 3 deterministic steps. The caller closes it. */
  static LatentDiffusion create(Seed seed) {
    ClipTokenizer tokenizer =
        ClipTokenizer.of(
            BpeTrainer.train(List.of("a red cat", "a blue dog"), BpeTrainer.Options.ofSize(520)),
            new TokenizerOptions(
                TOKENS, "<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"));
    ClipTextConfig text =
        new ClipTextConfig(
            tokenizer.size(),
            16,
            24,
            1,
            2,
            TOKENS,
            ClipTextConfig.Activation.QUICK_GELU,
            1e-5,
            tokenizer.bosId(),
            tokenizer.eosId(),
            tokenizer.padId(),
            16);
    return LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(UNetConfig.read(file(UNET)), seed.split("unet")),
                AutoencoderKl.random(AutoencoderKlConfig.read(file(VAE)), seed.split("vae")),
                ClipTextModel.random(text, seed.split("text")),
                tokenizer,
                SchedulerConfig.stableDiffusion()))
        .with(
            SamplingOptions.defaults()
                .withSteps(3)
                .withGuidanceScale(1)
                .withHeight(8)
                .withWidth(8)
                .withBatchSize(6));
  }

  private static Path file(String json) {
    try {
      Path file = Files.createTempFile("config", ".json");
      file.toFile().deleteOnExit();
      AtomicFiles.write(file, json);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

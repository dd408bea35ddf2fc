package org.tastemaker.optim;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.stream.IntStream;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
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
public final class TinyModel {
  private static final int TEXT = 8;
  private static final int TOKENS = 6;
  private static final List<String> CAPTIONS =
      List.of("a red cat", "a blue dog", "a green bird", "two red dogs");

  private TinyModel() {}

  /** Three steps, guidance 3, eta 1, batches of 4; the caller closes it. */
  public static LatentDiffusion create(Seed seed) {
    return create(seed, 4);
  }

  /** The same of latents with another side; the caller closes it. */
  public static LatentDiffusion create(Seed seed, int side) {
    ClipTokenizer tokenizer =
        ClipTokenizer.of(
            BpeTrainer.train(CAPTIONS, BpeTrainer.Options.ofSize(600)),
            new TokenizerOptions(
                TOKENS, "<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"));
    UNet2DConditionModel unet =
        UNet2DConditionModel.random(
            new UNetConfig(
                side,
                4,
                4,
                ImmutableList.of(8, 8),
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
                false),
            seed.split("unet"));
    AutoencoderKl vae =
        AutoencoderKl.random(
            new AutoencoderKlConfig(
                8, 3, 3, 4, ImmutableList.of(4, 8), 1, 2, true, true, true, 0.18215, true),
            seed.split("vae"));
    ClipTextModel text =
        ClipTextModel.random(
            new ClipTextConfig(
                tokenizer.size(),
                TEXT,
                16,
                1,
                2,
                TOKENS,
                ClipTextConfig.Activation.GELU,
                1e-5,
                tokenizer.bosId(),
                tokenizer.eosId(),
                tokenizer.padId(),
                8),
            seed.split("text"));
    return LatentDiffusion.of(
            new Components(unet, vae, text, tokenizer, SchedulerConfig.stableDiffusion()))
        .with(SamplingOptions.ddpo().withSteps(3).withGuidanceScale(3).withBatchSize(4));
  }

  /** A new adapter, which changes nothing yet; the caller closes it. */
  public static Lora lora(LatentDiffusion model, Seed seed) {
    return Lora.create(
        "policy",
        LoraNetwork.UNET,
        model.components().unet().parameters(),
        Lora.Options.ofRank(2),
        seed);
  }

  /** Prompts in turn, some of which come again. */
  public static List<Prompt> prompts(int count) {
    return IntStream.range(0, count).mapToObj(i -> Prompt.of(CAPTIONS.get(i % 3))).toList();
  }
}

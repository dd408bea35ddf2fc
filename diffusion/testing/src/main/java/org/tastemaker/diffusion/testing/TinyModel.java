package org.tastemaker.diffusion.testing;

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

/** Complete latent diffusion models with a few thousand random weights. */
public final class TinyModel {
  private static final List<String> CAPTIONS =
      List.of("a red cat", "a blue dog", "a green bird", "two red dogs");

  private TinyModel() {}

  /**
   * A model for images of 8 x 8 pixels and texts of 6 tokens, the fastest to train: three denoising
   * steps, guidance scale 3, eta 1, batches of 4.
   *
   * @param seed of the weights
   * @return the model; the caller closes it
   */
  public static LatentDiffusion create(Seed seed) {
    return create(seed, 4);
  }

  /**
   * The same model for latents of another size.
   *
   * @param seed of the weights
   * @param side of the latents
   * @return the model; the caller closes it
   */
  public static LatentDiffusion create(Seed seed, int side) {
    ClipTokenizer tokenizer =
        tokenizer(
            new TokenizerOptions(
                6, "<|startoftext|>", "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"));
    int text = 8;
    return LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(
                    unet(side, ImmutableList.of(8, 8), 4, text), seed.split("unet")),
                AutoencoderKl.random(autoencoder(8), seed.split("vae")),
                ClipTextModel.random(
                    textEncoder(tokenizer, text, 16, 1, 2, ClipTextConfig.Activation.GELU),
                    seed.split("text")),
                tokenizer,
                SchedulerConfig.stableDiffusion()))
        .with(SamplingOptions.ddpo().withSteps(3).withGuidanceScale(3).withBatchSize(4));
  }

  /**
   * A model for images of 16 x 16 pixels and texts of 77 tokens, with a deeper text encoder: the
   * sizes of the tiny models among the reference files. It samples with four steps of the default
   * sampler.
   *
   * @param seed of the weights
   * @return the model; the caller closes it
   */
  public static LatentDiffusion ofReferenceSizes(Seed seed) {
    ClipTokenizer tokenizer = tokenizer(TokenizerOptions.defaults());
    int text = 32;
    return LatentDiffusion.of(
            new Components(
                UNet2DConditionModel.random(
                    unet(32, ImmutableList.of(4, 8), 2, text), seed.split("unet")),
                AutoencoderKl.random(autoencoder(32), seed.split("vae")),
                ClipTextModel.random(
                    textEncoder(tokenizer, text, 37, 3, 4, ClipTextConfig.Activation.QUICK_GELU),
                    seed.split("text")),
                tokenizer,
                SchedulerConfig.stableDiffusion()))
        .with(SamplingOptions.defaults().withSteps(4).withHeight(16).withWidth(16));
  }

  /**
   * A new adapter of rank 2, which changes nothing yet.
   *
   * @param model whose U-Net is adapted
   * @param seed of the weights
   * @return the adapter; the caller closes it
   */
  public static Lora lora(LatentDiffusion model, Seed seed) {
    return Lora.create(
        "policy",
        LoraNetwork.UNET,
        model.components().unet().parameters(),
        Lora.Options.ofRank(2),
        seed);
  }

  /**
   * A list of prompts, with repetitions.
   *
   * @param count the number of prompts
   * @return the prompts
   */
  public static List<Prompt> prompts(int count) {
    return IntStream.range(0, count).mapToObj(i -> Prompt.of(CAPTIONS.get(i % 3))).toList();
  }

  private static ClipTokenizer tokenizer(TokenizerOptions options) {
    return ClipTokenizer.of(BpeTrainer.train(CAPTIONS, BpeTrainer.Options.ofSize(600)), options);
  }

  /** Two levels, the inner one with attention to the text. */
  private static UNetConfig unet(
      int side, ImmutableList<Integer> channels, int groups, int textSize) {
    return new UNetConfig(
        side,
        4,
        4,
        channels,
        ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D"),
        ImmutableList.of("CrossAttnUpBlock2D", "UpBlock2D"),
        ImmutableList.of(1, 1),
        ImmutableList.of(1, 1),
        ImmutableList.of(2, 2),
        textSize,
        groups,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        4 * channels.get(0),
        false);
  }

  private static AutoencoderKlConfig autoencoder(int side) {
    return new AutoencoderKlConfig(
        side, 3, 3, 4, ImmutableList.of(4, 8), 1, 2, true, true, true, 0.18215, true);
  }

  private static ClipTextConfig textEncoder(
      ClipTokenizer tokenizer,
      int size,
      int inner,
      int layers,
      int heads,
      ClipTextConfig.Activation activation) {
    return new ClipTextConfig(
        tokenizer.size(),
        size,
        inner,
        layers,
        heads,
        tokenizer.maxLength(),
        activation,
        1e-5,
        tokenizer.bosId(),
        tokenizer.eosId(),
        tokenizer.padId(),
        size);
  }
}

package org.tastemaker.diffusion;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.HubFolder;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/**
 * The small files and the headers of a folder in the diffusers layout, checked before gigabytes are
 * read.
 *
 * @param index of the folder
 * @param variant of the weights; empty for the usual ones
 * @param encoder folder of the text encoder; the first, where there are two
 * @param pair whether there are two text encoders
 * @param scheduler its settings
 * @param tokenizers one for each text encoder
 * @param score for Stable Diffusion XL, whether the U-Net is told how good the image should look
 */
record FolderCheck(
    ModelIndex index,
    String variant,
    String encoder,
    boolean pair,
    SchedulerConfig scheduler,
    List<ClipTokenizer> tokenizers,
    Optional<Boolean> score) {

  /** Checks a folder. */
  static FolderCheck of(Path path, FolderOptions options) {
    Path folder = HubFolder.resolve(path);
    ModelIndex index = ModelIndex.read(folder);
    String variant = options.variant().orElse("");
    index.requireVariant(variant);
    // The refiner of Stable Diffusion XL has the second text encoder only.
    boolean first = index.has("text_encoder") || !index.has("text_encoder_2");
    boolean second = index.has("text_encoder_2");
    String encoder = first ? "text_encoder" : "text_encoder_2";
    String tokens = first ? "tokenizer" : "tokenizer_2";
    index.require(List.of("unet", "vae", encoder, tokens, "scheduler"));
    Path settings = FolderBounds.of(index.path("scheduler")).resolve("scheduler_config.json");
    SchedulerConfig scheduler =
        options
            .sampler()
            .map(kind -> SchedulerConfig.read(settings, kind))
            .orElseGet(() -> SchedulerConfig.read(settings));
    UNetConfig unet = UNet2DConditionModel.check(folder.resolve("unet"), variant);
    AutoencoderKlConfig vae = AutoencoderKl.check(folder.resolve("vae"), variant);
    List<ClipTextConfig> texts = new ArrayList<>();
    texts.add(ClipTextModel.check(folder.resolve(encoder), variant));
    List<ClipTokenizer> tokenizers = new ArrayList<>();
    tokenizers.add(ClipTokenizer.load(folder.resolve(tokens)));
    boolean pair = first && second && unet.added().isPresent();
    if (pair) {
      index.require(List.of("tokenizer_2"));
      texts.add(ClipTextModel.check(folder.resolve("text_encoder_2"), variant));
      tokenizers.add(ClipTokenizer.load(folder.resolve("tokenizer_2")));
    }
    int pooled = texts.get(texts.size() - 1).projectionDim();
    Optional<Boolean> score =
        unet.added().map(added -> added.width() == pooled + 5 * added.sizeChannels());
    try {
      ComponentsFit.require(unet, vae, texts, tokenizers, score);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(index + ": " + e.getMessage(), e);
    }
    return new FolderCheck(index, variant, encoder, pair, scheduler, tokenizers, score);
  }
}

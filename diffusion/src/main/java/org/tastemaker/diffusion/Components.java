package org.tastemaker.diffusion;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.checkpoint.SingleFile;
import org.tastemaker.diffusion.engine.Backend;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.DType;

/**
 * The parts of a latent diffusion model.
 *
 * @param unet predicts the noise in a latent
 * @param vae turns images into latents and back
 * @param textEncoder turns token ids into what the U-Net attends to
 * @param tokenizer turns text into token ids
 * @param scheduler the noise schedule that the U-Net was trained on
 */
public record Components(
    UNet2DConditionModel unet,
    AutoencoderKl vae,
    ClipTextModel textEncoder,
    ClipTokenizer tokenizer,
    SchedulerConfig scheduler)
    implements AutoCloseable {
  /** The file that tells diffusers the class of each part. */
  private static final String MODEL_INDEX =
      """
      {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.30.0",
        "feature_extractor": [null, null],
        "image_encoder": [null, null],
        "requires_safety_checker": false,
        "safety_checker": [null, null],
        "scheduler": ["diffusers", "SCHEDULER"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"]
      }
      """;

  public Components {
    Objects.requireNonNull(unet, "unet == null");
    Objects.requireNonNull(vae, "vae == null");
    Objects.requireNonNull(textEncoder, "textEncoder == null");
    Objects.requireNonNull(tokenizer, "tokenizer == null");
    Objects.requireNonNull(scheduler, "scheduler == null");
    int width = textEncoder.config().hiddenSize();
    if (width != unet.config().crossAttentionDim()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the text encoder makes vectors of %d numbers, but the U-Net attends to vectors of %d",
              width,
              unet.config().crossAttentionDim()));
    }
    if (vae.config().latentChannels() != unet.config().inChannels()
        || vae.config().latentChannels() != unet.config().outChannels()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the autoencoder's latents have %d channels, but the U-Net takes %d and gives %d",
              vae.config().latentChannels(),
              unet.config().inChannels(),
              unet.config().outChannels()));
    }
    if (tokenizer.size() > textEncoder.config().vocabSize()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the tokenizer knows %d tokens, but the text encoder only %d",
              tokenizer.size(),
              textEncoder.config().vocabSize()));
    }
    if (tokenizer.maxLength() > textEncoder.config().maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the tokenizer makes %d tokens, but the text encoder has %d positions",
              tokenizer.maxLength(),
              textEncoder.config().maxPositionEmbeddings()));
    }
  }

  /**
   * Loads the parts from a folder in the diffusers layout.
   *
   * <p>Every configuration and the header of every file of weights is checked before any weight is
   * read. Links that lead out of the folder are rejected; see {@link FolderBounds}.
   *
   * @param folder with unet/, vae/, text_encoder/, tokenizer/ and scheduler/
   * @return the parts: the caller closes them
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static Components load(Path folder) {
    return loadAs(folder, null);
  }

  /**
   * Loads the parts, with the settings of the scheduler read as those of a given class, whatever
   * class the folder names.
   *
   * @param folder with unet/, vae/, text_encoder/, tokenizer/ and scheduler/
   * @param scheduler as which the settings are read
   * @return the parts: the caller closes them
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static Components load(Path folder, SchedulerKind scheduler) {
    return loadAs(folder, Objects.requireNonNull(scheduler, "scheduler == null"));
  }

  /**
   * Loads the parts from a checkpoint in a single safetensors file.
   *
   * @param file such as {@code v1-5-pruned-emaonly.safetensors}
   * @param options what the file does not say of itself
   * @return the parts: the caller closes them
   * @throws IllegalArgumentException if the file is something else, or is not whole, or there is no
   *     tokenizer; the message says which, and nothing stays loaded
   */
  public static Components load(Path file, CheckpointOptions options) {
    Backend.require();
    Path tokenizers = options.tokenizer().orElseGet(() -> file.resolveSibling("tokenizer"));
    List<AutoCloseable> loaded = new ArrayList<>();
    try (SingleFile checkpoint = SingleFile.open(file, options.prediction())) {
      if (!Files.isDirectory(tokenizers)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s holds no tokenizer, and there is no folder %s: put CLIP's there, with vocab.json and merges.txt, such as the tokenizer/ of a Stable Diffusion in the diffusers layout, or name it with CheckpointOptions",
                file,
                tokenizers));
      }
      ClipTokenizer tokenizer = ClipTokenizer.load(tokenizers);
      ClipTextModel text = checkpoint.textEncoder();
      loaded.add(text);
      AutoencoderKl vae = checkpoint.vae();
      loaded.add(vae);
      UNet2DConditionModel unet = checkpoint.unet();
      loaded.add(unet);
      SchedulerConfig scheduler =
          SchedulerConfig.stableDiffusion()
              .with("prediction_type", checkpoint.prediction().key())
              .as(options.sampler());
      return new Components(unet, vae, text, tokenizer, scheduler);
    } catch (RuntimeException | Error e) {
      closeAll(loaded, e);
      throw e;
    }
  }

  private static Components loadAs(Path folder, @Nullable SchedulerKind kind) {
    Backend.require();
    for (String part : List.of("unet", "vae", "text_encoder", "tokenizer", "scheduler")) {
      if (!Files.isDirectory(folder) || !Files.isDirectory(FolderBounds.of(folder).resolve(part))) {
        throw new IllegalArgumentException(
            folder
                + " has no folder "
                + part
                + "/; expected a model in the diffusers layout, with unet/, vae/, text_encoder/,"
                + " tokenizer/ and scheduler/");
      }
    }
    List<AutoCloseable> loaded = new ArrayList<>();
    try {
      // The small files and the headers first: what is wrong with them is found before gigabytes
      // are read.
      Path settings = FolderBounds.of(folder.resolve("scheduler")).resolve("scheduler_config.json");
      SchedulerConfig scheduler =
          kind == null ? SchedulerConfig.read(settings) : SchedulerConfig.read(settings, kind);
      ClipTokenizer tokenizer = ClipTokenizer.load(folder.resolve("tokenizer"));
      ClipTextModel.check(folder.resolve("text_encoder"));
      AutoencoderKl.check(folder.resolve("vae"));
      UNet2DConditionModel.check(folder.resolve("unet"));
      ClipTextModel text = ClipTextModel.load(folder.resolve("text_encoder"));
      loaded.add(text);
      AutoencoderKl vae = AutoencoderKl.load(folder.resolve("vae"));
      loaded.add(vae);
      UNet2DConditionModel unet = UNet2DConditionModel.load(folder.resolve("unet"));
      loaded.add(unet);
      return new Components(unet, vae, text, tokenizer, scheduler);
    } catch (RuntimeException | Error e) {
      closeAll(loaded, e);
      throw e;
    }
  }

  private static void closeAll(List<AutoCloseable> loaded, Throwable because) {
    for (AutoCloseable part : loaded) {
      try {
        part.close();
      } catch (Exception suppressed) {
        because.addSuppressed(suppressed);
      }
    }
  }

  /** The same parts around another U-Net. */
  Components with(UNet2DConditionModel other) {
    return new Components(other, vae, textEncoder, tokenizer, scheduler);
  }

  /** Writes the parts into an existing folder. */
  void save(Path folder, DType dtype) {
    unet.save(folder.resolve("unet"), dtype);
    vae.save(folder.resolve("vae"), dtype);
    textEncoder.save(folder.resolve("text_encoder"), dtype);
    try {
      Files.createDirectories(folder.resolve("tokenizer"));
      Files.createDirectories(folder.resolve("scheduler"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e.getMessage(), e);
    }
    tokenizer.save(folder.resolve("tokenizer"));
    AtomicFiles.write(folder.resolve("scheduler/scheduler_config.json"), scheduler.toJson());
    AtomicFiles.write(
        folder.resolve("model_index.json"),
        MODEL_INDEX.replace("SCHEDULER", scheduler.kind().className()));
  }

  /**
   * How many pixels of an image's side make one pixel of the latent.
   *
   * @return 8 for Stable Diffusion
   */
  public int factor() {
    return 1 << (vae.config().blockOutChannels().size() - 1);
  }

  /**
   * The shape of an image's latents.
   *
   * @param height of the image in pixels, a multiple of {@link #factor}; 0 for what the model was
   *     made for
   * @param width of the image in pixels, a multiple of {@link #factor}; 0 for what the model was
   *     made for
   * @return the shape
   */
  public LatentShape latentShape(int height, int width) {
    int usual = unet.config().sampleSize() * factor();
    int h = height == 0 ? usual : height;
    int w = width == 0 ? usual : width;
    if (h < factor() || w < factor() || h % factor() != 0 || w % factor() != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "an image's height and width must be multiples of %d, but are %d and %d; resize it first",
              factor(),
              h,
              w));
    }
    return new LatentShape(vae.config().latentChannels(), h / factor(), w / factor());
  }

  @Override
  public void close() {
    unet.close();
    vae.close();
    textEncoder.close();
  }
}

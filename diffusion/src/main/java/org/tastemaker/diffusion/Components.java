package org.tastemaker.diffusion;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.StableDiffusionXl.Second;
import org.tastemaker.diffusion.checkpoint.SingleFile;
import org.tastemaker.diffusion.condition.ClipTextEncoder;
import org.tastemaker.diffusion.condition.ClipTextEncoder.Output;
import org.tastemaker.diffusion.condition.ClipTextEncoderPair;
import org.tastemaker.diffusion.condition.PromptEncoder;
import org.tastemaker.diffusion.condition.PromptOptions;
import org.tastemaker.diffusion.condition.TextualInversion;
import org.tastemaker.diffusion.engine.Backend;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
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
 * @param textEncoder turns token ids into what the U-Net attends to; the first one, where there are
 *     two
 * @param tokenizer turns text into token ids, of the first text encoder
 * @param scheduler the noise schedule that the U-Net was trained on
 * @param xl what a Stable Diffusion XL has beside these; empty for the others
 */
public record Components(
    UNet2DConditionModel unet,
    AutoencoderKl vae,
    ClipTextModel textEncoder,
    ClipTokenizer tokenizer,
    SchedulerConfig scheduler,
    Optional<StableDiffusionXl> xl)
    implements AutoCloseable {
  public Components {
    Objects.requireNonNull(unet, "unet == null");
    Objects.requireNonNull(vae, "vae == null");
    Objects.requireNonNull(textEncoder, "textEncoder == null");
    Objects.requireNonNull(tokenizer, "tokenizer == null");
    Objects.requireNonNull(scheduler, "scheduler == null");
    Objects.requireNonNull(xl, "xl == null: use Optional.empty() for none");
    ComponentsFit.require(
        unet.config(),
        vae.config(),
        encoders(textEncoder, xl).stream().map(ClipTextModel::config).toList(),
        tokenizers(tokenizer, xl),
        xl.map(StableDiffusionXl::aestheticScore));
  }

  /**
   * The parts of a Stable Diffusion 1 or 2.
   *
   * @param unet as above
   * @param vae as above
   * @param textEncoder as above
   * @param tokenizer as above
   * @param scheduler as above
   */
  public Components(
      UNet2DConditionModel unet,
      AutoencoderKl vae,
      ClipTextModel textEncoder,
      ClipTokenizer tokenizer,
      SchedulerConfig scheduler) {
    this(unet, vae, textEncoder, tokenizer, scheduler, Optional.empty());
  }

  /**
   * The text encoders in the order in which the U-Net reads them.
   *
   * @return two for Stable Diffusion XL, one for the others
   */
  public List<ClipTextModel> textEncoders() {
    return encoders(textEncoder, xl);
  }

  /**
   * The networks that a LoRA's file can adapt, for {@link LoraFile#read}.
   *
   * @return the parameters of the U-Net and of each text encoder; the only one of a refiner of
   *     Stable Diffusion XL is a second one
   */
  public ImmutableMap<LoraNetwork, Parameters> loraNetworks() {
    ImmutableMap.Builder<LoraNetwork, Parameters> networks = ImmutableMap.builder();
    networks.put(LoraNetwork.UNET, unet.parameters());
    Optional<ClipTextModel> second = xl.flatMap(StableDiffusionXl::second).map(Second::textEncoder);
    boolean refiner = xl.isPresent() && second.isEmpty();
    networks.put(
        refiner ? LoraNetwork.TEXT_ENCODER_2 : LoraNetwork.TEXT_ENCODER, textEncoder.parameters());
    second.ifPresent(text -> networks.put(LoraNetwork.TEXT_ENCODER_2, text.parameters()));
    return networks.buildOrThrow();
  }

  private static List<ClipTextModel> encoders(ClipTextModel first, Optional<StableDiffusionXl> xl) {
    return Stream.concat(
            Stream.of(first),
            xl.flatMap(StableDiffusionXl::second).map(Second::textEncoder).stream())
        .toList();
  }

  private static List<ClipTokenizer> tokenizers(
      ClipTokenizer first, Optional<StableDiffusionXl> xl) {
    return Stream.concat(
            Stream.of(first), xl.flatMap(StableDiffusionXl::second).map(Second::tokenizer).stream())
        .toList();
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
    return load(folder, FolderOptions.defaults());
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
    return load(folder, FolderOptions.defaults().withSampler(Optional.of(scheduler)));
  }

  /**
   * Loads the parts from a checkpoint in a single file, safetensors or PyTorch's.
   *
   * @param file such as {@code v1-5-pruned-emaonly.safetensors}
   * @param options what the file does not say of itself
   * @return the parts: the caller closes them
   * @throws IllegalArgumentException if the file is something else, or is not whole, or there is no
   *     tokenizer; the message says which, and nothing stays loaded
   */
  public static Components load(Path file, CheckpointOptions options) {
    Backend.require();
    List<AutoCloseable> loaded = new ArrayList<>();
    try (SingleFile checkpoint =
        SingleFile.open(file, options.prediction(), options.averaged(), options.halfInMemory())) {
      List<ClipTokenizer> tokenizers = CheckpointTokenizers.load(file, options, checkpoint);
      List<ClipTextModel> texts = new ArrayList<>();
      for (int i = 0; i < tokenizers.size(); i++) {
        texts.add(checkpoint.textEncoder(i));
        loaded.add(texts.get(i));
      }
      AutoencoderKl vae = checkpoint.vae();
      loaded.add(vae);
      UNet2DConditionModel unet = checkpoint.unet();
      loaded.add(unet);
      SchedulerConfig scheduler =
          SchedulerConfig.stableDiffusion()
              .with("prediction_type", checkpoint.prediction().key())
              .as(options.sampler());
      Optional<StableDiffusionXl> xl = Optional.empty();
      if (checkpoint.isXl()) {
        xl =
            Optional.of(
                texts.size() == 1
                    ? StableDiffusionXl.refiner()
                    : StableDiffusionXl.base(texts.get(1), tokenizers.get(1)));
      }
      return new Components(unet, vae, texts.get(0), tokenizers.get(0), scheduler, xl);
    } catch (RuntimeException | Error e) {
      closeAll(loaded, e);
      throw e;
    }
  }

  /**
   * Loads the parts of a folder by options.
   *
   * @param path of the folder, with unet/, vae/, text_encoder/, tokenizer/ and scheduler/; or of
   *     the folder {@code models--owner--name/} in the cache of Hugging Face's programs
   * @param options which files, and as what
   * @return the parts: the caller closes them
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static Components load(Path path, FolderOptions options) {
    Backend.require();
    FolderCheck check = FolderCheck.of(path, options);
    Path folder = check.index().folder();
    List<AutoCloseable> loaded = new ArrayList<>();
    try {
      ClipTextModel text =
          ClipTextModel.load(
              folder.resolve(check.encoder()), check.variant(), options.halfInMemory());
      loaded.add(text);
      Optional<Second> more = Optional.empty();
      if (check.pair()) {
        ClipTextModel other =
            ClipTextModel.load(
                folder.resolve("text_encoder_2"), check.variant(), options.halfInMemory());
        loaded.add(other);
        more = Optional.of(new Second(other, check.tokenizers().get(1)));
      }
      AutoencoderKl vae =
          AutoencoderKl.load(folder.resolve("vae"), check.variant(), options.halfInMemory());
      loaded.add(vae);
      UNet2DConditionModel unet =
          UNet2DConditionModel.load(
              folder.resolve("unet"), check.variant(), options.halfInMemory());
      loaded.add(unet);
      Optional<Second> encoders = more;
      return new Components(
          unet,
          vae,
          text,
          check.tokenizers().get(0),
          check.scheduler(),
          check
              .score()
              .map(
                  scored ->
                      new StableDiffusionXl(
                          encoders, check.index().zerosForEmptyPrompt(), scored)));
    } catch (RuntimeException | Error e) {
      closeAll(loaded, e);
      throw e;
    }
  }

  /**
   * Checks what {@link #load(Path, FolderOptions)} and {@link #load(Path, CheckpointOptions)} check
   * before they read a weight, with their usual options: configurations, tokenizers, names and
   * shapes.
   *
   * @param path of a folder in the diffusers layout, or of a checkpoint in a single file
   * @throws IllegalArgumentException if it cannot be loaded; the message is that of loading
   */
  public static void check(Path path) {
    if (!Files.isRegularFile(path)) {
      FolderCheck unused = FolderCheck.of(path, FolderOptions.defaults());
      return;
    }
    CheckpointOptions options = CheckpointOptions.defaults();
    try (SingleFile checkpoint =
        SingleFile.open(path, options.prediction(), options.averaged(), options.halfInMemory())) {
      ComponentsFit.require(
          checkpoint.unetConfig(),
          checkpoint.vaeConfig(),
          checkpoint.textConfigs(),
          CheckpointTokenizers.load(path, options, checkpoint),
          checkpoint.isXl() ? Optional.of(checkpoint.textConfigs().size() == 1) : Optional.empty());
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
    return new Components(other, vae, textEncoder, tokenizer, scheduler, xl);
  }

  /** The same parts with one more token in every text encoder. */
  Components with(TextualInversion embedding) {
    List<ClipTextModel> encoders = textEncoders();
    List<INDArray> vectors =
        embedding.matrices(
            encoders.stream().map(encoder -> encoder.config().hiddenSize()).toList());
    List<ClipTokenizer> known = tokenizers(tokenizer, xl);
    List<ClipTokenizer> more =
        known.stream().map(each -> each.withToken(embedding.token(), embedding.vectors())).toList();
    List<ClipTextModel> wider = new ArrayList<>();
    for (int i = 0; i < encoders.size(); i++) {
      wider.add(encoders.get(i).withTokens(known.get(i).size(), vectors.get(i)));
    }
    Optional<Second> second =
        wider.size() == 1 ? Optional.empty() : Optional.of(new Second(wider.get(1), more.get(1)));
    return new Components(
        unet,
        vae,
        wider.get(0),
        more.get(0),
        scheduler,
        xl.map(it -> new StableDiffusionXl(second, it.zerosForEmptyPrompt(), it.aestheticScore())));
  }

  /** What encodes prompts for the U-Net. */
  PromptEncoder encoder(Engine engine, PromptOptions prompts) {
    if (xl.isEmpty()) {
      return new ClipTextEncoder(tokenizer, textEncoder, engine, prompts, Output.LAST);
    }
    ClipTextEncoder first =
        new ClipTextEncoder(tokenizer, textEncoder, engine, prompts, Output.PENULTIMATE);
    return xl.get()
        .second()
        .<PromptEncoder>map(
            two ->
                new ClipTextEncoderPair(
                    first,
                    new ClipTextEncoder(
                        two.tokenizer(), two.textEncoder(), engine, prompts, Output.PENULTIMATE)))
        .orElse(first);
  }

  /** Writes the parts into an existing folder. */
  void save(Path folder, DType dtype) {
    unet.save(folder.resolve("unet"), dtype);
    vae.save(folder.resolve("vae"), dtype);
    boolean refiner = xl.isPresent() && xl.get().second().isEmpty();
    Map<String, ClipTextModel> encoders = new LinkedHashMap<>();
    encoders.put(refiner ? "text_encoder_2" : "text_encoder", textEncoder);
    Map<String, ClipTokenizer> tokenizers = new LinkedHashMap<>();
    tokenizers.put(refiner ? "tokenizer_2" : "tokenizer", tokenizer);
    xl.flatMap(StableDiffusionXl::second)
        .ifPresent(
            second -> {
              encoders.put("text_encoder_2", second.textEncoder());
              tokenizers.put("tokenizer_2", second.tokenizer());
            });
    encoders.forEach((name, encoder) -> encoder.save(folder.resolve(name), dtype));
    try {
      for (String name : tokenizers.keySet()) {
        Files.createDirectories(folder.resolve(name));
      }
      Files.createDirectories(folder.resolve("scheduler"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e.getMessage(), e);
    }
    tokenizers.forEach((name, each) -> each.save(folder.resolve(name)));
    AtomicFiles.write(folder.resolve("scheduler/scheduler_config.json"), scheduler.toJson());
    Set<String> parts = new HashSet<>(Set.of("scheduler", "unet", "vae"));
    parts.addAll(encoders.keySet());
    parts.addAll(tokenizers.keySet());
    AtomicFiles.write(
        folder.resolve("model_index.json"),
        ModelIndex.toJson(parts, scheduler.kind(), xl.orElse(null)));
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
    textEncoders().forEach(ClipTextModel::close);
  }
}

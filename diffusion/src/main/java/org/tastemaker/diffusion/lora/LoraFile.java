package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.card.CardFile;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.weights.DType;

/**
 * LoRAs on disk, in safetensors, under the names that other programs look for.
 *
 * <table class="striped">
 * <caption>What is read</caption>
 * <thead><tr><th>dialect</th><th>a tensor of {@code mid_block.attentions.0.proj_in}</th></tr></thead>
 * <tbody>
 * <tr><td>kohya, written by {@link Format#KOHYA}</td><td>{@code
 * lora_unet_mid_block_attentions_0_proj_in.lora_down.weight}, or with the names of blocks of CompVis
 * and Stability, {@code lora_unet_middle_block_1_proj_in.lora_down.weight}; text encoders {@code
 * lora_te_}, or {@code lora_te1_} and {@code lora_te2_}</td></tr>
 * <tr><td>diffusers, written by {@link Format#DIFFUSERS}</td><td>{@code
 * unet.mid_block.attentions.0.proj_in.lora_A.weight}; text encoders {@code text_encoder.} and {@code
 * text_encoder_2.}, with {@code text_model.} after that or without</td></tr>
 * <tr><td>diffusers of 2023</td><td>{@code ..attn1.processor.to_q_lora.down.weight}, {@code
 * ..lora.down.weight}, {@code ..lora_linear_layer.down.weight}; with {@code unet.} or without</td></tr>
 * <tr><td>a folder of PEFT's, written by {@link Format#PEFT_FOLDER}</td><td>{@code
 * base_model.model.mid_block.attentions.0.proj_in.lora_A.weight}, with an adapter's name or without;
 * alpha, patterns and rslora from {@code adapter_config.json}</td></tr>
 * <tr><td>LyCORIS</td><td>{@code lora_mid}, {@code hada_w1_a} (LoHa), {@code lokr_w1} (LoKr), {@code
 * diff}, {@code diff_b}, {@code w_norm}, {@code b_norm}</td></tr>
 * <tr><td>DoRA</td><td>{@code dora_scale}, {@code lora_magnitude_vector}, {@code
 * lora_magnitude_vector.weight}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A kohya name has lost the dots of its path. It is matched with the paths of the network that
 * it is read for, never guessed.
 *
 * <p>A middle becomes a part of A, exactly. LoHa, LoKr, DoRA and differences are no low-rank pairs:
 * such a LoRA acts when it is merged, and cannot be trained ({@link Lora#mergedOnly}).
 */
public final class LoraFile {
  private static final Logger LOG = LoggerFactory.getLogger(LoraFile.class);

  /** How tensors are named. */
  public enum Format {
    /** kohya's names, which diffusers, ComfyUI and AUTOMATIC1111 all read; LyCORIS' beside them. */
    KOHYA,
    /**
     * diffusers' names, which ComfyUI does not read. They have no place for alpha: an up layer is
     * multiplied by alpha / rank when it is written, because readers take alpha to be the rank.
     */
    DIFFUSERS,
    /**
     * A folder as PEFT's save_pretrained makes it: adapter_model.safetensors and
     * adapter_config.json, with ranks and alphas. Several LoRAs become a folder each, named after
     * the network.
     */
    PEFT_FOLDER
  }

  /**
   * How a file is written.
   *
   * @param format of the names
   * @param dtype F32, F16 or BF16, of every tensor
   * @param baseModel the model that the LoRA is for, in kohya's metadata: {@code sd_v1}, {@code
   *     sd_v2} or {@code sdxl_base_v1-0}
   * @param textModel whether the paths of the text encoder's layers begin with {@code text_model.},
   *     as in transformers before 5.6; those of a second text encoder always do, and kohya's too
   * @param adapted where the LoRAs are meant to be active, which the header says: the range of
   *     {@link org.tastemaker.diffusion.LatentDiffusion#with(DenoisingRange)} in which they were
   *     trained
   * @param metadata further entries for the file's header; they override those that are always
   *     written
   * @param card what the file says about itself, in its header and in a README beside it; empty for
   *     neither
   */
  @RecordBuilder
  public record Options(
      Format format,
      DType dtype,
      String baseModel,
      boolean textModel,
      DenoisingRange adapted,
      ImmutableMap<String, String> metadata,
      Optional<ModelCard> card)
      implements LoraFileOptionsBuilder.With {
    private static final Set<DType> TYPES = EnumSet.of(DType.F32, DType.F16, DType.BF16);

    /** Checks the type. */
    public Options {
      Objects.requireNonNull(format, "format == null");
      if (!TYPES.contains(dtype)) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "dtype must be one of %s, but was %s", TYPES, dtype));
      }
      if (baseModel.isEmpty()) {
        throw new IllegalArgumentException(
            "baseModel must not be empty; use \"sd_v1\", \"sd_v2\" or \"sdxl_base_v1-0\"");
      }
      Objects.requireNonNull(adapted, "adapted == null: use DenoisingRange.ALL");
      Objects.requireNonNull(metadata, "metadata == null");
      Objects.requireNonNull(card, "card == null");
    }

    /**
     * What most programs read: kohya's names, half precision, Stable Diffusion 1.
     *
     * @return the options
     */
    public static Options kohya() {
      return of(Format.KOHYA);
    }

    /**
     * diffusers' names, in half precision.
     *
     * @return the options
     */
    public static Options diffusers() {
      return of(Format.DIFFUSERS);
    }

    /**
     * A folder of PEFT's, in half precision.
     *
     * @return the options
     */
    public static Options peftFolder() {
      return of(Format.PEFT_FOLDER);
    }

    /**
     * These options, with a card.
     *
     * @param about what the file says about itself
     * @return new options
     */
    public Options describedBy(ModelCard about) {
      return withCard(Optional.of(about));
    }

    private static Options of(Format format) {
      return new Options(
          format,
          DType.F16,
          "sd_v1",
          true,
          DenoisingRange.ALL,
          ImmutableMap.of(),
          Optional.empty());
    }
  }

  private LoraFile() {}

  /**
   * Writes LoRAs into one file, or into a folder of PEFT's. Where the options have a card, a {@code
   * README.md} is written too, in the folder or beside the file; where one is there that this
   * library has not written, it is kept, and the card is beside it under the file's name with
   * {@code .md}.
   *
   * @param path of the file, replaced if it exists; its folder must exist. Of the folder, made if
   *     it does not exist
   * @param loras at least one, and at most one for each network
   * @param options of the file
   * @throws IllegalArgumentException if the format has no place for a bias of a low-rank pair
   * @throws IllegalStateException if the format has no place for what is no low-rank pair; nothing
   *     is ever left out
   * @throws org.tastemaker.diffusion.weights.SafetensorsException if a number does not fit the type
   */
  public static void write(Path path, List<Lora> loras, Options options) {
    if (loras.isEmpty() || loras.stream().map(Lora::network).distinct().count() < loras.size()) {
      throw new IllegalArgumentException(
          "a file holds one LoRA for each network, but was given "
              + loras.stream().map(lora -> lora.name() + ": " + lora.network()).toList());
    }
    ImmutableMap<String, String> metadata =
        ImmutableMap.<String, String>builder()
            .putAll(LoraRange.metadata(options.adapted()))
            .putAll(
                options
                    .card()
                    .map(card -> LoraCard.metadata(path, card, options.baseModel()))
                    .orElse(ImmutableMap.of()))
            .putAll(options.metadata())
            .buildKeepingLast();
    LoraWriter writer = new LoraWriter(loras, options.dtype(), metadata);
    switch (options.format()) {
      case KOHYA -> writer.kohya(path, options.baseModel());
      case DIFFUSERS -> writer.diffusers(path, options.textModel());
      case PEFT_FOLDER -> writer.peftFolder(path, options.textModel());
    }
    options.card().ifPresent(card -> CardFile.write(path, card, ModelCard.Kind.LORA));
  }

  /**
   * Reads the LoRAs of a file or folder, in every dialect of the table. A layer's rank is that of
   * its tensors; where alpha is missing or 0, it is the rank. Linear layers may be stored as 1 x 1
   * convolutions and the other way round. Embeddings that are bundled with a LoRA are named in the
   * log; {@link #contents} gives them too.
   *
   * @param path of a safetensors file; or of a folder: PEFT's, diffusers', or one with a folder of
   *     PEFT's for each network
   * @param name for the LoRAs: letters, digits, '-' and '_'
   * @param networks the parameters of every network that the file may adapt; read for their names,
   *     shapes and type only
   * @return a LoRA for each network that the file adapts, to be closed; without dropout
   * @throws LoraMismatchException if the file holds something else, half of a pair, a layer that
   *     the networks do not have, a network that was not given or a tensor of the wrong shape: no
   *     tensor is left out in silence
   * @throws IllegalArgumentException if a number is not finite, or PEFT's configuration says
   *     something that is not supported
   * @throws org.tastemaker.diffusion.weights.SafetensorsException if it is not a safetensors file
   */
  public static ImmutableMap<LoraNetwork, Lora> read(
      Path path, String name, Map<LoraNetwork, Parameters> networks) {
    LoraContents contents = contents(path, name, networks);
    if (!contents.embeddings().isEmpty()) {
      LOG.warn(
          "{}: the embeddings {} that are bundled with the LoRA are not loaded; their words mean nothing to the tokenizer",
          path,
          contents.embeddings().keySet());
    }
    if (!contents.adapted().isAll()) {
      LOG.warn(
          "{}: the LoRA is meant to be active in {} of the denoising only; give the model's view that range, which LoraFile.contents reads",
          path,
          contents.adapted());
    }
    return contents.loras();
  }

  /**
   * Checks what {@link #read} checks before it reads a number: names, shapes and PEFT's
   * configuration.
   *
   * @param path as for {@link #read}
   * @param networks as for {@link #read}
   * @throws LoraMismatchException if it cannot be read for these networks, as reading throws it
   * @throws IllegalArgumentException if it is no LoRA's file or folder, as reading throws it
   */
  public static void check(Path path, Map<LoraNetwork, Parameters> networks) {
    for (Path found : LoraSource.find(path)) {
      try (LoraSource source = LoraSource.open(found)) {
        new LoraReader(source, "check", networks).check();
      }
    }
  }

  /**
   * Reads the LoRAs of a file or folder as {@link #read} does, and says what embeddings are bundled
   * with them, and where they are meant to be active.
   *
   * @param path as above
   * @param name as above
   * @param networks as above
   * @return the LoRAs, to be closed, the names of the embeddings, and the range
   */
  public static LoraContents contents(
      Path path, String name, Map<LoraNetwork, Parameters> networks) {
    LoraParameters.requireName(name);
    if (networks.isEmpty()) {
      throw new IllegalArgumentException(
          "networks must hold the parameters of at least one network, but is empty");
    }
    Map<LoraNetwork, Lora> loras = new EnumMap<>(LoraNetwork.class);
    Map<String, ImmutableList<String>> embeddings = new LinkedHashMap<>();
    DenoisingRange adapted = DenoisingRange.ALL;
    try {
      for (Path found : LoraSource.find(path)) {
        try (LoraSource source = LoraSource.open(found)) {
          LoraReader reader = new LoraReader(source, name, networks);
          reader.check();
          adapted = common(adapted, LoraRange.of(source.metadata(), found), found);
          for (Map.Entry<LoraNetwork, Lora> entry : reader.read().entrySet()) {
            add(loras, entry.getKey(), entry.getValue(), found);
          }
          reader
              .embeddings()
              .forEach((word, keys) -> embeddings.put(word, ImmutableList.copyOf(keys)));
        }
      }
    } catch (RuntimeException e) {
      loras.values().forEach(Lora::close);
      throw e;
    }
    return new LoraContents(ImmutableMap.copyOf(loras), ImmutableMap.copyOf(embeddings), adapted);
  }

  /** Of the folders of several networks: the U-Net's, or one that all have. */
  private static DenoisingRange common(DenoisingRange a, DenoisingRange b, Path found) {
    if (!a.isAll() && !b.isAll() && !a.equals(b)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: is active in %s of the denoising, but another folder in %s: a view has one range",
              found,
              b,
              a));
    }
    return a.isAll() ? b : a;
  }

  private static void add(
      Map<LoraNetwork, Lora> loras, LoraNetwork network, Lora lora, Path found) {
    Lora other = loras.putIfAbsent(network, lora);
    if (other != null) {
      lora.close();
      throw new LoraMismatchException(
          found + ": not a LoRA of one network for each folder",
          List.of("\"" + found + "\" adapts " + network.words() + ", as another folder does"));
    }
  }
}

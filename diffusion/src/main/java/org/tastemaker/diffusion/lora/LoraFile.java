package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * LoRAs on disk, in safetensors, under the names that other programs look for.
 *
 * <table class="striped">
 * <caption>The tensors of a layer with the path {@code mid_block.attentions.0.proj_in}</caption>
 * <thead><tr><th>format</th><th>tensors</th></tr></thead>
 * <tbody>
 * <tr><td>{@link Format#KOHYA}</td><td>{@code
 * lora_unet_mid_block_attentions_0_proj_in.lora_down.weight}, {@code .lora_up.weight} and the
 * scalar {@code .alpha}; the text encoder's begin with {@code lora_te_}</td></tr>
 * <tr><td>{@link Format#PEFT}</td><td>{@code
 * unet.mid_block.attentions.0.proj_in.lora_A.weight} and {@code .lora_B.weight}; the text encoder's
 * begin with {@code text_encoder.}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A kohya name has lost the dots of its path. It is matched with the paths of the network that
 * it is read for, never guessed.
 */
public final class LoraFile {
  /** How tensors are named. */
  public enum Format {
    /** kohya's names, which diffusers, ComfyUI and AUTOMATIC1111 all read. */
    KOHYA,
    /**
     * PEFT's names, which diffusers reads and ComfyUI does not. They have no place for alpha: an up
     * layer is multiplied by alpha / rank when it is written, because readers take alpha to be the
     * rank.
     */
    PEFT
  }

  /**
   * How a file is written.
   *
   * @param format of the names
   * @param dtype F32, F16 or BF16, of every tensor
   * @param baseModel the model that the LoRA is for, in kohya's metadata: {@code sd_v1} or {@code
   *     sd_v2}
   * @param metadata further entries for the file's header; they override those that are always
   *     written
   */
  @RecordBuilder
  public record Options(
      Format format, DType dtype, String baseModel, ImmutableMap<String, String> metadata)
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
            "baseModel must not be empty; use \"sd_v1\" or \"sd_v2\"");
      }
      Objects.requireNonNull(metadata, "metadata == null");
    }

    /**
     * What most programs read: kohya's names, half precision, Stable Diffusion 1.
     *
     * @return the options
     */
    public static Options kohya() {
      return new Options(Format.KOHYA, DType.F16, "sd_v1", ImmutableMap.of());
    }

    /**
     * PEFT's names, in half precision.
     *
     * @return the options
     */
    public static Options peft() {
      return new Options(Format.PEFT, DType.F16, "sd_v1", ImmutableMap.of());
    }
  }

  private LoraFile() {}

  /**
   * Writes LoRAs into one file.
   *
   * @param path replaced if it exists; its folder must exist
   * @param loras at least one, and at most one for each network
   * @param options of the file
   * @throws org.tastemaker.diffusion.weights.SafetensorsException if a number does not fit the type
   */
  public static void write(Path path, List<Lora> loras, Options options) {
    if (loras.isEmpty() || loras.stream().map(Lora::network).distinct().count() < loras.size()) {
      throw new IllegalArgumentException(
          "a file holds one LoRA for each network, but was given "
              + loras.stream().map(lora -> lora.name() + ": " + lora.network()).toList());
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    List<INDArray> temporary = new ArrayList<>();
    try {
      if (options.format() == Format.KOHYA) {
        loras.forEach(lora -> addKohya(lora, options.dtype(), writer));
        kohyaMetadata(loras, options.baseModel()).forEach(writer::metadata);
      } else {
        loras.forEach(lora -> addPeft(lora, options.dtype(), writer, temporary));
        writer.metadata("format", "pt");
      }
      options.metadata().forEach(writer::metadata);
      writer.write(path);
    } finally {
      temporary.forEach(INDArray::close);
    }
  }

  private static void addKohya(Lora lora, DType dtype, SafetensorsWriter writer) {
    for (LoraModule module : lora.modules().values()) {
      String name = LoraKeys.kohya(lora.network(), module.path());
      writer.add(name + LoraKeys.KOHYA_DOWN, lora.torchDown(module), dtype);
      writer.add(name + LoraKeys.KOHYA_UP, lora.torchUp(module), dtype);
      writer.add(name + LoraKeys.ALPHA, new float[] {(float) module.alpha()}, dtype);
    }
  }

  private static void addPeft(
      Lora lora, DType dtype, SafetensorsWriter writer, List<INDArray> temporary) {
    for (LoraModule module : lora.modules().values()) {
      String name = LoraKeys.dotted(lora.network(), module.path());
      writer.add(name + LoraKeys.PEFT_DOWN, lora.torchDown(module), dtype);
      INDArray up = lora.torchUp(module);
      if (module.scale() != 1) {
        up = up.mul(module.scale());
        temporary.add(up);
      }
      writer.add(name + LoraKeys.PEFT_UP, up, dtype);
    }
  }

  /** The minimum that kohya's own tools and AUTOMATIC1111's list of LoRAs show. */
  private static Map<String, String> kohyaMetadata(List<Lora> loras, String baseModel) {
    return Map.of(
        "ss_v2",
        baseModel.startsWith("sd_v2") ? "True" : "False",
        "ss_base_model_version",
        baseModel,
        "ss_network_module",
        "networks.lora",
        "ss_network_dim",
        common(loras, module -> String.valueOf(module.rank())),
        "ss_network_alpha",
        common(loras, module -> String.valueOf((float) module.alpha())),
        "ss_network_args",
        "{}");
  }

  /** The value that all layers have, or kohya's word for differing ones. */
  private static String common(List<Lora> loras, Function<LoraModule, String> field) {
    List<String> values =
        loras.stream()
            .flatMap(lora -> lora.modules().values().stream())
            .map(field)
            .distinct()
            .toList();
    return values.size() == 1 ? values.get(0) : "Dynamic";
  }

  /**
   * Reads the LoRAs of a file, in either format. A layer's rank is that of its tensors; where alpha
   * is missing or 0, it is the rank. Linear layers may be stored as 1 x 1 convolutions; the text
   * encoder's names may begin with {@code lora_te1_}.
   *
   * @param path of the file
   * @param name for the LoRAs: letters, digits, '-' and '_'
   * @param networks the parameters of every network that the file may adapt; read for their names,
   *     shapes and type only
   * @return a LoRA for each network that the file adapts, to be closed; without dropout
   * @throws LoraMismatchException if the file holds something else, half of a pair, a layer that
   *     the networks do not have or a tensor of the wrong shape
   * @throws IllegalArgumentException if a number is not finite
   * @throws org.tastemaker.diffusion.weights.SafetensorsException if it is not a safetensors file
   */
  public static ImmutableMap<LoraNetwork, Lora> read(
      Path path, String name, Map<LoraNetwork, Parameters> networks) {
    LoraParameters.requireName(name);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return new LoraReader(file, name, networks).read();
    }
  }
}

package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * Writes LoRAs of distinct networks.
 *
 * @param loras at least one
 * @param dtype of every tensor
 * @param metadata further entries for the header
 */
record LoraWriter(List<Lora> loras, DType dtype, Map<String, String> metadata) {
  /** The layers whose kohya name is Stability's everywhere, since diffusers reads no other. */
  private static final Map<String, String> STABILITY =
      Map.of(
          "add_embedding.linear_1", "label_emb.0.0",
          "add_embedding.linear_2", "label_emb.0.2");

  /** In a header: which network's adapter a folder of PEFT's is. */
  static final String NETWORK = "network";

  // ---- kohya

  /**
   * Writes kohya's names.
   *
   * @param baseModel for the header
   */
  void kohya(Path path, String baseModel) {
    boolean two = loras.stream().anyMatch(lora -> lora.network() == LoraNetwork.TEXT_ENCODER_2);
    boolean xl = baseModel.startsWith("sdxl");
    if (two && !xl) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "baseModel is \"%s\", but there is a LoRA of a second text encoder, which only Stable Diffusion XL has: use withBaseModel(\"sdxl_base_v1-0\")",
              baseModel));
    }
    for (Lora lora : loras) {
      lora.modules().values().stream()
          .filter(LoraModule::bias)
          .findFirst()
          .ifPresent(
              module -> {
                throw new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "LoRA \"%s\": \"%s\" has a bias (lora_B.bias), which kohya's format has no place for; write diffusers' or a folder of PEFT's",
                        lora.name(),
                        module.path()));
              });
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    ImmutableList.Builder<INDArray> temporary = ImmutableList.builder();
    try {
      for (Lora lora : loras) {
        for (LoraModule module : lora.modules().values()) {
          String name = kohya(lora.network(), module.path(), xl);
          writer.add(name + LoraRole.DOWN.suffix(), lora.torchDown(module), dtype);
          writer.add(name + LoraRole.UP.suffix(), lora.torchUp(module), dtype);
          writer.add(name + LoraRole.ALPHA.suffix(), new float[] {(float) module.alpha()}, dtype);
        }
        for (LoraChange change : lora.changes()) {
          change.write(
              kohya(lora.network(), change.path(), xl),
              (name, array) -> writer.add(name, array, dtype),
              temporary);
        }
      }
      kohyaMetadata(baseModel).forEach(writer::metadata);
      write(writer, path);
    } finally {
      temporary.build().forEach(INDArray::close);
    }
  }

  private static String kohya(LoraNetwork network, String path, boolean xl) {
    boolean first = network == LoraNetwork.TEXT_ENCODER && xl;
    String prefix = network.kohyaPrefixes().get(first ? 1 : 0);
    return prefix + LoraPlaces.flat(STABILITY.getOrDefault(path, network.pathInFiles(path)));
  }

  /** The minimum that kohya's own tools and AUTOMATIC1111's list of LoRAs show. */
  private Map<String, String> kohyaMetadata(String baseModel) {
    boolean lycoris = loras.stream().anyMatch(lora -> !lora.changes().isEmpty());
    return Map.of(
        "ss_v2",
        baseModel.startsWith("sd_v2") ? "True" : "False",
        "ss_base_model_version",
        baseModel,
        "ss_network_module",
        lycoris ? "lycoris.kohya" : "networks.lora",
        "ss_network_dim",
        common(module -> String.valueOf(module.rank())),
        "ss_network_alpha",
        common(module -> String.valueOf((float) module.alpha())),
        "ss_network_args",
        "{}");
  }

  /** The value that all layers have, or kohya's word for differing ones. */
  private String common(Function<LoraModule, String> field) {
    List<String> values =
        loras.stream()
            .flatMap(lora -> lora.modules().values().stream())
            .map(field)
            .distinct()
            .toList();
    return values.size() == 1 ? values.get(0) : "Dynamic";
  }

  // ---- diffusers

  /**
   * Writes the names that diffusers gives.
   *
   * @param textModel whether the first text encoder's paths begin with text_model
   */
  void diffusers(Path path, boolean textModel) {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    List<INDArray> temporary = new ArrayList<>();
    try {
      for (Lora lora : loras) {
        lora.requirePairs("diffusers' format has no place for them; write kohya's");
        for (LoraModule module : lora.modules().values()) {
          String name =
              lora.network().prefix() + "." + path(lora.network(), module.path(), textModel);
          pair(writer, name, lora, module, module.scale(), temporary);
        }
      }
      write(writer, path);
    } finally {
      temporary.forEach(INDArray::close);
    }
  }

  /** transformers from 5.6 has no text_model in CLIP, but in CLIP with a projection. */
  private static String path(LoraNetwork network, String path, boolean textModel) {
    return textModel || network == LoraNetwork.TEXT_ENCODER_2
        ? network.pathInFiles(path)
        : network.shortPathInFiles(path);
  }

  /** Adds A, B and B's bias, which are multiplied by a factor. */
  private void pair(
      SafetensorsWriter writer,
      String name,
      Lora lora,
      LoraModule module,
      double factor,
      List<INDArray> temporary) {
    writer.add(name + ".lora_A.weight", lora.torchDown(module), dtype);
    writer.add(name + ".lora_B.weight", times(lora.torchUp(module), factor, temporary), dtype);
    if (module.bias()) {
      writer.add(name + ".lora_B.bias", times(lora.upBias(module), factor, temporary), dtype);
    }
  }

  private static INDArray times(INDArray array, double factor, List<INDArray> temporary) {
    if (factor == 1) {
      return array;
    }
    INDArray product = array.mul(factor);
    temporary.add(product);
    return product;
  }

  // ---- PEFT

  /**
   * Writes a folder as PEFT's save_pretrained, or with several LoRAs one for each in the folder.
   *
   * @param textModel whether the first text encoder's paths begin with text_model
   */
  void peftFolder(Path folder, boolean textModel) {
    for (Lora lora : loras) {
      lora.requirePairs("a folder of PEFT's has no place for them; write kohya's format");
    }
    for (Lora lora : loras) {
      Path own = loras.size() == 1 ? folder : folder.resolve(lora.network().prefix());
      try {
        Files.createDirectories(own);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot make the folder " + own, e);
      }
      SafetensorsWriter writer =
          new SafetensorsWriter()
              .metadata("format", "pt")
              .metadata(NETWORK, lora.network().prefix());
      Map<String, LoraModule> modules = new LinkedHashMap<>();
      for (LoraModule module : lora.modules().values()) {
        String path = path(lora.network(), module.path(), textModel);
        modules.put(path, module);
        pair(writer, "base_model.model." + path, lora, module, 1, List.of());
      }
      write(writer, own.resolve(LoraSource.PEFT));
      try {
        Files.writeString(own.resolve(LoraSource.CONFIG), Json.writePretty(config(modules)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The configuration: rank and alpha of most layers, and those that differ. */
  private static Map<String, @Nullable Object> config(Map<String, LoraModule> modules) {
    int rank = most(modules, LoraModule::rank);
    double alpha = most(modules, LoraModule::alpha);
    Map<String, Object> ranks = new LinkedHashMap<>();
    Map<String, Object> alphas = new LinkedHashMap<>();
    modules.forEach(
        (path, module) -> {
          if (module.rank() != rank) {
            ranks.put(path, module.rank());
          }
          if (module.alpha() != alpha) {
            alphas.put(path, module.alpha());
          }
        });
    Map<String, @Nullable Object> config = new LinkedHashMap<>();
    config.put("alpha_pattern", alphas);
    config.put("auto_mapping", null);
    config.put("base_model_name_or_path", null);
    config.put("bias", "none");
    config.put("fan_in_fan_out", false);
    config.put("inference_mode", true);
    config.put("init_lora_weights", true);
    config.put("lora_alpha", alpha);
    if (modules.values().stream().anyMatch(LoraModule::bias)) {
      config.put("lora_bias", true); // PEFT before 0.14 does not know it
    }
    config.put("lora_dropout", 0.0);
    config.put("modules_to_save", null);
    config.put("peft_type", "LORA");
    config.put("r", rank);
    config.put("rank_pattern", ranks);
    config.put("target_modules", List.copyOf(modules.keySet()));
    config.put("task_type", null);
    config.put("use_dora", false);
    config.put("use_rslora", false);
    return config;
  }

  /** The most frequent value; the first of those. */
  private static <T> T most(Map<String, LoraModule> modules, Function<LoraModule, T> field) {
    Map<T, Integer> counts = new LinkedHashMap<>();
    modules.values().forEach(module -> counts.merge(field.apply(module), 1, Integer::sum));
    return counts.entrySet().stream()
        .reduce((a, b) -> b.getValue() > a.getValue() ? b : a)
        .orElseThrow()
        .getKey();
  }

  private void write(SafetensorsWriter writer, Path path) {
    metadata.forEach(writer::metadata);
    writer.write(path);
  }
}

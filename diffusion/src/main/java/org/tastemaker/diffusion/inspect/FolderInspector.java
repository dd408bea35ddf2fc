package org.tastemaker.diffusion.inspect;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.tastemaker.core.files.HubFolder;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/** Inspects a folder. */
final class FolderInspector {
  private static final int MOST = 100_000;
  private static final String IMAGE = ".*\\.(png|jpe?g|webp|gif|bmp)";

  private FolderInspector() {}

  static Inspection inspect(Path path) {
    Optional<String> cache =
        Refusal.of(
            () -> {
              Path unused = HubFolder.resolve(path);
            });
    if (cache.isPresent()) {
      return Inspection.of(FileType.HUB_CACHE, "a cache of Hugging Face's programs", cache);
    }
    Path folder = HubSnapshot.of(path);
    String cached = folder.equals(path) ? "" : ", snapshot " + folder.getFileName();
    boolean whole =
        Stream.of("model_index.json", "unet", "transformer")
            .anyMatch(name -> Files.exists(folder.resolve(name)));
    boolean lora =
        Stream.of(
                "adapter_config.json",
                "unet/adapter_config.json",
                "text_encoder/adapter_config.json",
                "text_encoder_2/adapter_config.json",
                "pytorch_lora_weights.safetensors",
                "pytorch_lora_weights.bin")
            .anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
    if (lora) {
      return Inspection.ofLora(path);
    }
    Optional<String> noModel = Refusal.of(() -> Components.check(path));
    if (whole) {
      return Inspection.of(
          Files.isDirectory(folder.resolve("transformer"))
                  && !Files.isDirectory(folder.resolve("unet"))
              ? FileType.TRANSFORMER
              : FileType.MODEL_FOLDER,
          "a model in the diffusers layout" + named(folder.resolve("model_index.json")) + cached,
          noModel);
    }
    if (has(folder, "open_clip_config.json") && !has(folder, "config.json")) {
      return FileInspector.clip(folder);
    }
    if (has(folder, "config.json")) {
      return network(folder);
    }
    if (has(folder, "vocab.json") || has(folder, "tokenizer.json")) {
      return Inspection.of(
          FileType.TOKENIZER,
          "a tokenizer",
          Refusal.of(
              () -> {
                ClipTokenizer unused = ClipTokenizer.load(folder);
              }));
    }
    if (has(folder, "scheduler_config.json")) {
      return Inspection.of(
          FileType.SCHEDULER,
          "the settings of a scheduler" + named(folder.resolve("scheduler_config.json")),
          Refusal.of(
              () -> {
                SchedulerConfig unused =
                    SchedulerConfig.read(folder.resolve("scheduler_config.json"));
              }));
    }
    List<String> files = files(folder);
    long images = files.stream().filter(name -> name.matches(IMAGE)).count();
    if (images > 0) {
      return Inspection.of(
          FileType.IMAGES,
          String.format(
              Locale.ROOT,
              "a folder of %d images and %d texts: data for training or judging, and no model",
              images,
              files.stream().filter(name -> name.endsWith(".txt")).count()),
          noModel);
    }
    return Inspection.of(FileType.OTHER, "a folder of another kind", noModel);
  }

  private static boolean has(Path folder, String file) {
    return Files.isRegularFile(folder.resolve(file));
  }

  private static Inspection network(Path folder) {
    String[] name = {""};
    Optional<String> unreadable = Refusal.of(() -> name[0] = className(folder));
    if (unreadable.isPresent()) {
      return Inspection.of(FileType.NETWORK_FOLDER, "one network of a model", unreadable);
    }
    if (name[0].equals("CLIPModel")) {
      return FileInspector.clip(folder);
    }
    Runnable check =
        switch (name[0]) {
          case "UNet2DConditionModel" -> () -> UNet2DConditionModel.check(folder);
          case "AutoencoderKL" -> () -> AutoencoderKl.check(folder);
          case "CLIPTextModel", "CLIPTextModelWithProjection" -> () -> ClipTextModel.check(folder);
          default ->
              () -> {
                throw new IllegalArgumentException(
                    folder
                        + " holds a "
                        + (name[0].isEmpty() ? "network that does not say its class" : name[0])
                        + "; supported are UNet2DConditionModel, AutoencoderKL, CLIPTextModel and"
                        + " CLIPTextModelWithProjection");
              };
        };
    return Inspection.of(
        name[0].startsWith("ControlNet") ? FileType.CONTROL_NET : FileType.NETWORK_FOLDER,
        "one network of a model" + (name[0].isEmpty() ? "" : ", " + name[0]),
        Refusal.of(check));
  }

  /** The class that a network's configuration names, in diffusers or in transformers. */
  private static String className(Path folder) {
    JsonObject config = Json.readObject(folder.resolve("config.json"), JsonLimits.configuration());
    Object architectures = config.value("architectures");
    String first =
        architectures instanceof List<?> list && !list.isEmpty() ? String.valueOf(list.get(0)) : "";
    return config.text("_class_name", first);
  }

  private static String named(Path json) {
    if (!Files.isRegularFile(json)) {
      return "";
    }
    String[] name = {""};
    Optional<String> unused =
        Refusal.of(
            () ->
                name[0] =
                    Json.readObject(json, JsonLimits.configuration()).text("_class_name", ""));
    return name[0].isEmpty() ? "" : " (" + name[0] + ")";
  }

  private static List<String> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder, 2)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT))
          .limit(MOST)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder " + folder + ": " + e.getMessage(), e);
    }
  }
}

package org.tastemaker.diffusion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.MissingPath;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.schedule.SchedulerKind;

/**
 * What a folder in the diffusers layout says of the whole: its model_index.json, which may be
 * missing, and the folders of its parts.
 *
 * @param folder of the model
 * @param className of diffusers' pipeline; empty where it is not said
 * @param zerosForEmptyPrompt {@code force_zeros_for_empty_prompt}
 */
record ModelIndex(Path folder, String className, boolean zerosForEmptyPrompt) {
  private static final String FILE = "model_index.json";
  private static final String EXPECTED =
      "; expected a model in the diffusers layout, with unet/, vae/, text_encoder/, tokenizer/ and"
          + " scheduler/";
  private static final @Nullable Object NONE = Arrays.asList(null, null);

  /** Reads it, and refuses folders of other kinds of models by name. */
  static ModelIndex read(Path folder) {
    MissingPath.require(folder);
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(folder + " has no folder unet/" + EXPECTED);
    }
    Path file = FolderBounds.of(folder).resolve(FILE);
    JsonObject json =
        Files.isRegularFile(file)
            ? Json.readObject(file, JsonLimits.configuration())
            : Json.parseObject("{}", FILE);
    ModelIndex index =
        new ModelIndex(
            folder, json.text("_class_name", ""), json.flag("force_zeros_for_empty_prompt", true));
    index.refuseTransformers();
    return index;
  }

  /** Their denoisers are in a folder of this name, whatever their class. */
  private void refuseTransformers() {
    if (has("transformer") && !has("unet")) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds %s: its denoiser is a transformer and not a U-Net, which is not supported; supported are Stable Diffusion 1, 2 and XL",
              folder,
              className.isEmpty() ? "a model with a transformer/" : "a " + className));
    }
  }

  /** Whether there is a folder of a part. */
  boolean has(String part) {
    return Files.isDirectory(folder) && Files.isDirectory(path(part));
  }

  /** Refuses a variant of weights that no part has; empty for the usual ones. */
  void requireVariant(String variant) {
    if (variant.isEmpty()) {
      return;
    }
    Pattern name =
        Pattern.compile(".*\\." + Pattern.quote(variant) + "[.-].*(safetensors|bin|json)");
    Set<String> others = new TreeSet<>();
    for (String part : List.of("unet", "vae", "text_encoder", "text_encoder_2")) {
      if (has(part)) {
        for (String file : names(path(part))) {
          if (name.matcher(file).matches()) {
            return;
          }
          if (file.matches(".*\\.(safetensors|bin)")) {
            others.add(part + "/" + file);
          }
        }
      }
    }
    throw new IllegalArgumentException(
        folder
            + " has no weights of the variant "
            + variant
            + "; there are "
            + String.join(", ", others));
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().limit(1000).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Refuses a folder without one of some parts. */
  void require(List<String> parts) {
    for (String part : parts) {
      if (!has(part)) {
        throw new IllegalArgumentException(
            folder
                + (className.isEmpty() ? "" : ", a " + className + ",")
                + " has no folder "
                + part
                + "/"
                + checkpoint()
                + EXPECTED);
      }
    }
  }

  /** What else the folder holds that can be loaded. */
  private String checkpoint() {
    return names(folder).stream()
        .filter(name -> name.matches(".*\\.(safetensors|ckpt)"))
        .findFirst()
        .map(name -> ", but a file " + name + ": load that, if it is a checkpoint")
        .orElse("");
  }

  Path path(String part) {
    return FolderBounds.of(folder).resolve(part);
  }

  /** What diffusers loads a folder by. */
  static String toJson(Set<String> parts, SchedulerKind scheduler, @Nullable StableDiffusionXl xl) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("_class_name", "StableDiffusionPipeline");
    json.put("_diffusers_version", "0.30.0");
    json.put("feature_extractor", NONE);
    json.put("image_encoder", NONE);
    if (xl == null) {
      json.put("requires_safety_checker", false);
      json.put("safety_checker", NONE);
    } else {
      json.put(
          "_class_name",
          xl.aestheticScore() ? "StableDiffusionXLImg2ImgPipeline" : "StableDiffusionXLPipeline");
      json.put("force_zeros_for_empty_prompt", xl.zerosForEmptyPrompt());
      if (xl.aestheticScore()) {
        json.put("requires_aesthetics_score", true);
      }
    }
    Map<String, List<String>> classes = new LinkedHashMap<>();
    classes.put("scheduler", List.of("diffusers", scheduler.className()));
    classes.put("text_encoder", List.of("transformers", "CLIPTextModel"));
    classes.put("text_encoder_2", List.of("transformers", "CLIPTextModelWithProjection"));
    classes.put("tokenizer", List.of("transformers", "CLIPTokenizer"));
    classes.put("tokenizer_2", List.of("transformers", "CLIPTokenizer"));
    classes.put("unet", List.of("diffusers", "UNet2DConditionModel"));
    classes.put("vae", List.of("diffusers", "AutoencoderKL"));
    classes.forEach(
        (part, name) -> {
          if (parts.contains(part)) {
            json.put(part, name);
          } else if (xl != null) {
            json.put(part, NONE);
          }
        });
    return Json.writePretty(json) + "\n";
  }

  @Override
  public String toString() {
    return folder + (className.isEmpty() ? "" : " (" + className + ")");
  }
}

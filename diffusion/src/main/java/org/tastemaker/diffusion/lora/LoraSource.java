package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.HubFolder;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonLimits;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * An open file of a LoRA, with what stands beside it.
 *
 * @param file its tensors
 * @param metadata the header's free text
 * @param config PEFT's configuration, from the header or from the file beside it
 * @param network the one that the folder is named after, if it is
 */
record LoraSource(
    TensorFile file,
    ImmutableMap<String, String> metadata,
    PeftConfig config,
    @Nullable LoraNetwork network)
    implements AutoCloseable {
  /** What PEFT calls its configuration. */
  static final String CONFIG = "adapter_config.json";

  /** What PEFT calls its weights. */
  static final String PEFT = "adapter_model.safetensors";

  private static final List<String> PEFTS = List.of(PEFT, "adapter_model.bin");

  /** What diffusers calls its weights. */
  private static final List<String> DIFFUSERS =
      List.of("pytorch_lora_weights.safetensors", "pytorch_lora_weights.bin");

  private static final Logger LOG = LoggerFactory.getLogger(LoraSource.class);

  /**
   * The files at a path.
   *
   * @param path of a file, of a folder of PEFT's or diffusers', or of a folder with one of PEFT's
   *     for each network
   * @return the paths, at least one; each a file or a folder with {@link #CONFIG}
   */
  static List<Path> find(Path path) {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    Path folder = HubFolder.resolve(path);
    FolderBounds bounds = FolderBounds.of(folder);
    List<Path> folders = new ArrayList<>();
    if (Files.isRegularFile(bounds.resolve(CONFIG))) {
      folders.add(folder);
    }
    for (LoraNetwork network : LoraNetwork.values()) {
      if (Files.isRegularFile(bounds.resolve(network.prefix() + "/" + CONFIG))) {
        folders.add(folder.resolve(network.prefix()));
      }
    }
    if (!folders.isEmpty()) {
      return folders;
    }
    for (String name : DIFFUSERS) {
      if (Files.isRegularFile(bounds.resolve(name))) {
        return List.of(folder.resolve(name));
      }
    }
    List<Path> files = safetensors(folder);
    if (files.size() == 1) {
      return List.of(bounds.resolve(files.get(0).getFileName().toString()));
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: expected a folder with %s and %s, with %s, or with one safetensors file, but it has %s; give the path of the file",
            path,
            CONFIG,
            PEFT,
            DIFFUSERS.get(0),
            files.isEmpty()
                ? "none of them"
                : files.stream().map(Path::getFileName).limit(10).toList()));
  }

  private static List<Path> safetensors(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Opens one of {@link #find}.
   *
   * @throws IllegalArgumentException if a folder of PEFT's has no weights, or its configuration is
   *     of a kind that is not supported
   */
  static LoraSource open(Path found) {
    boolean isFolder = Files.isDirectory(found);
    Path folder = isFolder ? found : found.toAbsolutePath().getParent();
    Path weights = isFolder ? weights(found) : found;
    PeftConfig beside = isFolder || isPeft(found) ? beside(folder) : null;
    TensorFile file = TensorFiles.open(weights);
    try {
      String header = file.metadata().get(PeftConfig.KEY);
      PeftConfig config =
          beside != null
              ? beside
              : header != null
                  ? PeftConfig.ofMetadata(found.toString(), header)
                  : PeftConfig.none();
      if (beside == null
          && header == null
          && file.names().stream().anyMatch(name -> name.startsWith("base_model.model."))) {
        LOG.warn(
            "{}: the names are PEFT's, but there is no {} beside it; alpha is taken to be the rank",
            found,
            CONFIG);
      }
      LoraNetwork named = networkOf(file.metadata().getOrDefault("network", ""));
      return new LoraSource(
          file, file.metadata(), config, named == null ? networkOf(folder) : named);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static Path weights(Path folder) {
    for (String name : PEFTS) {
      Path file = FolderBounds.of(folder).resolve(name);
      if (Files.isRegularFile(file)) {
        return file;
      }
    }
    throw new IllegalArgumentException(
        String.format(Locale.ROOT, "%s has %s, but no %s", folder, CONFIG, PEFT));
  }

  private static boolean isPeft(Path file) {
    return PEFTS.stream().anyMatch(file::endsWith);
  }

  private static @Nullable PeftConfig beside(@Nullable Path folder) {
    if (folder == null || !Files.isRegularFile(folder.resolve(CONFIG))) {
      return null;
    }
    Path config = FolderBounds.of(folder).resolve(CONFIG);
    return PeftConfig.ofFile(
        config.toString(), Json.readObject(config, JsonLimits.configuration()));
  }

  private static @Nullable LoraNetwork networkOf(@Nullable Path folder) {
    Path name = folder == null ? null : folder.toAbsolutePath().normalize().getFileName();
    return name == null ? null : networkOf(name.toString());
  }

  private static @Nullable LoraNetwork networkOf(String name) {
    for (LoraNetwork network : LoraNetwork.values()) {
      if (name.equals(network.prefix())) {
        return network;
      }
    }
    return null;
  }

  /** What the header says the file was made for; for a message. */
  String madeFor() {
    for (String key : List.of("ss_base_model_version", "modelspec.architecture")) {
      String value = metadata.get(key);
      if (value != null && !value.isEmpty()) {
        return value.substring(0, Math.min(60, value.length()));
      }
    }
    return "";
  }

  @Override
  public void close() {
    file.close();
  }
}

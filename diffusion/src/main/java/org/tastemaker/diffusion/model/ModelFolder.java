package org.tastemaker.diffusion.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.MissingPath;
import org.tastemaker.diffusion.model.WeightFiles.Found;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.HalvesInMemory;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.ShardedTensors;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * One model's folder in the diffusers layout: config.json and a file of weights.
 *
 * @param path of the folder
 * @param weights their names
 * @param variant which of them; empty for the usual ones
 */
record ModelFolder(Path path, WeightFiles weights, String variant) {
  static final WeightFiles DIFFUSERS = WeightFiles.DIFFUSERS;
  static final WeightFiles TRANSFORMERS = WeightFiles.TRANSFORMERS;

  private static final Logger LOG = LoggerFactory.getLogger(ModelFolder.class);

  ModelFolder {
    if (!variant.matches("\\w{0,50}")) {
      throw new IllegalArgumentException(
          "a variant is a word, such as fp16 or non_ema, but was \"" + variant + "\"");
    }
  }

  ModelFolder(Path path, WeightFiles weights) {
    this(path, weights, "");
  }

  Path config() {
    MissingPath.require(path);
    Path config = file("config.json");
    if (!Files.isRegularFile(config)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds no config.json; expected one model's folder in the diffusers layout, such as unet/",
              path));
    }
    return config;
  }

  Parameters read(
      List<ParameterSpec> specs, Function<String, @Nullable String> rename, boolean halfInMemory) {
    try (TensorFile open = open()) {
      TensorFile kept = halfInMemory ? new HalvesInMemory(open) : open;
      return Parameters.read(kept, specs, rename, DataType.FLOAT);
    }
  }

  /** Checks the weights against what is expected: by the file's header, without reading numbers. */
  void check(List<ParameterSpec> specs, Function<String, @Nullable String> rename) {
    try (TensorFile open = open()) {
      Parameters.check(open, specs, rename);
    }
  }

  /** A file in the folder; not one that a link in a stranger's folder points to elsewhere. */
  private Path file(String name) {
    return Files.isDirectory(path) ? FolderBounds.of(path).resolve(name) : path.resolve(name);
  }

  private TensorFile open() {
    Optional<Found> found =
        weights.of(variant, this::file).or(() -> weights.usual(path, this::file));
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds no %s.safetensors: %s",
              path,
              weights.safetensors(),
              MissingWeights.found(path, weights)));
    }
    Found file = found.get();
    if (!file.variant().equals(variant)) {
      LOG.info(
          "{} has no weights{}: {} is read",
          path,
          variant.isEmpty() ? " without a variant in their name" : " of the variant " + variant,
          file.path().getFileName());
    }
    return file.index()
        ? ShardedTensors.open(file.path(), this::file)
        : TensorFiles.open(file.path());
  }

  /** Writes the weights; the folder is made if it is not there. */
  void write(Parameters parameters, DType dtype) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the folder " + path, e);
    }
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    parameters.addTo(writer, dtype);
    writer.write(path.resolve(weights.safetensors() + ".safetensors"));
  }
}

package org.tastemaker.diffusion.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.ShardedTensors;
import org.tastemaker.diffusion.weights.TensorFile;

/** One model's folder in the diffusers layout: config.json and a file of weights. */
record ModelFolder(Path path, String weights) {
  static final String DIFFUSERS = "diffusion_pytorch_model";
  static final String TRANSFORMERS = "model";

  Path config() {
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

  Parameters read(List<ParameterSpec> specs, Function<String, @Nullable String> rename) {
    try (TensorFile open = open()) {
      return Parameters.read(open, specs, rename, DataType.FLOAT);
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
    for (String variant : List.of("", ".fp16")) {
      Path file = file(weights + variant + ".safetensors");
      if (Files.isRegularFile(file)) {
        return SafetensorsFile.open(file);
      }
      Path index = file(weights + ".safetensors.index" + variant + ".json");
      if (Files.isRegularFile(index)) {
        return ShardedTensors.open(index, this::file);
      }
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s holds no %s.safetensors: %s",
            path,
            weights,
            MissingWeights.found(path, weights)));
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
    writer.write(path.resolve(weights + ".safetensors"));
  }
}

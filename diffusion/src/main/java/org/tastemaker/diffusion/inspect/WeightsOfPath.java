package org.tastemaker.diffusion.inspect;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/** The files of tensors at a path, by their headers. */
final class WeightsOfPath {
  private static final int DEPTH = 2; // a model's folder, and those of its parts
  private static final int MOST = 200;

  private WeightsOfPath() {}

  static ImmutableList<FileReport.Weights> of(Path path) {
    if (Files.isRegularFile(path)) {
      return ImmutableList.of(weights(path, String.valueOf(path.getFileName())));
    }
    return files(path).stream()
        .map(file -> weights(file, path.relativize(file).toString()))
        .collect(ImmutableList.toImmutableList());
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder, DEPTH)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(safetensors|bin|ckpt|pt|pth)"))
          .filter(Files::isRegularFile)
          .sorted()
          .limit(MOST)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder " + folder + ": " + e.getMessage(), e);
    }
  }

  private static FileReport.Weights weights(Path file, String name) {
    Map<DType, Integer> types = new EnumMap<>(DType.class);
    Optional<String> refusal =
        Refusal.of(
            () -> {
              try (TensorFile tensors = TensorFiles.open(file)) {
                tensors.names().forEach(each -> types.merge(tensors.dtype(each), 1, Integer::sum));
              }
            });
    return new FileReport.Weights(name, size(file), ImmutableMap.copyOf(types), refusal);
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}

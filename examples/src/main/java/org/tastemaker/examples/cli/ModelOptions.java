package org.tastemaker.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.CheckpointOptions;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.inspect.FileReport;
import org.tastemaker.diffusion.inspect.FileType;
import org.tastemaker.diffusion.inspect.ModelFiles;
import org.tastemaker.examples.emoji.BundledModel;
import picocli.CommandLine.Option;

/** The options that say which model. */
final class ModelOptions {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "A model: a folder in the diffusers layout, or a checkpoint in one file (default: the"
              + " bundled text-to-emoji model).")
  private @Nullable Path model;

  @Option(
      names = "--tokenizer",
      paramLabel = "FOLDER",
      description =
          "The tokenizer of a checkpoint in one file (default: the folder tokenizer beside it).")
  private @Nullable Path tokenizer;

  /** Made by picocli. */
  ModelOptions() {}

  /** Empty for the bundled model. */
  Optional<Path> path() {
    return Optional.ofNullable(model);
  }

  /** For tables and files. */
  String name() {
    return model == null
        ? "text-to-emoji"
        : String.valueOf(model.toAbsolutePath().normalize().getFileName());
  }

  /** Checks what can be checked without reading weights. */
  void check() {
    if (model == null) {
      if (tokenizer != null) {
        throw new IllegalArgumentException(
            "--tokenizer is for a checkpoint: give its file with --model");
      }
    } else if (tokenizer == null) {
      requireModel(model);
    } else if (!Files.isRegularFile(model)) {
      throw new IllegalArgumentException(
          "--tokenizer is for a checkpoint in one file, but --model is " + model);
    }
  }

  private static void requireModel(Path path) {
    FileReport report = ModelFiles.inspect(path);
    if (!report.loads()) {
      throw new IllegalArgumentException("--model: " + report.refusal().orElseThrow());
    }
    if (report.type() != FileType.MODEL_FOLDER && report.type() != FileType.CHECKPOINT) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--model: expected a model's folder in the diffusers layout or a checkpoint in one file, but %s is %s",
              path,
              report.what()));
    }
  }

  /** Loads it: the caller closes it. */
  LatentDiffusion load() {
    if (model == null) {
      return BundledModel.load();
    }
    return tokenizer == null
        ? LatentDiffusion.load(model)
        : LatentDiffusion.load(
            model, CheckpointOptions.defaults().withTokenizer(Optional.of(tokenizer)));
  }
}

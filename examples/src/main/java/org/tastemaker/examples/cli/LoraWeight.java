package org.tastemaker.examples.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.inspect.FileReport;
import org.tastemaker.diffusion.inspect.FileType;
import org.tastemaker.diffusion.inspect.ModelFiles;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraContents;
import org.tastemaker.diffusion.lora.LoraFile;

/**
 * A LoRA's file or folder, and how strongly it acts.
 *
 * @param path of what {@link LoraFile#read} reads
 * @param weight finite; 1 for the effect that it was trained for
 */
record LoraWeight(Path path, double weight) {
  /** Of {@code FILE} or {@code FILE=WEIGHT}. */
  static LoraWeight parse(String text) {
    int sign = text.lastIndexOf('=');
    if (sign < 0) {
      return new LoraWeight(Path.of(text), 1);
    }
    String number = text.substring(sign + 1);
    try {
      double weight = Double.parseDouble(number);
      if (Double.isFinite(weight)) {
        return new LoraWeight(Path.of(text.substring(0, sign)), weight);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "--lora is FILE or FILE=WEIGHT with a finite weight, such as mine.safetensors=0.8, but the weight was '%s'",
            number));
  }

  /** Checks what can be checked before a model is loaded. */
  void check() {
    FileReport report = ModelFiles.inspect(path);
    if (!report.loads() || report.type() != FileType.LORA) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--lora: expected the file or folder of a LoRA, but %s",
              report.refusal().orElseGet(() -> path + " is " + report.what())));
    }
  }

  /** Merges it into a model's own weights: so every kind of LoRA acts, and none costs time. */
  void mergeInto(Components model, Output output) {
    LoraContents contents = LoraFile.contents(path, "merged", model.loraNetworks());
    try {
      contents
          .loras()
          .forEach(
              (network, lora) -> {
                lora.mergeInto(Objects.requireNonNull(model.loraNetworks().get(network)), weight);
              });
    } finally {
      contents.loras().values().forEach(Lora::close);
    }
    if (!contents.adapted().isAll()) {
      output.warn(
          path
              + " was trained for "
              + contents.adapted()
              + " of the denoising; here it acts in all of it");
    }
    if (!contents.embeddings().isEmpty()) {
      output.warn(
          path + ": its words " + contents.embeddings().keySet() + " are not loaded; the rest is");
    }
  }
}

package org.tastemaker.diffusion.inspect;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.checkpoint.ClipFile;
import org.tastemaker.diffusion.checkpoint.ClipFileOptions;
import org.tastemaker.diffusion.checkpoint.FileContents;
import org.tastemaker.diffusion.checkpoint.SingleFile;
import org.tastemaker.diffusion.condition.TextualInversion;
import org.tastemaker.diffusion.lora.LoraNames;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/** Inspects a file. */
final class FileInspector {
  private FileInspector() {}

  static Inspection inspect(Path file) {
    Set<String> names = new LinkedHashSet<>();
    Optional<String> unreadable =
        Refusal.of(
            () -> {
              try (TensorFile tensors = TensorFiles.open(file)) {
                names.addAll(tensors.names());
              }
            });
    if (unreadable.isPresent()) {
      return Inspection.of(FileType.UNREADABLE, "no file of tensors that can be read", unreadable);
    }
    FileContents contents = SingleFile.contents(names);
    if (contents != FileContents.CHECKPOINT && LoraNames.any(names)) {
      return Inspection.ofLora(file);
    }
    Optional<String> noModel = Refusal.of(() -> Components.check(file));
    return switch (contents) {
      case CHECKPOINT -> Inspection.of(FileType.CHECKPOINT, checkpoint(file), noModel);
      case LORA -> Inspection.ofLora(file);
      case TEXTUAL_INVERSION -> inversion(Refusal.of(() -> TextualInversion.check(file)));
      case TRANSFORMER -> Inspection.of(FileType.TRANSFORMER, "a diffusion transformer", noModel);
      case CONTROL_NET -> Inspection.of(FileType.CONTROL_NET, "a ControlNet", noModel);
      case CLIP -> clip(file);
      case NETWORK -> Inspection.of(FileType.NETWORK, "a single network", noModel);
      case OTHER ->
          Refusal.of(() -> TextualInversion.check(file)).isEmpty()
              ? inversion(Optional.empty())
              : Inspection.of(FileType.OTHER, "tensors of another kind", noModel);
    };
  }

  /** A file or a folder. */
  static Inspection clip(Path path) {
    return Inspection.of(
        FileType.CLIP,
        "a CLIP model, for scores of images",
        Refusal.of(
            () -> {
              ClipConfig unused = ClipFile.check(path, ClipFileOptions.defaults());
            }));
  }

  private static Inspection inversion(Optional<String> refusal) {
    return Inspection.of(FileType.TEXTUAL_INVERSION, "an embedding of textual inversion", refusal);
  }

  private static String checkpoint(Path file) {
    String[] model = {"a Stable Diffusion that is not whole"};
    Optional<String> unused =
        Refusal.of(
            () -> {
              try (SingleFile open = SingleFile.open(file, Optional.empty(), false, false)) {
                model[0] = open.model();
              }
            });
    return model[0] + " in a single file";
  }
}

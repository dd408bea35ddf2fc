package org.tastemaker.diffusion.inspect;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.tastemaker.core.files.MissingPath;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.lora.LoraFile;

/**
 * Says what a file or folder is, and whether it loads, without reading weights.
 *
 * <pre>{@code
 * FileReport report = ModelFiles.inspect(path);
 * if (!report.loads()) {
 *   System.out.println(report);   // what it is, and why it does not load
 * }
 * }</pre>
 *
 * <p>Whether it loads is asked of what would load it: a refusal is in its words. Numbers are not
 * looked at, so that a file with one that is not finite is found out only when it is loaded.
 */
public final class ModelFiles {
  private ModelFiles() {}

  /**
   * Inspects a path.
   *
   * @param path of anything
   * @return what it is; of a LoRA only what its names tell, since its layers are a model's
   */
  public static FileReport inspect(Path path) {
    Optional<String> missing = Refusal.of(() -> MissingPath.require(path));
    if (missing.isPresent()) {
      return Inspection.of(FileType.MISSING, "nothing", missing).report(path);
    }
    Inspection found =
        Files.isDirectory(path) ? FolderInspector.inspect(path) : FileInspector.inspect(path);
    return found.report(path);
  }

  /**
   * Inspects a path for a model.
   *
   * @param path of anything
   * @param model that a LoRA is for
   * @return what it is, and for a LoRA whether the model has its layers
   */
  public static FileReport inspect(Path path, Components model) {
    FileReport alone = inspect(path);
    if (alone.type() != FileType.LORA) {
      return alone;
    }
    return new FileReport(
        path,
        alone.type(),
        alone.what(),
        Refusal.of(() -> LoraFile.check(path, model.loraNetworks())),
        alone.weights());
  }
}

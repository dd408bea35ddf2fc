package org.tastemaker.optim.rows;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.tastemaker.diffusion.LatentDiffusion;

/**
 * How a worker gets the model: from a folder on its own disk, whose content is checked, and looked
 * at in the same way as on the driver.
 *
 * <pre>{@code
 * ModelRecipe recipe = ModelRecipe.of(folder, model -> model.with(SamplingOptions.ddpo()));
 * try (LatentDiffusion model = recipe.open()) {                     // the same bits on every machine
 *   model.generate(prompts, seeds);
 * }
 * }</pre>
 *
 * @param folder in the diffusers layout
 * @param sha256 of the names and contents of its files
 * @param view how the loaded model samples
 */
public record ModelRecipe(String folder, String sha256, View view) implements Serializable {
  /** How a loaded model is looked at: its options, sampler and engine. */
  @FunctionalInterface
  public interface View extends UnaryOperator<LatentDiffusion>, Serializable {}

  public ModelRecipe {
    Objects.requireNonNull(folder, "folder == null");
    Hashes.require(sha256, "sha256");
    Objects.requireNonNull(view, "view == null: use model -> model for the defaults");
  }

  /**
   * A recipe for what is in a folder now.
   *
   * @param folder read whole, for its hash
   * @param view such as {@code model -> model.with(SamplingOptions.ddpo())}
   * @return the recipe
   * @throws UncheckedIOException if it cannot be read
   */
  public static ModelRecipe of(Path folder, View view) {
    return new ModelRecipe(folder.toString(), hash(folder), view);
  }

  /**
   * The same files in another place, as another machine has them.
   *
   * @param elsewhere the folder there
   * @return a recipe with the same hash
   */
  public ModelRecipe in(Path elsewhere) {
    return new ModelRecipe(elsewhere.toString(), sha256, view);
  }

  /**
   * Loads the model.
   *
   * @return a view of it: the caller closes it
   * @throws RowException if the files are not those of the hash
   * @throws UncheckedIOException if they cannot be read
   */
  public LatentDiffusion open() {
    String found = hash(Path.of(folder));
    if (!found.equals(sha256)) {
      throw new RowException(
          String.format(
              Locale.ROOT,
              "the model in %s has the hash %s, but the run's has %s: copy the files again",
              folder,
              found,
              sha256));
    }
    LatentDiffusion model = LatentDiffusion.load(Path.of(folder));
    try {
      return view.apply(model);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /**
   * The hash by which rows name a view's settings.
   *
   * @param view of any model
   * @return a SHA-256 of {@link LatentDiffusion#settings}
   */
  public static String settingsHash(LatentDiffusion view) {
    return Hashes.of(view.settings());
  }

  /** Of each file's name, length and content, in the order of the names. */
  private static String hash(Path folder) {
    MessageDigest digest = Hashes.sha256();
    try (Stream<Path> walk = Files.walk(folder)) {
      List<Path> files =
          walk.filter(Files::isRegularFile)
              .filter(file -> !file.getFileName().toString().startsWith("."))
              .sorted((a, b) -> name(folder, a).compareTo(name(folder, b)))
              .toList();
      if (files.isEmpty()) {
        throw new RowException("expected a model in " + folder + ", but there are no files");
      }
      for (Path file : files) {
        String head = name(folder, file) + "\n" + Files.size(file) + "\n";
        digest.update(head.getBytes(StandardCharsets.UTF_8));
        try (InputStream in = Files.newInputStream(file)) {
          byte[] block = new byte[1 << 16];
          for (int n = in.read(block); n >= 0; n = in.read(block)) {
            digest.update(block, 0, n);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the model in " + folder, e);
    }
    return Hashes.text(digest.digest());
  }

  private static String name(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }
}

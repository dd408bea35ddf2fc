package org.tastemaker.feedback.annotate;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.tastemaker.core.Image;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.run.AtomicFiles;

/**
 * A folder of images that datasets speak of: PNG files under the hashes of the images before they
 * were rounded to 8 bits.
 */
public final class ImageFolder {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private ImageFolder() {}

  /**
   * Saves an image, unless it is there.
   *
   * @param folder exists
   * @param image any
   * @param hash its {@link Image#sha256}
   * @throws UncheckedIOException if it cannot be written
   */
  public static void save(Path folder, Image image, String hash) {
    Path file = file(folder, hash);
    if (!Files.exists(file)) {
      AtomicFiles.write(file, image.toPng());
    }
  }

  /**
   * Loads an image. A dataset may come from a stranger: its hashes are checked, and links out of
   * the folder are not followed.
   *
   * @param folder with saved images
   * @param hash of the image before it was saved
   * @return the image, rounded to 8 bits
   * @throws IllegalArgumentException if it is no hash
   * @throws UncheckedIOException if there is no such image, or it cannot be read
   */
  public static Image load(Path folder, String hash) {
    Path file = file(folder, hash);
    try {
      return Image.read(
          Files.isDirectory(folder)
              ? FolderBounds.of(folder).resolve(file.getFileName().toString())
              : file);
    } catch (UncheckedIOException e) {
      throw new UncheckedIOException(
          "the image of a judgement cannot be read: "
              + file
              + "; was the job told to save images there?",
          e.getCause());
    }
  }

  /**
   * Where an image is.
   *
   * @param folder with saved images
   * @param hash of the image before it was saved
   * @return a path in the folder; nothing need be there
   * @throws IllegalArgumentException if it is no hash
   */
  public static Path file(Path folder, String hash) {
    if (!HASH.matcher(hash).matches()) {
      throw new IllegalArgumentException(
          "expected the hash of an image, 64 hexadecimal digits, but the dataset has \""
              + (hash.length() <= 100 ? hash : hash.substring(0, 100) + "...")
              + "\"; such a name is not looked for in "
              + folder);
    }
    return folder.resolve(hash + ".png");
  }
}

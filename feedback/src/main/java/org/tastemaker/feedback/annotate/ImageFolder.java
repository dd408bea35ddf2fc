package org.tastemaker.feedback.annotate;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.tastemaker.core.Image;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.run.AtomicFiles;

/** PNG files under the hashes of the images before they were rounded to 8 bits. */
final class ImageFolder {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private ImageFolder() {}

  static void save(Path folder, Image image, String hash) {
    Path file = file(folder, hash);
    if (!Files.exists(file)) {
      AtomicFiles.write(file, image.toPng());
    }
  }

  /** A dataset may come from a stranger: its hashes are checked, and links are not followed. */
  static Image load(Path folder, String hash) {
    if (!HASH.matcher(hash).matches()) {
      throw new IllegalArgumentException(
          "expected the hash of an image, 64 hexadecimal digits, but the dataset has \""
              + (hash.length() <= 100 ? hash : hash.substring(0, 100) + "...")
              + "\"; such a name is not looked for in "
              + folder);
    }
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

  private static Path file(Path folder, String hash) {
    return folder.resolve(hash + ".png");
  }
}

package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.core.Image;
import org.tastemaker.core.run.AtomicFiles;

/** PNG files under the hashes of the images before they were rounded to 8 bits. */
final class ImageFolder {
  private ImageFolder() {}

  static void save(Path folder, Image image, String hash) {
    Path file = file(folder, hash);
    if (!Files.exists(file)) {
      AtomicFiles.write(file, image.toPng());
    }
  }

  static Image load(Path folder, String hash) {
    Path file = file(folder, hash);
    try {
      return Image.fromBytes(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the image of a judgement cannot be read: "
              + file
              + "; was the job told to save images there?",
          e);
    }
  }

  private static Path file(Path folder, String hash) {
    return folder.resolve(hash + ".png");
  }
}

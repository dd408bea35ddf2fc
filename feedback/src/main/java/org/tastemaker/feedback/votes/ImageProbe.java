package org.tastemaker.feedback.votes;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.feedback.votes.RowImage.Fault;
import org.tastemaker.feedback.votes.RowImage.Unusable;

/** Looks at images, as closely as a check says. */
final class ImageProbe {
  private static final int LOOKED_AT = 4096;
  private static final List<String> BEGINNINGS =
      List.of("\u0089PNG\r\n\u001a\n", "\u00ff\u00d8\u00ff", "GIF8", "BM", "RIFF");

  private ImageProbe() {}

  /** The image, or what is wrong with it. */
  static RowImage look(RowImage image, ImageCheck check) {
    if (check == ImageCheck.NONE || image instanceof Unusable) {
      return image;
    }
    try {
      byte[] head;
      if (image instanceof RowImage.OnDisk file) {
        if (!Files.isRegularFile(file.file())) {
          return new Unusable(image.name(), Fault.MISSING, "there is no such file");
        }
        head = head(file.file());
      } else {
        head = ((RowImage.Encoded) image).bytes();
      }
      if (head.length == 0) {
        return new Unusable(image.name(), Fault.EMPTY, "it has no bytes");
      }
      if (check == ImageCheck.PIXELS) {
        decode(image);
      } else if (BEGINNINGS.stream().noneMatch(text -> begins(head, text))) {
        Image.fromBytes(Arrays.copyOf(head, Math.min(head.length, LOOKED_AT))); // says what it is
      }
      return image;
    } catch (IOException | UncheckedIOException e) {
      return new Unusable(image.name(), Fault.BROKEN, "it cannot be read: " + e);
    } catch (IllegalArgumentException e) {
      return new Unusable(image.name(), Fault.BROKEN, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Decodes an image that is not known to be unusable.
   *
   * @throws IllegalArgumentException if it is not an image
   * @throws UncheckedIOException if it cannot be read
   */
  static Image decode(RowImage image) {
    if (image instanceof RowImage.OnDisk file) {
      return Image.read(file.file());
    }
    if (image instanceof RowImage.Encoded encoded) {
      return Image.fromBytes(encoded.bytes());
    }
    throw new IllegalArgumentException(image.name() + ": " + ((Unusable) image).detail());
  }

  private static byte[] head(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(LOOKED_AT);
    }
  }

  private static boolean begins(byte[] bytes, String text) {
    return new String(bytes, 0, Math.min(bytes.length, text.length()), StandardCharsets.ISO_8859_1)
        .equals(text);
  }
}

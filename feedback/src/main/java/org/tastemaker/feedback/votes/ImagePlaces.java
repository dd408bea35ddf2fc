package org.tastemaker.feedback.votes;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.feedback.votes.RowImage.Fault;

/** Where the images of a file of votes are: in a folder, by their names, or in the file itself. */
final class ImagePlaces {
  private static final Set<String> ADDRESSES = Set.of("http://", "https://", "s3://");

  private final @Nullable FolderBounds folder;

  private ImagePlaces(@Nullable FolderBounds folder) {
    this.folder = folder;
  }

  /** Images in a folder, which must be there. Nothing outside of it is read. */
  static ImagePlaces in(Path folder) {
    return new ImagePlaces(FolderBounds.of(folder));
  }

  /** Images in the file itself. */
  static ImagePlaces inFile() {
    return new ImagePlaces(null);
  }

  /**
   * The image of a field.
   *
   * @param value a name, bytes, or a map with {@code bytes} and {@code path}, as Hugging Face's
   *     library for data sets writes images; null for none
   * @param name for messages, where it has no name of its own
   */
  RowImage of(@Nullable Object value, String name) {
    if (value instanceof byte[] bytes) {
      return new RowImage.Encoded(name, bytes);
    }
    if (value instanceof Map<?, ?> map) {
      Object bytes = map.get("bytes");
      return bytes == null ? of(map.get("path"), name) : of(bytes, name);
    }
    if (value == null) {
      return new RowImage.Unusable(name, Fault.MISSING, "there is none");
    }
    if (value instanceof String text) {
      return named(text, name);
    }
    throw new IllegalArgumentException(
        name + ": an image must be a path or bytes, but is " + value.getClass().getSimpleName());
  }

  private RowImage named(String text, String name) {
    if (text.isBlank()) {
      return new RowImage.Unusable(name, Fault.MISSING, "its path is empty");
    }
    if (ADDRESSES.stream().anyMatch(text::startsWith)) {
      return new RowImage.Unusable(
          text, Fault.MISSING, "it is an address on the network: download it first");
    }
    if (folder == null) {
      return new RowImage.Unusable(
          text, Fault.MISSING, "it is a path: say in which folder the images are");
    }
    try {
      return new RowImage.OnDisk(folder.resolve(text));
    } catch (UnsafeFileException | InvalidPathException e) {
      return new RowImage.Unusable(text, Fault.BROKEN, String.valueOf(e.getMessage()));
    }
  }
}

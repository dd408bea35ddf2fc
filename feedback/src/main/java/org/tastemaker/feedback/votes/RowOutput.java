package org.tastemaker.feedback.votes;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;

/**
 * A file of JSON being written, and the folder of images beside it. Images that are not below the
 * file's folder are copied to {@code images/}, under the hash of their bytes, so that the folder is
 * whole.
 */
final class RowOutput implements AutoCloseable {
  private static final int LARGEST_IMAGE = 256 << 20;

  private final Path file;
  private final Path folder;
  private final Path temporary;
  private final OutputStream out;
  private final boolean list;
  private final Tally leftOut = new Tally();
  private final Tally images = new Tally();
  private long rows;
  private long records;
  private boolean failed;

  /**
   * Begins a file.
   *
   * @param list whether its records are a list; otherwise they are lines
   */
  RowOutput(Path file, boolean list) {
    this.file = file.toAbsolutePath().normalize();
    this.list = list;
    Path parent = this.file.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new UncheckedIOException(
          new IOException(
              file + " cannot be written: " + parent + " is not a folder; create it first"));
    }
    this.folder = parent;
    this.temporary = folder.resolve("." + this.file.getFileName() + ".tmp");
    try {
      this.out = new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 16);
    } catch (IOException e) {
      throw cannot(e);
    }
  }

  /** Begins a row. */
  void row() {
    rows++;
  }

  /** Counts a row, or a part of it, that the shape has no place for. */
  void leaveOut(String reason, VotedRow row) {
    leftOut.add(reason, row.id().isEmpty() ? "'" + row.prompt() + "'" : row.id());
  }

  /** Writes a record. */
  void record(Object json) {
    write((list ? records == 0 ? "[\n" : ",\n" : records == 0 ? "" : "\n") + Json.write(json));
    records++;
  }

  private void write(String text) {
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      failed = true;
      throw cannot(e);
    }
  }

  /**
   * The path of an image, relative to the file's folder. An image that cannot be used is counted.
   *
   * @return empty where it cannot be used
   */
  String path(RowImage image) {
    try {
      if (image instanceof RowImage.OnDisk disk) {
        Path source = disk.file().toAbsolutePath().normalize();
        if (!Files.isRegularFile(source)) {
          images.add("missing", image.name());
          return "";
        }
        return source.startsWith(folder)
            ? slashes(folder.relativize(source))
            : kept(BoundedFiles.read(source, LARGEST_IMAGE));
      }
      if (image instanceof RowImage.Encoded encoded) {
        return kept(encoded.bytes());
      }
      images.add(((RowImage.Unusable) image).fault().name().toLowerCase(Locale.ROOT), image.name());
      return "";
    } catch (IOException e) {
      throw cannot(e);
    }
  }

  private String kept(byte[] bytes) throws IOException {
    Path kept = folder.resolve("images").resolve(hash(bytes) + ending(bytes));
    if (!Files.exists(kept)) {
      Files.createDirectories(folder.resolve("images"));
      AtomicFiles.write(kept, bytes);
    }
    return slashes(folder.relativize(kept));
  }

  private static String slashes(Path path) {
    return path.toString().replace('\\', '/');
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String ending(byte[] bytes) {
    int first = bytes.length < 2 ? 0 : (bytes[0] & 0xFF) << 8 | (bytes[1] & 0xFF);
    return switch (first) {
      case 0x8950 -> ".png";
      case 0xFFD8 -> ".jpg";
      case 0x4749 -> ".gif";
      case 0x424D -> ".bmp";
      case 0x5249 -> ".webp";
      default -> ".bin";
    };
  }

  ReadingReport report() {
    return new ReadingReport(records, rows, leftOut.reasons(), images.reasons());
  }

  @Override
  public void close() {
    try {
      if (!failed) {
        write(list ? records == 0 ? "[]\n" : "\n]\n" : records == 0 ? "" : "\n");
      }
      out.close();
      if (failed) {
        Files.deleteIfExists(temporary);
      } else {
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw cannot(e);
    }
  }

  private UncheckedIOException cannot(IOException e) {
    return new UncheckedIOException("cannot write " + file + ": " + e, e);
  }
}

package org.tastemaker.core.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Files and folders that exist as a whole or not at all, whenever the process or the machine stops.
 *
 * <p>What is new is for its owner only ({@link PrivateFiles}); a file that is replaced keeps its
 * permissions. Each is made under a name that ends in {@code .tmp}, flushed to the disk, and
 * renamed. Left-over {@code .tmp} files of a crash are harmless and are overwritten or may be
 * deleted.
 */
public final class AtomicFiles {
  private AtomicFiles() {}

  /**
   * Writes a file, replacing one that is there.
   *
   * @param file where; its folder must exist
   * @param content everything
   * @throws UncheckedIOException if it cannot be written; an old file is then unchanged
   */
  public static void write(Path file, byte[] content) {
    Path temporary = temporary(file);
    try {
      try (FileChannel channel =
          PrivateFiles.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      PrivateFiles.copyPermissions(file, temporary);
      move(temporary, file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Writes a text file in UTF-8, replacing one that is there.
   *
   * @param file where; its folder must exist
   * @param content everything
   * @throws UncheckedIOException if it cannot be written; an old file is then unchanged
   */
  public static void write(Path file, String content) {
    write(file, content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Makes a folder with everything in it.
   *
   * @param folder where; must not be there yet, its parent must
   * @param writer fills the folder that it is given
   * @throws UncheckedIOException if it cannot be written; nothing is then at {@code folder}
   * @throws IllegalStateException if the folder is there already
   */
  public static void writeFolder(Path folder, Consumer<Path> writer) {
    if (Files.exists(folder)) {
      throw new IllegalStateException(
          folder + " is there already and is not overwritten; delete it first or use another name");
    }
    Path temporary = temporary(folder);
    try {
      deleteRecursively(temporary);
      PrivateFiles.createFolder(temporary);
      writer.accept(temporary);
      forceAll(temporary);
      move(temporary, folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * Deletes a file, or a folder with everything in it, if it is there.
   *
   * @param path what to delete
   * @throws IOException if it cannot be deleted
   */
  public static void deleteRecursively(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static Path temporary(Path target) {
    return target.resolveSibling("." + target.getFileName() + ".tmp");
  }

  private static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Path parent = to.toAbsolutePath().getParent();
    if (parent != null) {
      forceFolder(parent);
    }
  }

  private static void forceAll(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            PrivateFiles.makePrivate(file);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
              channel.force(true);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            PrivateFiles.makePrivate(visited);
            forceFolder(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Makes a rename durable. Windows cannot open a folder, and needs no such thing. */
  private static void forceFolder(Path folder) throws IOException {
    if (!System.getProperty("os.name", "").startsWith("Windows")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}

package org.tastemaker.core.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files and folders that exist as a whole or not at all, whenever the process or the machine stops.
 *
 * <p>What is new is for its owner only ({@link PrivateFiles}); a file that is replaced keeps its
 * permissions. Each is made under a name that ends in {@code .tmp}, flushed to the disk, and
 * renamed. Such a name is used once, so that several threads and processes may write the same file:
 * the last one stays. What fails is removed again; what a crash leaves is harmless, and is removed
 * by {@link #removeLeftovers}.
 */
public final class AtomicFiles {
  private static final Logger LOG = LoggerFactory.getLogger(AtomicFiles.class);

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
    boolean done = false;
    try {
      try (FileChannel channel =
          PrivateFiles.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(content);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      PrivateFiles.copyPermissions(file, temporary);
      move(temporary, file);
      done = true;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
    } finally {
      if (!done) {
        discard(temporary);
      }
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
    boolean done = false;
    try {
      PrivateFiles.createFolder(temporary);
      writer.accept(temporary);
      forceAll(temporary);
      move(temporary, folder);
      done = true;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder + ": " + e.getMessage(), e);
    } finally {
      if (!done) {
        discard(temporary);
      }
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

  /**
   * Removes what killed processes left of files and folders that they were writing.
   *
   * @param folder where they were to be; nobody may be writing to it
   * @throws UncheckedIOException if it cannot be read, or something cannot be deleted
   */
  public static void removeLeftovers(Path folder) {
    removeLeftovers(folder, Instant.MAX);
  }

  /**
   * Removes what killed processes left a while ago.
   *
   * @param folder where they were writing files or folders; others may be writing to it now
   * @param before what has changed since stays
   * @throws UncheckedIOException if it cannot be read, or something cannot be deleted
   */
  public static void removeLeftovers(Path folder, Instant before) {
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, ".*.tmp")) {
      for (Path leftover : leftovers) {
        if (Files.getLastModifiedTime(leftover).toInstant().isBefore(before)) {
          deleteRecursively(leftover);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.debug("somebody else has just finished or removed it: {}", e.getMessage());
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(
          "cannot remove what is left of an earlier run in " + folder + ": " + e.getMessage(),
          e instanceof IOException io ? io : new IOException(e));
    }
  }

  private static Path temporary(Path target) {
    String once = UUID.randomUUID().toString().substring(0, 18);
    return target.resolveSibling("." + target.getFileName() + "." + once + ".tmp");
  }

  /** Of what has failed already: a second failure has nothing to add. */
  private static void discard(Path temporary) {
    try {
      deleteRecursively(temporary);
    } catch (IOException e) {
      LOG.debug("{} stays: {}", temporary, e.toString());
    }
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

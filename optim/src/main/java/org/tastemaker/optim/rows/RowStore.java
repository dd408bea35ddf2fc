package org.tastemaker.optim.rows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.core.run.PrivateFiles;

/**
 * Results on disk, each in a file named after its row: in a run's folder, or in a folder that
 * several workers share. Any number of threads and processes may use it at once.
 *
 * <p>A file appears whole. It is not forced to the disk, so that an answer costs no wait for it: a
 * machine that fails may leave a damaged file, which its checksum shows. Such a file is put aside
 * and counts as none.
 */
public final class RowStore {
  private static final Logger LOG = LoggerFactory.getLogger(RowStore.class);
  private static final int SHARD = 2;

  private final Path folder;
  private final RowLimits limits;

  private RowStore(Path folder, RowLimits limits) {
    this.folder = folder;
    this.limits = limits;
  }

  /**
   * A store.
   *
   * @param folder made if it is missing; for its owner only
   * @return the store, which needs no closing
   * @throws UncheckedIOException if it cannot be made
   */
  public static RowStore in(Path folder) {
    try {
      PrivateFiles.createFolders(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + folder + ": " + e.getMessage(), e);
    }
    return new RowStore(folder, RowLimits.defaults());
  }

  /**
   * A kept result.
   *
   * @param row the {@linkplain RowFormat#id id} of a row
   * @return empty where there is none, or a damaged one
   * @throws UncheckedIOException if it is there and cannot be read
   */
  public Optional<ResultRow> get(String row) {
    Path file = file(row);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      ResultRow result = RowFormat.readResult(BoundedFiles.read(file, limits.rowBytes()));
      if (!result.row().equals(row)) {
        throw new RowException("it is of the row " + result.row());
      }
      return Optional.of(result);
    } catch (IllegalArgumentException e) { // damaged, or too large to be one
      LOG.warn("{} is put aside, and its row will be done again: {}", file, e.getMessage());
      putAside(file);
      return Optional.empty();
    }
  }

  /**
   * Keeps a result. One that is there already stays; of two that are kept at the same moment,
   * either.
   *
   * @param result any
   * @return whether it was the first of its row
   * @throws UncheckedIOException if it cannot be written
   */
  public boolean put(ResultRow result) {
    Path file = file(result.row());
    Path temporary = file.resolveSibling("." + result.row() + "." + UUID.randomUUID() + ".tmp");
    try {
      if (Files.exists(file)) {
        return false;
      }
      PrivateFiles.createFolders(folder.resolve(result.row().substring(0, SHARD)));
      try (FileChannel channel =
          PrivateFiles.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(RowFormat.write(result));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (FileAlreadyExistsException e) {
      discard(temporary); // another process was faster
      return false;
    } catch (IOException e) {
      discard(temporary);
      throw new UncheckedIOException("cannot keep a result in " + file + ": " + e.getMessage(), e);
    }
  }

  private Path file(String row) {
    Hashes.require(row, "row"); // a stranger's text is no path
    return folder.resolve(row.substring(0, SHARD)).resolve(row + ".row");
  }

  private static void putAside(Path file) {
    try {
      Files.move(
          file,
          file.resolveSibling(file.getFileName() + ".damaged"),
          StandardCopyOption.REPLACE_EXISTING);
    } catch (NoSuchFileException e) {
      LOG.debug("{} was put aside by another process", file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot put " + file + " aside: " + e.getMessage(), e);
    }
  }

  private static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      LOG.debug("{} stays: {}", temporary, e.toString());
    }
  }
}

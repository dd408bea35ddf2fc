package org.tastemaker.feedback.openai;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.core.run.PrivateFiles;

/** All batches of a folder, for one run at a time. */
final class BatchFolder implements AutoCloseable {
  private final Path folder;
  private final OwnerLock lock;
  private final List<BatchPart> parts = new ArrayList<>();

  private BatchFolder(Path folder, OwnerLock lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * Opens a folder, which is made if it is missing. What a killed run was writing is removed:
   * nothing of it was sent.
   */
  static BatchFolder open(Path folder) {
    try {
      PrivateFiles.createFolders(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("the folder for batches " + folder + " cannot be made", e);
    }
    OwnerLock lock = OwnerLock.take(folder.resolve(".lock"), "the batches in " + folder);
    BatchFolder opened = new BatchFolder(folder, lock);
    boolean open = false;
    try {
      AtomicFiles.removeLeftovers(folder);
      opened.read();
      open = true;
      return opened;
    } finally {
      if (!open) {
        lock.close();
      }
    }
  }

  private void read() {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "tm-*")) {
      for (Path part : found) {
        parts.add(BatchPart.open(part));
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new UncheckedIOException(
          "cannot read the batches in " + folder,
          e instanceof IOException io ? io : new IOException(e));
    }
    parts.sort(Comparator.comparing(part -> part.state().name()));
  }

  Path folder() {
    return folder;
  }

  List<BatchPart> parts() {
    return List.copyOf(parts);
  }

  void add(BatchPart part) {
    parts.add(part);
  }

  /** Forgets a batch whose answers are kept elsewhere. */
  void remove(BatchPart part) {
    try {
      AtomicFiles.deleteRecursively(part.folder());
      parts.remove(part);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the batch " + part.folder(), e);
    }
  }

  @Override
  public void close() {
    lock.close();
  }
}

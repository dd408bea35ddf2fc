package org.tastemaker.core.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A lock that one owner has at a time, among all threads and all processes.
 *
 * <pre>{@code
 * try (OwnerLock lock = OwnerLock.take(folder.resolve(".lock"), "the run folder " + folder)) {
 *   Files.writeString(folder.resolve("state"), "mine"); // only one gets here
 * }
 * }</pre>
 *
 * <p>It is a lock of the operating system on a small file beside what it guards, so it ends with
 * the process, however that ends: the file stays, and means nothing. The file must not be deleted
 * while it is in use, nor be opened by the owner's own process, which would end the lock. A file
 * has many parts that can be locked one by one: {@link #tryTake}.
 *
 * <p>Over a network the lock holds as far as the file system's locks do. NFS of version 4 and SMB
 * have them; NFS of version 3 needs its lock service on both sides. Where there are none, taking
 * the lock fails rather than letting everybody in.
 */
public final class OwnerLock implements AutoCloseable {
  /** Beyond the file's text: Windows lets nobody read a part that is locked. */
  private static final long FIRST = 1L << 32;

  private static final long PARTS = 1L << 61;

  private final Path real;
  private final long position;
  private final AtomicBoolean open = new AtomicBoolean(true);

  private OwnerLock(Path real, long position) {
    this.real = real;
    this.position = position;
  }

  /**
   * Where the lock of a single file is: {@code .<name>.lock} beside it, by whatever link it is
   * reached.
   *
   * @param file what is guarded; it need not be there yet
   * @return for {@link #take} and {@link #tryTake}
   */
  public static Path beside(Path file) {
    Path real = file.toAbsolutePath();
    try {
      real = real.toRealPath();
    } catch (IOException e) {
      // not there yet, so it is no link; or not to be reached, which taking the lock will say
    }
    return real.resolveSibling("." + real.getFileName() + ".lock");
  }

  /**
   * Takes a lock that nobody may have, and writes into the file who has it now.
   *
   * @param file of the lock; made if it is missing, in a folder that must exist
   * @param what it guards, for the message, such as {@code "the dataset likes.jsonl"}
   * @return the lock: the caller closes it
   * @throws IllegalStateException if somebody has it; the message says who
   * @throws UncheckedIOException if the file cannot be made, or its file system has no locks
   */
  public static OwnerLock take(Path file, String what) {
    Objects.requireNonNull(what, "what == null");
    try {
      Path real = LockTable.OF_THIS_PROCESS.make(file);
      String holder = LockTable.OF_THIS_PROCESS.take(real, FIRST);
      if (holder != null) {
        throw new IllegalStateException(
            what
                + " has one owner at a time, and is in use by "
                + holder
                + ": wait until that has ended, or choose another place");
      }
      OwnerLock lock = new OwnerLock(real, FIRST);
      lock.describe();
      return lock;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /**
   * Takes a part of a file's lock, if nobody has it.
   *
   * @param file of the lock; made if it is missing, in a folder that must exist
   * @param part any number; two whose lowest 61 bits are the same are one part
   * @return the lock, which the caller closes; empty if somebody has it
   * @throws UncheckedIOException if the file cannot be made, or its file system has no locks
   */
  public static Optional<OwnerLock> tryTake(Path file, long part) {
    try {
      return part(LockTable.OF_THIS_PROCESS.make(file), part);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /**
   * Takes a further part of this lock's file, if nobody has it.
   *
   * @param part any number; two whose lowest 61 bits are the same are one part
   * @return a lock of its own, which the caller closes; empty if somebody has it
   * @throws UncheckedIOException if the file system refuses
   */
  public Optional<OwnerLock> tryPart(long part) {
    try {
      return part(real, part);
    } catch (IOException e) {
      throw failed(real, e);
    }
  }

  private static Optional<OwnerLock> part(Path real, long part) throws IOException {
    long position = FIRST + 1 + (part & (PARTS - 1));
    boolean taken = LockTable.OF_THIS_PROCESS.take(real, position) == null;
    return taken ? Optional.of(new OwnerLock(real, position)) : Optional.empty();
  }

  private void describe() throws IOException {
    try {
      ProcessHandle us = ProcessHandle.current();
      String user = us.info().user().map(name -> " of " + name).orElse("");
      LockTable.OF_THIS_PROCESS.describe(real, "process " + us.pid() + user);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Lets the next one in. */
  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      try {
        LockTable.OF_THIS_PROCESS.release(real, position);
      } catch (IOException e) {
        throw failed(real, e);
      }
    }
  }

  private static UncheckedIOException failed(Path file, IOException e) {
    return new UncheckedIOException(
        "cannot lock "
            + file
            + ": "
            + e.getMessage()
            + "; it needs a folder that may be written to, on a file system with locks",
        e);
  }
}

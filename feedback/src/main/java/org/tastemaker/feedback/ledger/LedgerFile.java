package org.tastemaker.feedback.ledger;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.core.run.OwnerLock;

/**
 * The file of a ledger, which several owners may have open: threads, parts of a process, and
 * processes. They take turns to write by a lock, and each holds a lock of its own as long as it
 * lives, by which the others see whether its calls can still end.
 */
final class LedgerFile implements AutoCloseable {
  private static final long TURN = 0;
  private static final long PATIENCE_NANOS = 60_000_000_000L;
  private static final long PAUSE_NANOS = 100_000;

  private final Path file;
  private final LineLog log;
  private final String owner;
  private final OwnerLock alive;
  private long place;

  private LedgerFile(Path file, LineLog log, String owner, OwnerLock alive) {
    this.file = file;
    this.log = log;
    this.owner = owner;
    this.alive = alive;
  }

  static LedgerFile open(Path file) {
    Path lock = OwnerLock.beside(file);
    String owner =
        ProcessHandle.current().pid() + "-" + UUID.randomUUID().toString().substring(0, 13);
    OwnerLock alive =
        OwnerLock.tryTake(lock, part(owner))
            .orElseThrow(() -> new IllegalStateException("two owners of " + file + " are one"));
    try {
      return new LedgerFile(file, inTurn(file, alive, () -> LineLog.open(file)), owner, alive);
    } catch (RuntimeException e) {
      alive.close();
      throw e;
    }
  }

  /** Who this is, in the lines of calls that begin. */
  String owner() {
    return owner;
  }

  /** Does something while no other owner writes. */
  <T> T inTurn(Supplier<T> work) {
    return inTurn(file, alive, work);
  }

  private static <T> T inTurn(Path file, OwnerLock alive, Supplier<T> work) {
    long start = System.nanoTime();
    Optional<OwnerLock> turn = alive.tryPart(TURN);
    while (turn.isEmpty()) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new UncheckedIOException(
            new IOException(
                "the ledger "
                    + file
                    + " is being written by somebody who does not finish: is a process that uses it"
                    + " stopped? End it, and start again"));
      }
      LockSupport.parkNanos(PAUSE_NANOS);
      turn = alive.tryPart(TURN);
    }
    try {
      return work.get();
    } finally {
      turn.get().close();
    }
  }

  /** Reads what others have written. */
  void readNew(Consumer<String> taker) {
    place = log.readFrom(place, taker);
  }

  /** Writes a line; in turn, and after all others were read. */
  void append(String line) {
    place = log.append(line);
  }

  /** Whether an owner is gone, however it ended; in turn. */
  boolean isGone(String other) {
    if (other.equals(owner)) {
      return false;
    }
    Optional<OwnerLock> lock = alive.tryPart(part(other));
    lock.ifPresent(OwnerLock::close);
    return lock.isPresent();
  }

  @Override
  public void close() {
    try (alive;
        log) {
      log.force();
    }
  }

  /** The part of the lock's file that an owner holds; never that of the turns. */
  private static long part(String owner) {
    return Hashing.sha256().hashString(owner, StandardCharsets.UTF_8).asLong() | 1;
  }
}

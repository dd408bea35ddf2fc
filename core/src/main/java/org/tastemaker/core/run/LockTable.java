package org.tastemaker.core.run;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The locks on files that this process holds.
 *
 * <p>The operating system gives locks to processes, not to threads, and takes all of a process's
 * locks on a file away when the process closes <i>any</i> handle of that file. So there is one
 * handle for each file, kept open while one of its parts is locked, and a thread that asks for a
 * part that another thread has is refused before it opens anything. There is one table because
 * there is one process.
 *
 * <p>The handles are not channels: an interrupted thread closes a channel that it writes to.
 */
final class LockTable {
  static final LockTable OF_THIS_PROCESS = new LockTable();

  private static final int LONGEST_HOLDER = 200;
  private static final String OURS = "another part of this process";

  private final Map<Path, Handle> handles = new HashMap<>();

  private LockTable() {}

  /** An open file, and the parts of it that are locked. */
  private static final class Handle {
    final RandomAccessFile file;
    final Map<Long, FileLock> parts = new HashMap<>();
    boolean pinned;

    Handle(RandomAccessFile file) {
      this.file = file;
    }

    boolean unused() {
      return parts.isEmpty() && !pinned;
    }
  }

  /**
   * The file's one name; it is made if it is missing. Making it opens and closes it, so that no
   * other thread may have locked it already.
   */
  synchronized Path make(Path file) throws IOException {
    try {
      PrivateFiles.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // made before: the usual case, in which it is not opened
    }
    return file.toRealPath();
  }

  /**
   * Locks a byte of a file, which need not have that byte.
   *
   * @param real what {@link #make} gave
   * @return null if the lock was taken, otherwise who holds it
   */
  synchronized @Nullable String take(Path real, long part) throws IOException {
    Handle known = handles.get(real);
    if (known != null && known.parts.containsKey(part)) {
      return OURS;
    }
    Handle handle = known != null ? known : new Handle(new RandomAccessFile(real.toFile(), "rw"));
    try {
      FileLock lock = handle.file.getChannel().tryLock(part, 1, false);
      if (lock == null) {
        return holder(handle.file);
      }
      handle.parts.put(part, lock);
      return null;
    } catch (OverlappingFileLockException e) {
      // A copy of this class, of another class loader, has it, and would lose it if this handle
      // were ever closed.
      handle.pinned = true;
      return OURS;
    } finally {
      if (handle.unused()) {
        handle.file.close();
      } else {
        handles.put(real, handle);
      }
    }
  }

  /** Says in a locked file who holds it, for people. */
  synchronized void describe(Path real, String holder) throws IOException {
    Handle handle = handles.get(real);
    if (handle != null) {
      byte[] text = holder.getBytes(StandardCharsets.UTF_8);
      handle.file.setLength(0);
      handle.file.write(text);
    }
  }

  synchronized void release(Path real, long part) throws IOException {
    Handle handle = handles.get(real);
    FileLock lock = handle == null ? null : handle.parts.remove(part);
    if (handle == null || lock == null) {
      return;
    }
    try {
      lock.release();
    } finally {
      if (handle.unused()) {
        handles.remove(real);
        handle.file.close();
      }
    }
  }

  private static String holder(RandomAccessFile file) throws IOException {
    byte[] text = new byte[LONGEST_HOLDER];
    file.seek(0);
    int length = Math.max(0, file.read(text));
    String said = new String(text, 0, length, StandardCharsets.UTF_8).strip();
    return said.matches("[\\x20-\\x7e]+") ? said : "another process";
  }
}

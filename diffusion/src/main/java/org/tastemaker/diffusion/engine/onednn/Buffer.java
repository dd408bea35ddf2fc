package org.tastemaker.diffusion.engine.onednn;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A stretch of memory outside the Java heap: a part of the arena, whose place is decided when all
 * its users are known, or an array that somebody else owns.
 */
final class Buffer {
  /** Who uses it, and when: indices of steps. */
  private int first = Integer.MAX_VALUE;

  private int last = -1;
  private long bytes;
  private final boolean lasting;
  private long address;

  private Buffer(long bytes, boolean lasting, long address) {
    this.bytes = bytes;
    this.lasting = lasting;
    this.address = address;
  }

  /** A part of the arena that lives from its first to its last use. */
  static Buffer scratch(long bytes) {
    return new Buffer(bytes, false, 0);
  }

  /** A part of the arena that keeps its contents from one run to the next. */
  static Buffer lasting(long bytes) {
    return new Buffer(bytes, true, 0);
  }

  /** The memory of an array, which must outlive the buffer. */
  static Buffer of(INDArray array) {
    return new Buffer(array.length() * array.dataType().width(), true, array.data().address());
  }

  /** Another part of the arena, as large. */
  Buffer another() {
    return scratch(bytes);
  }

  /** Whether it is a part of the arena that lives from its first to its last use. */
  boolean isScratch() {
    return !lasting && address == 0;
  }

  void use(int step) {
    first = Math.min(first, step);
    last = Math.max(last, step);
  }

  boolean overlaps(Buffer other) {
    return lasting || other.lasting || (first <= other.last && other.first <= last);
  }

  boolean isUsed() {
    return last >= 0;
  }

  boolean hasPlace() {
    return address != 0;
  }

  long bytes() {
    return bytes;
  }

  /** Makes a buffer that has no place yet at least this large. */
  void grow(long atLeast) {
    bytes = Math.max(bytes, atLeast);
  }

  void place(long where) {
    address = where;
  }

  long address() {
    if (address == 0) {
      throw new IllegalStateException("a buffer of " + bytes + " bytes has no place yet");
    }
    return address;
  }
}

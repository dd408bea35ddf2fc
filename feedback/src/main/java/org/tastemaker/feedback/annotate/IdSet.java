package org.tastemaker.feedback.annotate;

/**
 * A set of 128-bit identities, given as 32 hexadecimal digits, in 32 bytes each or less: open
 * addressing, at most half full. Identities are hashes, so their bits serve as the index.
 */
final class IdSet {
  private long[] words = new long[2 * 64]; // pairs; (0, 0) is free
  private int size;
  private boolean hasZero;

  /** Adds an identity; false if it was there. */
  boolean add(String id) {
    if (id.length() != 32) {
      throw new IllegalArgumentException(
          "an identity has 32 hexadecimal digits, but this one is '" + id + "'");
    }
    long high = Long.parseUnsignedLong(id, 0, 16, 16);
    long low = Long.parseUnsignedLong(id, 16, 32, 16);
    if (high == 0 && low == 0) {
      boolean added = !hasZero;
      hasZero = true;
      return added;
    }
    if (4 * (size + 1) > words.length) {
      grow();
    }
    return put(high, low);
  }

  int size() {
    return size + (hasZero ? 1 : 0);
  }

  private boolean put(long high, long low) {
    int slots = words.length / 2; // a power of two
    for (int slot = (int) high & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      long h = words[2 * slot];
      long l = words[2 * slot + 1];
      if (h == high && l == low) {
        return false;
      }
      if (h == 0 && l == 0) {
        words[2 * slot] = high;
        words[2 * slot + 1] = low;
        size++;
        return true;
      }
    }
  }

  private void grow() {
    long[] old = words;
    words = new long[2 * old.length];
    size = 0;
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != 0 || old[i + 1] != 0) {
        put(old[i], old[i + 1]);
      }
    }
  }
}

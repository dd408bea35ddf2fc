package org.tastemaker.optim.rows;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Floats on the Java heap, compared bit by bit: a NaN equals itself, and 0 is not -0. Immutable.
 */
public final class FloatBlock {
  private final byte[] bytes; // big-endian

  private FloatBlock(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Copies what remains of a buffer.
   *
   * @param values read from the position to the limit, which stay as they are
   * @return the block
   */
  public static FloatBlock of(FloatBuffer values) {
    byte[] bytes = new byte[Math.multiplyExact(values.remaining(), Float.BYTES)];
    ByteBuffer.wrap(bytes).asFloatBuffer().put(values.duplicate());
    return new FloatBlock(bytes);
  }

  /** Takes the array over; it has whole floats. */
  static FloatBlock ofBytes(byte[] bigEndian) {
    return new FloatBlock(bigEndian);
  }

  /** The array itself, not to be changed. */
  byte[] bytes() {
    return bytes;
  }

  /**
   * How many floats there are.
   *
   * @return at least 0
   */
  public int size() {
    return bytes.length / Float.BYTES;
  }

  /**
   * All floats.
   *
   * @return a view that cannot be written
   */
  public FloatBuffer buffer() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer().asFloatBuffer();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FloatBlock block && Arrays.equals(bytes, block.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "FloatBlock[" + size() + "]";
  }
}

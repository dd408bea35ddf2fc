package org.tastemaker.diffusion.cuda;

import java.util.Locale;

/** Memory of a GPU. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaCalls calls;
  private final long address;
  private final long bytes;
  private boolean closed;

  DeviceMemory(CudaCalls calls, long address, long bytes) {
    this.calls = calls;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * Where it begins: a multiple of 256.
   *
   * @return an address on the GPU
   */
  public long address() {
    if (closed) {
      throw new IllegalStateException("this memory of the GPU was given back");
    }
    return address;
  }

  /**
   * Its size.
   *
   * @return bytes
   */
  public long bytes() {
    return bytes;
  }

  /**
   * Copies from the host, after what is in the stream already.
   *
   * @param from must not change before the stream has reached this copy
   * @param length bytes, at most the size of either
   * @param stream in which
   */
  public void copyFrom(PinnedMemory from, long length, CudaStream stream) {
    requireRoom(length, Math.min(bytes, from.bytes()));
    calls.check(
        "cuMemcpyHtoDAsync_v2",
        calls.api().cuMemcpyHtoDAsync_v2(address(), from.address(), length, stream.handle()));
  }

  /**
   * Copies to the host, after what is in the stream already.
   *
   * @param to holds the bytes once the stream has reached this copy
   * @param length bytes, at most the size of either
   * @param stream in which
   */
  public void copyTo(PinnedMemory to, long length, CudaStream stream) {
    requireRoom(length, Math.min(bytes, to.bytes()));
    calls.check(
        "cuMemcpyDtoHAsync_v2",
        calls.api().cuMemcpyDtoHAsync_v2(to.address(), address(), length, stream.handle()));
  }

  /**
   * Copies to other memory of the same GPU, after what is in the stream already.
   *
   * @param to receives the bytes
   * @param offset where in it
   * @param length bytes, from the beginning of this memory
   * @param stream in which
   */
  public void copyTo(DeviceMemory to, long offset, long length, CudaStream stream) {
    requireRoom(length, bytes);
    requireRange(offset, length, to.bytes);
    copy(to.address() + offset, address(), length, stream);
  }

  /**
   * Copies a part to another place in the same memory, after what is in the stream already.
   *
   * @param from where the part begins
   * @param to where the copy begins; the two do not overlap
   * @param length bytes
   * @param stream in which
   */
  public void copyWithin(long from, long to, long length, CudaStream stream) {
    requireRange(from, length, bytes);
    requireRange(to, length, bytes);
    copy(address() + to, address() + from, length, stream);
  }

  private void copy(long to, long from, long length, CudaStream stream) {
    calls.check(
        "cuMemcpyDtoDAsync_v2",
        calls.api().cuMemcpyDtoDAsync_v2(to, from, length, stream.handle()));
  }

  /**
   * Sets every byte, after what is in the stream already.
   *
   * @param value of each byte
   * @param stream in which
   */
  public void fill(byte value, CudaStream stream) {
    calls.check(
        "cuMemsetD8Async", calls.api().cuMemsetD8Async(address(), value, bytes, stream.handle()));
  }

  /** Gives the memory back, after all work on it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuMemFree_v2", calls.api().cuMemFree_v2(address));
    }
  }

  private static void requireRange(long offset, long length, long room) {
    if (offset < 0 || length < 0 || length > room - offset) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s bytes from %s on are not within a memory of %s",
              length,
              offset,
              room));
    }
  }

  private static void requireRoom(long length, long room) {
    if (length < 0 || length > room) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "length must be in [0, %s], the smaller of the two memories, but was %s",
              room,
              length));
    }
  }
}

package org.tastemaker.diffusion.cuda;

/** Memory of a GPU. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaDriver driver;
  private final long address;
  private final long bytes;
  private boolean closed;

  DeviceMemory(CudaDriver driver, long address, long bytes) {
    this.driver = driver;
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
   * @param from not to be changed before the stream has come past this
   * @param length bytes, at most the size of either
   * @param stream in which
   */
  public void copyFrom(PinnedMemory from, long length, CudaStream stream) {
    requireRoom(length, Math.min(bytes, from.bytes()));
    driver.check(
        "cuMemcpyHtoDAsync_v2",
        driver.api().cuMemcpyHtoDAsync_v2(address(), from.address(), length, stream.handle()));
  }

  /**
   * Copies to the host, after what is in the stream already.
   *
   * @param to holds the bytes once the stream has come past this
   * @param length bytes, at most the size of either
   * @param stream in which
   */
  public void copyTo(PinnedMemory to, long length, CudaStream stream) {
    requireRoom(length, Math.min(bytes, to.bytes()));
    driver.check(
        "cuMemcpyDtoHAsync_v2",
        driver.api().cuMemcpyDtoHAsync_v2(to.address(), address(), length, stream.handle()));
  }

  /**
   * Copies to other memory of the same GPU, after what is in the stream already.
   *
   * @param to receives the bytes
   * @param length bytes, at most the size of either
   * @param stream in which
   */
  public void copyTo(DeviceMemory to, long length, CudaStream stream) {
    requireRoom(length, Math.min(bytes, to.bytes()));
    driver.check(
        "cuMemcpyDtoDAsync_v2",
        driver.api().cuMemcpyDtoDAsync_v2(to.address(), address(), length, stream.handle()));
  }

  /**
   * Sets every byte, after what is in the stream already.
   *
   * @param value of each byte
   * @param stream in which
   */
  public void fill(byte value, CudaStream stream) {
    driver.check(
        "cuMemsetD8Async", driver.api().cuMemsetD8Async(address(), value, bytes, stream.handle()));
  }

  /** Gives the memory back, after all work on it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      driver.check("cuMemFree_v2", driver.api().cuMemFree_v2(address));
    }
  }

  private static void requireRoom(long length, long room) {
    if (length < 0 || length > room) {
      throw new IllegalArgumentException(
          "length must be in [0, %d], the smaller of the two memories, but was %d"
              .formatted(room, length));
    }
  }
}

package org.tastemaker.diffusion.cuda;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A GPU. */
public final class CudaDevice {
  private static final int MULTIPROCESSOR_COUNT = 16;
  private static final int L2_CACHE_SIZE = 38;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  private final CudaCalls calls;
  private final int handle;
  private final int ordinal;

  private CudaDevice(CudaCalls calls, int handle, int ordinal) {
    this.calls = calls;
    this.handle = handle;
    this.ordinal = ordinal;
  }

  static CudaDevice of(CudaCalls calls, int ordinal) {
    int[] device = new int[1];
    calls.check("cuDeviceGet", calls.api().cuDeviceGet(device, ordinal));
    return new CudaDevice(calls, device[0], ordinal);
  }

  /**
   * What the maker calls it.
   *
   * @return such as {@code "NVIDIA H200"}
   */
  public String name() {
    byte[] name = new byte[256];
    calls.check("cuDeviceGetName", calls.api().cuDeviceGetName(name, name.length, handle));
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }

  /**
   * The compute capability.
   *
   * @return ten times the major version plus the minor one, such as 90 for 9.0
   */
  public int computeCapability() {
    return 10 * attribute(COMPUTE_CAPABILITY_MAJOR) + attribute(COMPUTE_CAPABILITY_MINOR);
  }

  /**
   * The streaming multiprocessors.
   *
   * @return how many
   */
  public int multiprocessors() {
    return attribute(MULTIPROCESSOR_COUNT);
  }

  /**
   * The second-level cache.
   *
   * @return bytes
   */
  public int l2CacheBytes() {
    return attribute(L2_CACHE_SIZE);
  }

  /**
   * The memory.
   *
   * @return bytes, in use or not
   */
  long memoryBytes() {
    long[] bytes = new long[1];
    calls.check("cuDeviceTotalMem_v2", calls.api().cuDeviceTotalMem_v2(bytes, handle));
    return bytes[0];
  }

  /**
   * Opens the GPU's primary context, which all users in the process share, and makes it the calling
   * thread's.
   *
   * @return the context: the caller closes it
   */
  public CudaContext open() {
    return CudaContext.open(calls, handle);
  }

  private int attribute(int attribute) {
    int[] value = new int[1];
    calls.check("cuDeviceGetAttribute", calls.api().cuDeviceGetAttribute(value, attribute, handle));
    return value[0];
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "GPU %s, %s (compute capability %s)",
        ordinal,
        name(),
        computeCapability() / 10.0);
  }
}

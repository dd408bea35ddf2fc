package org.tastemaker.diffusion.cuda;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The CUDA driver of this machine: libcuda, which comes with NVIDIA's driver. Nothing else needs to
 * be installed.
 */
public final class CudaDriver {
  private final CudaApi api;

  private CudaDriver(CudaApi api) {
    this.api = api;
  }

  /**
   * Loads and initializes the driver.
   *
   * @return the driver
   * @throws CudaUnavailableException if there is none, or it finds no GPU
   */
  public static CudaDriver load() {
    try {
      return of(LibCuda.load());
    } catch (LinkageError e) {
      throw new CudaUnavailableException(
          "no NVIDIA driver: the library libcuda.so.1 (on Windows nvcuda.dll) cannot be loaded;"
              + " install NVIDIA's driver, or name the library's path with -D"
              + LibCuda.LIBRARY_PROPERTY
              + ": "
              + e.getMessage(),
          e);
    }
  }

  static CudaDriver of(CudaApi api) {
    CudaDriver driver = new CudaDriver(api);
    try {
      driver.check("cuInit", api.cuInit(0));
    } catch (CudaException e) {
      throw new CudaUnavailableException("NVIDIA's driver finds no GPU: " + e.getMessage(), e);
    }
    return driver;
  }

  /**
   * The CUDA version that the driver supports.
   *
   * @return such as 13000 for 13.0
   */
  public int version() {
    int[] version = new int[1];
    check("cuDriverGetVersion", api.cuDriverGetVersion(version));
    return version[0];
  }

  /**
   * The GPUs.
   *
   * @return in the driver's order; empty if there is none
   */
  public List<CudaDevice> devices() {
    int[] count = new int[1];
    check("cuDeviceGetCount", api.cuDeviceGetCount(count));
    return IntStream.range(0, count[0]).mapToObj(i -> CudaDevice.of(this, i)).toList();
  }

  CudaApi api() {
    return api;
  }

  /** Throws, with everything that the driver knows, unless a function succeeded. */
  void check(String function, int code) {
    if (code == 0) {
      return;
    }
    long[] text = new long[1];
    String name = api.cuGetErrorName(code, text) == 0 ? text(text[0]) : "an unknown error";
    String description =
        api.cuGetErrorString(code, text) == 0 ? text(text[0]) : "of which the driver says nothing";
    throw new CudaException(function, code, name, description);
  }

  private static String text(long address) {
    return new Pointer(address).getString(0, StandardCharsets.US_ASCII.name());
  }
}

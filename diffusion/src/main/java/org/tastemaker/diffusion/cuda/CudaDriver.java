package org.tastemaker.diffusion.cuda;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The CUDA driver of this machine: libcuda, which comes with NVIDIA's driver. Nothing else needs to
 * be installed.
 */
public final class CudaDriver {
  private final CudaCalls calls;

  private CudaDriver(CudaCalls calls) {
    this.calls = calls;
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
    CudaCalls calls = new CudaCalls(api);
    try {
      calls.check("cuInit", api.cuInit(0));
    } catch (CudaException e) {
      throw new CudaUnavailableException("NVIDIA's driver finds no GPU: " + e.getMessage(), e);
    }
    return new CudaDriver(calls);
  }

  /**
   * The CUDA version that the driver supports.
   *
   * @return such as 13000 for 13.0
   */
  public int version() {
    return calls.version();
  }

  /**
   * The GPUs.
   *
   * @return in the driver's order; empty if there is none
   */
  public List<CudaDevice> devices() {
    int[] count = new int[1];
    calls.check("cuDeviceGetCount", calls.api().cuDeviceGetCount(count));
    return IntStream.range(0, count[0]).mapToObj(i -> CudaDevice.of(calls, i)).toList();
  }

  CudaCalls calls() {
    return calls;
  }
}

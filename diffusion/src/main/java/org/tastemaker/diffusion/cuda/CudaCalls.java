package org.tastemaker.diffusion.cuda;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;

/** The driver's functions, and what becomes of their results. */
final class CudaCalls {
  private final CudaApi api;

  CudaCalls(CudaApi api) {
    this.api = api;
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

  /** The CUDA version that the driver supports, such as 13000 for 13.0. */
  int version() {
    int[] version = new int[1];
    check("cuDriverGetVersion", api.cuDriverGetVersion(version));
    return version[0];
  }

  private static String text(long address) {
    return new Pointer(address).getString(0, StandardCharsets.US_ASCII.name());
  }
}

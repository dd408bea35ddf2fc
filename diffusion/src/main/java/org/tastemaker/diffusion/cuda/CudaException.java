package org.tastemaker.diffusion.cuda;

import java.util.Locale;

/** A function of the CUDA driver failed. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int code;

  /** The message names the function, the error and what the driver says of it. */
  CudaException(String function, int code, String name, String description) {
    super(String.format(Locale.ROOT, "%s failed: %s (%s), %s", function, name, code, description));
    this.code = code;
  }

  /**
   * The driver's number of the error.
   *
   * @return a CUresult, such as 2 for CUDA_ERROR_OUT_OF_MEMORY
   */
  public int code() {
    return code;
  }
}

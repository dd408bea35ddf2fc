package org.tastemaker.diffusion.cuda;

/** No GPU of this machine can run the kernels; the message says what is missing. */
public final class CudaUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  CudaUnavailableException(String message) {
    super(message);
  }

  CudaUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

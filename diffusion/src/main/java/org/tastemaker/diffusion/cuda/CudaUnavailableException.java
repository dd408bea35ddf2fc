package org.tastemaker.diffusion.cuda;

/** There is no GPU here that the kernels run on; the message says what is missing. */
public final class CudaUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  CudaUnavailableException(String message) {
    super(message);
  }

  CudaUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}

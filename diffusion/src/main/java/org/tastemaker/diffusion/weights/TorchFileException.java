package org.tastemaker.diffusion.weights;

/**
 * A file of PyTorch is malformed, holds more than tensors, or lacks what the caller asks for. The
 * message names the file, what was found and the way out.
 */
public final class TorchFileException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  TorchFileException(String message) {
    super(message);
  }

  TorchFileException(String message, Throwable cause) {
    super(message, cause);
  }
}

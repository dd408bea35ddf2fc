package org.tastemaker.diffusion.weights;

/**
 * A safetensors file is malformed, or lacks what the caller asks for; or a tensor cannot be written
 * in the format that was asked for. The message names the file, the tensor, what was expected and
 * what was found.
 */
public final class SafetensorsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SafetensorsException(String message) {
    super(message);
  }

  SafetensorsException(String message, Throwable cause) {
    super(message, cause);
  }
}

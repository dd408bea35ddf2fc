package org.tastemaker.diffusion.inspect;

import java.io.UncheckedIOException;
import java.util.Optional;
import org.tastemaker.diffusion.lora.LoraMismatchException;
import org.tastemaker.diffusion.model.WeightsMismatchException;
import org.tastemaker.diffusion.weights.SafetensorsException;

/** Why something that loads files refuses one. */
final class Refusal {
  private Refusal() {}

  /** The message with which a check fails; empty if it does not. */
  static Optional<String> of(Runnable check) {
    try {
      check.run();
      return Optional.empty();
    } catch (IllegalArgumentException
        | LoraMismatchException
        | SafetensorsException
        | WeightsMismatchException
        | UncheckedIOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}

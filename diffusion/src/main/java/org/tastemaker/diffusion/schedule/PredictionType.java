package org.tastemaker.diffusion.schedule;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What the model's output means, for a sample {@code x_t = a x_0 + s e} with {@code a^2 = abar_t}
 * and {@code s^2 = 1 - abar_t}.
 */
public enum PredictionType {
  /** The noise {@code e}. */
  EPSILON("epsilon"),
  /** The velocity {@code v = a e - s x_0} (Salimans and Ho, 2022, appendix D). */
  V_PREDICTION("v_prediction"),
  /** The clean sample {@code x_0}. */
  SAMPLE("sample");

  private final String key;

  PredictionType(String key) {
    this.key = key;
  }

  /**
   * The name of this type in a diffusers configuration.
   *
   * @return such as {@code "v_prediction"}
   */
  public String key() {
    return key;
  }

  static PredictionType of(String key) {
    for (PredictionType type : values()) {
      if (type.key.equals(key)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "prediction_type must be one of %s, but was \"%s\"",
            Arrays.stream(values()).map(PredictionType::key).collect(Collectors.joining(", ")),
            key));
  }
}

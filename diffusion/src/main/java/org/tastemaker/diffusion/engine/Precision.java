package org.tastemaker.diffusion.engine;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The numbers in which the large products of a network are computed. Weights are kept in float32.
 */
public enum Precision {
  /** float32 throughout. */
  FLOAT32,
  /**
   * float32 in memory; a GPU's matrix products and convolutions read their factors with 10 bits
   * after the point in place of 23. On a processor the same as {@link #FLOAT32}.
   */
  TF32,
  /**
   * bfloat16, 7 bits after the point. The engine {@code torch} has linear layers, convolutions,
   * attention and activations in it; norms, the time embedding, sums over images, inputs and
   * outputs stay float32. The engine {@code onednn} rounds only what linear layers and convolutions
   * multiply.
   */
  BFLOAT16;

  /**
   * The precision of a name, as in a configuration.
   *
   * @param name float32, tf32 or bfloat16
   * @return the precision
   * @throws IllegalArgumentException if it is none of these
   */
  public static Precision of(String name) {
    return Arrays.stream(values())
        .filter(value -> value.name().equalsIgnoreCase(name.strip()))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a precision must be "
                        + Arrays.stream(values())
                            .map(Precision::toString)
                            .collect(Collectors.joining(", "))
                        + ", but was \""
                        + name
                        + "\""));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The model's output for a batch: one, or the two that classifier-free guidance combines to {@code
 * u + scale * (c - u)} (Ho and Salimans, 2022).
 *
 * @param conditional c, the output for the prompts, [N, ...]; the only one where there is no
 *     guidance
 * @param unconditional u, the output for the empty or negative prompts, the same size; null where
 *     there is no guidance
 * @param guidanceScale finite; 1 where there is no guidance
 */
public record ModelOutput(
    FloatBuffer conditional, @Nullable FloatBuffer unconditional, double guidanceScale) {
  public ModelOutput {
    Objects.requireNonNull(conditional, "conditional == null");
    if (!Double.isFinite(guidanceScale)) {
      throw new IllegalArgumentException("guidance scale must be finite, but was " + guidanceScale);
    }
    if (unconditional == null && guidanceScale != 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "guidance of scale %s needs the unconditional output", guidanceScale));
    }
    if (unconditional != null && unconditional.remaining() != conditional.remaining()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "unconditional must hold %s elements like conditional, but holds %s",
              conditional.remaining(),
              unconditional.remaining()));
    }
  }

  /**
   * An output without guidance, or with guidance applied already.
   *
   * @param output [N, ...]
   * @return the output as it is
   */
  public static ModelOutput of(FloatBuffer output) {
    return new ModelOutput(output, null, 1);
  }

  /**
   * The two halves of a guided output.
   *
   * @param guidanceScale 1 for no guidance; Stable Diffusion's usual values are 5 to 7.5
   * @param unconditional u, [N, ...]
   * @param conditional c, the same size
   * @return both
   */
  public static ModelOutput guided(
      double guidanceScale, FloatBuffer unconditional, FloatBuffer conditional) {
    return new ModelOutput(conditional, unconditional, guidanceScale);
  }

  /**
   * The first images of a batch.
   *
   * @param elements how many elements of each output, at most as many as there are
   * @return views
   */
  public ModelOutput first(int elements) {
    FloatBuffer u = unconditional;
    return new ModelOutput(
        conditional.slice(conditional.position(), elements),
        u == null ? null : u.slice(u.position(), elements),
        guidanceScale);
  }
}

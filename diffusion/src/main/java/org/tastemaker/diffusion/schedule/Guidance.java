package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;

/** Classifier-free guidance (Ho and Salimans, 2022) and its gradient, on the host's buffers. */
public final class Guidance {
  private Guidance() {}

  /**
   * The guided output: {@code out = u + scale * (c - u)}.
   *
   * @param scale 1 for no guidance; Stable Diffusion's usual values are 5 to 7.5
   * @param unconditional u, the model's output for the empty or negative prompt
   * @param conditional c, the model's output for the prompt, the same size
   * @param out receives the guided output, the same size
   */
  public static void guide(
      double scale, FloatBuffer unconditional, FloatBuffer conditional, FloatBuffer out) {
    requireFinite(scale);
    int length = Elementwise.imageSize(1, unconditional, "conditional", conditional, "out", out);
    Elementwise.combine(1 - scale, unconditional, scale, conditional, out, 0, length);
  }

  /**
   * The gradient of {@link #guide}, split to its two inputs.
   *
   * @param scale as in the forward direction
   * @param gradient of a loss by the guided output
   * @param unconditional receives the gradient by u, {@code (1 - scale) * gradient}
   * @param conditional receives the gradient by c, {@code scale * gradient}
   */
  public static void gradient(
      double scale, FloatBuffer gradient, FloatBuffer unconditional, FloatBuffer conditional) {
    requireFinite(scale);
    int length =
        Elementwise.imageSize(
            1, gradient, "unconditional", unconditional, "conditional", conditional);
    Segments.forEach(
        1,
        length,
        new FloatBuffer[] {gradient},
        new FloatBuffer[] {unconditional, conditional},
        null,
        (image, in, out, n) -> {
          scaled(in[0], (float) (1 - scale), out[0], n);
          scaled(in[0], (float) scale, out[1], n);
          return 0;
        });
  }

  private static void scaled(float[] x, float factor, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = factor * x[i];
    }
  }

  private static void requireFinite(double scale) {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("guidance scale must be finite, but was " + scale);
    }
  }
}

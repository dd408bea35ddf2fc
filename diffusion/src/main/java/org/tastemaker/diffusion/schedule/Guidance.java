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
   * Scales the guided output of each image, in place, toward the deviation that the output for its
   * prompt has: equations 14 to 16 of Lin et al., "Common Diffusion Noise Schedules and Sample
   * Steps are Flawed" (2023).
   *
   * <pre>
   *   g' = phi g std(c) / std(g) + (1 - phi) g
   * </pre>
   *
   * @param rescale phi, in [0, 1]; 0 changes nothing
   * @param images N
   * @param conditional c, [N, ...]
   * @param guided g of {@link #guide}, the same size; an image whose elements are all equal stays
   */
  public static void rescale(
      double rescale, int images, FloatBuffer conditional, FloatBuffer guided) {
    if (!(rescale >= 0 && rescale <= 1)) {
      throw new IllegalArgumentException("rescale must be in [0, 1], but was " + rescale);
    }
    int length = Elementwise.imageSize(images, conditional, "guided", guided, "guided", guided);
    for (int image = 0; image < images; image++) {
      double expected = deviation(conditional, image * length, length);
      double found = deviation(guided, image * length, length);
      if (found == 0) {
        continue;
      }
      double factor = rescale * expected / found + 1 - rescale;
      int first = guided.position() + image * length;
      for (int i = first; i < first + length; i++) {
        guided.put(i, (float) (factor * guided.get(i)));
      }
    }
  }

  private static double deviation(FloatBuffer x, int from, int length) {
    int first = x.position() + from;
    double sum = 0;
    for (int i = first; i < first + length; i++) {
      sum += x.get(i);
    }
    double mean = sum / length;
    double squares = 0;
    for (int i = first; i < first + length; i++) {
      double d = x.get(i) - mean;
      squares += d * d;
    }
    return Math.sqrt(squares / length);
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

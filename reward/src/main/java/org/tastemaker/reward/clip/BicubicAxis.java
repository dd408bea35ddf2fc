package org.tastemaker.reward.clip;

/**
 * One axis of a bicubic resize: each output is a weighted sum of a few neighbouring inputs, whose
 * weights add up to 1.
 *
 * <pre>
 *   s = inputs / outputs, c = (i + 0.5) s                   where output i lies among the inputs
 *   antialiased   w_j ~ k((j + 0.5 - c) / max(s, 1)), a = -0.5, of the inputs there are
 *   plain         w_j = k(j + 0.5 - c), a = -0.75, four inputs; the border is repeated
 *   k(x) = (a + 2)|x|^3 - (a + 3)|x|^2 + 1      |x| &lt; 1     Keys (1981)
 *          a|x|^3 - 5a|x|^2 + 8a|x| - 4a        |x| &lt; 2
 * </pre>
 *
 * <p>The first is that of the Python Imaging Library and of PyTorch's antialiased interpolation,
 * the second PyTorch's without.
 */
final class BicubicAxis {
  private static final int FIXED_BITS = 22;

  private final int[] first; // the first input of an output
  private final double[][] weights; // of it and those that follow

  private BicubicAxis(int outputs) {
    first = new int[outputs];
    weights = new double[outputs][];
  }

  /**
   * The axis, of which only some outputs are wanted.
   *
   * @param from the first wanted output
   * @param count how many are wanted
   */
  static BicubicAxis of(int inputs, int outputs, int from, int count, boolean antialiased) {
    BicubicAxis axis = new BicubicAxis(count);
    for (int i = 0; i < count; i++) {
      double scale = (double) inputs / outputs;
      double centre = (from + i + 0.5) * scale;
      if (antialiased) {
        axis.antialias(i, centre, Math.max(scale, 1), inputs);
      } else {
        axis.interpolate(i, centre - 0.5, inputs);
      }
    }
    return axis;
  }

  private void antialias(int output, double centre, double stretch, int inputs) {
    int begin = Math.max(0, (int) (centre - 2 * stretch + 0.5));
    int end = Math.min(inputs, (int) (centre + 2 * stretch + 0.5));
    double[] w = new double[end - begin];
    double sum = 0;
    for (int j = 0; j < w.length; j++) {
      w[j] = kernel((j + begin - centre + 0.5) * (1 / stretch), -0.5);
      sum += w[j];
    }
    for (int j = 0; j < w.length; j++) {
      w[j] *= 1 / sum;
    }
    first[output] = begin;
    weights[output] = w;
  }

  private void interpolate(int output, double at, int inputs) {
    int below = (int) Math.floor(at);
    int begin = inside(below - 1, inputs);
    double[] w = new double[inside(below + 2, inputs) - begin + 1];
    for (int j = below - 1; j <= below + 2; j++) {
      w[inside(j, inputs) - begin] += kernel(at - j, -0.75);
    }
    first[output] = begin;
    weights[output] = w;
  }

  private static int inside(int index, int inputs) {
    return Math.max(0, Math.min(inputs - 1, index));
  }

  private static double kernel(double at, double a) {
    double x = Math.abs(at);
    if (x < 1) {
      return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }

  int outputs() {
    return first.length;
  }

  /** The first input that is read. */
  int begin() {
    return first[0];
  }

  /** Behind the last input that is read. */
  int end() {
    int last = first.length - 1;
    return first[last] + weights[last].length;
  }

  /** Computes the outputs of a line whose elements lie a stride apart. */
  void apply(double[] in, int inAt, int inStride, double[] out, int outAt, int outStride) {
    for (int i = 0; i < first.length; i++) {
      double sum = 0;
      for (int j = 0; j < weights[i].length; j++) {
        sum += weights[i][j] * in[inAt + (first[i] + j) * inStride];
      }
      out[outAt + i * outStride] = sum;
    }
  }

  /** The transpose: adds to a line of inputs what a line of outputs gives back. */
  void addTransposed(double[] out, int outAt, int outStride, double[] in, int inAt, int inStride) {
    for (int i = 0; i < first.length; i++) {
      for (int j = 0; j < weights[i].length; j++) {
        in[inAt + (first[i] + j) * inStride] += weights[i][j] * out[outAt + i * outStride];
      }
    }
  }

  /** The outputs of a line of bytes, rounded to bytes: weights have {@value #FIXED_BITS} bits. */
  void applyToBytes(int[] in, int inAt, int inStride, int[] out, int outAt, int outStride) {
    for (int i = 0; i < first.length; i++) {
      int sum = 1 << (FIXED_BITS - 1);
      for (int j = 0; j < weights[i].length; j++) {
        sum += fixed(weights[i][j]) * in[inAt + (first[i] + j) * inStride];
      }
      out[outAt + i * outStride] = Math.max(0, Math.min(255, sum >> FIXED_BITS));
    }
  }

  private static int fixed(double weight) {
    return (int) (weight * (1 << FIXED_BITS) + (weight < 0 ? -0.5 : 0.5));
  }
}

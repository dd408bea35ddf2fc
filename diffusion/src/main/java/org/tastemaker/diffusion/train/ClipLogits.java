package org.tastemaker.diffusion.train;

/**
 * The logits of images and texts, and the way back from them.
 *
 * <pre>
 *   u_m = I_m / |I_m|,  v_n = T_n / |T_n|,  l_mn = exp(s) u_m v_n
 *   dL/ds   = sum over m, n of  dL/dl_mn l_mn
 *   dL/du_m = exp(s) sum over n of dL/dl_mn v_n,     dL/dI_m = (dL/du_m - (u_m dL/du_m) u_m) / |I_m|
 *   dL/dv_n, dL/dT_n                                 the same with m and n exchanged
 * </pre>
 */
final class ClipLogits {
  private final double[][] images; // u, [M][P]
  private final double[][] texts; // v, [N][P]
  private final double[] imageLengths;
  private final double[] textLengths;
  private final double factor; // exp(s)
  private final double[][] logits; // [M][N]

  /**
   * Computes the logits.
   *
   * @param images I, [M][P]
   * @param texts T, [N][P]
   * @param scale s
   */
  ClipLogits(double[][] images, double[][] texts, double scale) {
    this.images = new double[images.length][];
    this.texts = new double[texts.length][];
    this.imageLengths = normalise(images, this.images);
    this.textLengths = normalise(texts, this.texts);
    this.factor = Math.exp(scale);
    this.logits = new double[images.length][texts.length];
    for (int m = 0; m < images.length; m++) {
      for (int n = 0; n < texts.length; n++) {
        logits[m][n] = factor * product(this.images[m], this.texts[n]);
      }
    }
  }

  private static double[] normalise(double[][] vectors, double[][] target) {
    double[] lengths = new double[vectors.length];
    for (int k = 0; k < vectors.length; k++) {
      lengths[k] = Math.sqrt(product(vectors[k], vectors[k]));
      target[k] = new double[vectors[k].length];
      for (int i = 0; i < target[k].length; i++) {
        target[k][i] = vectors[k][i] / lengths[k];
      }
    }
    return lengths;
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** l, [M][N]. */
  double[][] values() {
    return logits;
  }

  /** dL/ds. */
  double byScale(double[][] byLogits) {
    double sum = 0;
    for (int m = 0; m < logits.length; m++) {
      sum += product(byLogits[m], logits[m]);
    }
    return sum;
  }

  /** dL/dI, [M][P]. */
  double[][] byImages(double[][] byLogits) {
    double[][] gradient = new double[images.length][];
    for (int m = 0; m < images.length; m++) {
      double[] byUnit = new double[images[m].length];
      for (int n = 0; n < texts.length; n++) {
        addScaled(factor * byLogits[m][n], texts[n], byUnit);
      }
      gradient[m] = throughLength(byUnit, images[m], imageLengths[m]);
    }
    return gradient;
  }

  /** dL/dT, [N][P]. */
  double[][] byTexts(double[][] byLogits) {
    double[][] gradient = new double[texts.length][];
    for (int n = 0; n < texts.length; n++) {
      double[] byUnit = new double[texts[n].length];
      for (int m = 0; m < images.length; m++) {
        addScaled(factor * byLogits[m][n], images[m], byUnit);
      }
      gradient[n] = throughLength(byUnit, texts[n], textLengths[n]);
    }
    return gradient;
  }

  private static void addScaled(double factor, double[] vector, double[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * vector[i];
    }
  }

  private static double[] throughLength(double[] byUnit, double[] unit, double length) {
    double along = product(byUnit, unit);
    for (int i = 0; i < byUnit.length; i++) {
      byUnit[i] = (byUnit[i] - along * unit[i]) / length;
    }
    return byUnit;
  }
}

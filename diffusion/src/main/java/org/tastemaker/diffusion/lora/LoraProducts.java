package org.tastemaker.diffusion.lora;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The products of small matrices that change a weight. A weight is here [out, n], where n counts
 * its inputs: in for a linear layer, in kH kW for a convolution, as the numbers lie in a file.
 *
 * <table class="striped">
 * <caption>Dialects</caption>
 * <thead><tr><th>name</th><th>change</th></tr></thead>
 * <tbody>
 * <tr><td>LoRA</td><td>B A</td></tr>
 * <tr><td>LoCon with a middle M (Tucker)</td><td>B A', where A'[i, q, x] = sum_j M[i, j, x] A[j,
 * q]</td></tr>
 * <tr><td>LoHa</td><td>(B1 A1) * (B2 A2), element by element</td></tr>
 * <tr><td>LoKr</td><td>W1 (x) W2, Kronecker's product</td></tr>
 * </tbody>
 * </table>
 *
 * <p>LoHa is Hyeon-Woo, Ye-Bin and Oh, "FedPara" (ICLR 2022), and LoKr Yeh et al., "Navigating
 * Text-To-Image Customization" (LyCORIS, ICLR 2024).
 */
final class LoraProducts {
  private LoraProducts() {}

  /** A in rows: [r, n]. */
  static INDArray rows(INDArray array) {
    return array.reshape('c', array.size(0), array.length() / array.size(0));
  }

  /** [out, r] times [r, n] in new rows. */
  static INDArray times(INDArray up, INDArray down) {
    try (INDArray product = rows(up).mmul(rows(down))) {
      return product.dup('c');
    }
  }

  /**
   * A middle and what stands before it as one.
   *
   * @param mid [i, j, kH, kW]
   * @param down [j, in]
   * @return [i, in kH kW]
   */
  static INDArray tucker(INDArray mid, INDArray down) {
    long outer = mid.size(0);
    long inner = mid.size(1);
    long places = mid.length() / (outer * inner);
    long in = down.length() / inner;
    try (INDArray last =
            mid.reshape('c', outer, inner, places).permute(0, 2, 1).dup('c'); // [i, x, j]
        INDArray product =
            last.reshape('c', outer * places, inner).mmul(down.reshape('c', inner, in));
        INDArray ordered = product.dup('c')) { // [i x, q]
      return ordered
          .reshape('c', outer, places, in)
          .permute(0, 2, 1)
          .dup('c')
          .reshape('c', outer, in * places);
    }
  }

  /**
   * Kronecker's product.
   *
   * @param left [a, c]
   * @param right [b, m]
   * @return [a b, c m]
   */
  static INDArray kronecker(INDArray left, INDArray right) {
    long a = left.size(0);
    long c = left.length() / a;
    long b = right.size(0);
    long m = right.length() / b;
    try (INDArray outer = left.reshape('c', a * c, 1).mmul(right.reshape('c', 1, b * m));
        INDArray ordered = outer.dup('c')) {
      return ordered
          .reshape('c', a, c, b, m)
          .permute(0, 2, 1, 3)
          .dup('c')
          .reshape('c', a * b, c * m);
    }
  }

  /**
   * A weight whose rows (or columns) have given lengths, in place.
   *
   * @param weight [out, n]
   * @param lengths [out, 1], or [1, in]: of all that an input reaches
   * @return the index of a row or column that is 0 and has no direction; -1 if there is none
   */
  static long setLengths(INDArray weight, INDArray lengths) {
    long out = weight.size(0);
    long n = weight.size(1);
    boolean byRow = lengths.size(0) == out && lengths.size(1) == 1;
    long groups = byRow ? out : lengths.size(1);
    long places = n / groups; // of a column: the kernel's
    double[] squares = new double[Math.toIntExact(groups)];
    for (long at = 0; at < weight.length(); at++) {
      double w = weight.data().getDouble(at);
      squares[group(at, n, byRow, places)] += w * w;
    }
    double[] factors = new double[squares.length];
    for (int g = 0; g < factors.length; g++) {
      if (squares[g] == 0) {
        return g;
      }
      factors[g] = lengths.data().getDouble(g) / Math.sqrt(squares[g]);
    }
    for (long at = 0; at < weight.length(); at++) {
      weight.data().put(at, weight.data().getDouble(at) * factors[group(at, n, byRow, places)]);
    }
    return -1;
  }

  private static int group(long at, long n, boolean byRow, long places) {
    return (int) (byRow ? at / n : at % n / places);
  }
}

package org.tastemaker.diffusion.testing.engine;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;

/**
 * How a whole gradient, all parameters in a row, compares with that of the reference.
 *
 * @param ratio of its norm to the reference's
 * @param cosine of the angle between the two
 */
public record WholeGradient(double ratio, double cosine) {
  /**
   * Compares.
   *
   * @param actual the gradient of each parameter, by name
   * @param reference those of the reference, not all zero
   * @return the comparison
   */
  public static WholeGradient of(Map<String, float[]> actual, Map<String, float[]> reference) {
    assertThat(actual.keySet()).isEqualTo(reference.keySet());
    double aa = 0;
    double ab = 0;
    double bb = 0;
    for (Map.Entry<String, float[]> entry : reference.entrySet()) {
      float[] b = entry.getValue();
      float[] a = requireNonNull(actual.get(entry.getKey()));
      assertThat(a).hasSameSizeAs(b);
      for (int i = 0; i < a.length; i++) {
        aa += (double) a[i] * a[i];
        ab += (double) a[i] * b[i];
        bb += (double) b[i] * b[i];
      }
    }
    assertThat(bb).isPositive();
    return new WholeGradient(Math.sqrt(aa / bb), ab / Math.sqrt(aa * bb));
  }
}

package org.tastemaker.reward.learned;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/**
 * Scales each feature to mean 0 and standard deviation 1 over the rows that it was fitted to. A
 * feature that is constant there becomes 0 everywhere, since nothing could be learned from it.
 *
 * @param mean [F]
 * @param factor [F]; 1 / standard deviation, or 0
 */
record FeatureScale(double[] mean, double[] factor) {
  /** A standard deviation below this share of the feature's size is rounding error. */
  private static final double ROUNDING = 1e-6;

  static FeatureScale fit(List<float[]> rows) {
    int size = rows.get(0).length;
    double[] mean = new double[size];
    double[] factor = new double[size];
    for (float[] row : rows) {
      for (int f = 0; f < size; f++) {
        mean[f] += row[f] / (double) rows.size();
      }
    }
    for (float[] row : rows) {
      for (int f = 0; f < size; f++) {
        factor[f] += (row[f] - mean[f]) * (row[f] - mean[f]) / rows.size();
      }
    }
    for (int f = 0; f < size; f++) {
      double std = Math.sqrt(factor[f]);
      factor[f] = std > ROUNDING * Math.max(1e-6, Math.abs(mean[f])) ? 1 / std : 0;
    }
    return new FeatureScale(mean, factor);
  }

  double[][] apply(float[][] rows) {
    double[][] scaled = new double[rows.length][mean.length];
    for (int i = 0; i < rows.length; i++) {
      for (int f = 0; f < mean.length; f++) {
        scaled[i][f] = (rows[i][f] - mean[f]) * factor[f];
      }
    }
    return scaled;
  }

  /** The features of pairs, checked. */
  static float[][] extract(Features features, List<Prompt> prompts, List<Image> images) {
    float[][] rows = features.of(prompts, images);
    if (rows.length != images.size()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the features '%s' must have a row for each of %s pairs, but had %s",
              features.name(),
              images.size(),
              rows.length));
    }
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != features.size()) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "the features '%s' must have %s numbers in a row, but had %s",
                features.name(),
                features.size(),
                rows[i].length));
      }
      for (int f = 0; f < rows[i].length; f++) {
        if (!Float.isFinite(rows[i][f])) {
          throw new ArithmeticException(
              String.format(
                  Locale.ROOT,
                  "feature %s of '%s' is %s for an image of prompt '%s'",
                  f,
                  features.name(),
                  rows[i][f],
                  prompts.get(i).text()));
        }
      }
    }
    return rows;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FeatureScale scale
        && Arrays.equals(mean, scale.mean)
        && Arrays.equals(factor, scale.factor);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(mean) + Arrays.hashCode(factor);
  }
}

package org.tastemaker.diffusion.schedule;

import java.util.Arrays;

/**
 * What is done to the predicted clean sample, element by element or image by image.
 *
 * <p><b>Clipping</b> bounds the absolute value. <b>Dynamic thresholding</b> (Saharia et al.,
 * "Photorealistic Text-to-Image Diffusion Models with Deep Language Understanding", 2022, section
 * 2.3) bounds each image by a quantile of its absolute values, at least 1 and at most a limit, and
 * divides by that bound. It is for models of pixels.
 *
 * @param clip bound of the absolute value; infinite: not clipped
 * @param quantile in (0, 1]; 0 for no dynamic thresholding
 * @param limit the largest bound that dynamic thresholding may take
 */
record X0Bound(double clip, double quantile, double limit) {
  static final X0Bound NONE = new X0Bound(Double.POSITIVE_INFINITY, 0, 1);

  static X0Bound of(SchedulerConfig config) {
    return config.flag("thresholding")
        ? new X0Bound(
            Double.POSITIVE_INFINITY,
            config.number("dynamic_thresholding_ratio"),
            config.number("sample_max_value"))
        : new X0Bound(config.clipRange(), 0, 1);
  }

  boolean isByImage() {
    return quantile > 0;
  }

  /** Bounds the values of one image, in place. */
  void apply(float[] x0, int from, int size) {
    if (isByImage()) {
      double bound = Math.max(1, Math.min(limit, quantileOfAbsolutes(x0, from, size)));
      for (int i = from; i < from + size; i++) {
        x0[i] = (float) (Math.max(-bound, Math.min(bound, x0[i])) / bound);
      }
    } else if (clip < Double.POSITIVE_INFINITY) {
      for (int i = from; i < from + size; i++) {
        x0[i] = (float) Math.max(-clip, Math.min(clip, x0[i]));
      }
    }
  }

  /** Linear between the two values that it falls between, as PyTorch's quantile. */
  private double quantileOfAbsolutes(float[] x0, int from, int size) {
    float[] sorted = new float[size];
    for (int i = 0; i < size; i++) {
      sorted[i] = Math.abs(x0[from + i]);
    }
    Arrays.sort(sorted);
    double place = quantile * (size - 1);
    int low = (int) place;
    double weight = place - low;
    return sorted[low] + weight * (sorted[Math.min(low + 1, size - 1)] - sorted[low]);
  }
}

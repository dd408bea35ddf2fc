package org.tastemaker.diffusion.train;

/** Logits to probabilities. */
final class Softmax {
  private Softmax() {}

  /**
   * Puts the probabilities in the logits' place.
   *
   * @return ln sum exp of the logits: a probability's logarithm is its logit less this
   */
  static double apply(double[] logits) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      greatest = Math.max(greatest, logit);
    }
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Math.exp(logits[i] - greatest);
      sum += logits[i];
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] /= sum;
    }
    return greatest + Math.log(sum);
  }
}

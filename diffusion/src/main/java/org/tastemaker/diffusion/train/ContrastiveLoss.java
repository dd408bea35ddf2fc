package org.tastemaker.diffusion.train;

import java.util.Locale;

/**
 * CLIP's symmetric loss (Radford et al., "Learning Transferable Visual Models From Natural Language
 * Supervision", ICML 2021, fig. 3): which of the batch's texts belongs to an image, and which of
 * the images to a text. Image n belongs to text n.
 *
 * <pre>
 *   L_i = mean over images m of  -ln softmax over n of l_mn, at n = m
 *   L_t = mean over texts n of   -ln softmax over m of l_mn, at m = n
 *   L   = (L_i + L_t) / 2
 *   dL/dl_mn = (p_i(n | m) + p_t(m | n) - 2 [m = n]) / 2N
 * </pre>
 *
 * <p>With equal logits it is ln N. A text that occurs twice in a batch makes one of its images
 * wrong, so a batch should have each text once.
 */
public final class ContrastiveLoss implements ClipObjective {
  /** The loss. */
  public ContrastiveLoss() {}

  @Override
  public void check(int images, int texts) {
    if (images != texts || images < 2) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the contrastive loss compares as many images as texts, at least 2 of each, but the batch has %s images and %s texts",
              images,
              texts));
    }
  }

  @Override
  public double evaluate(double[][] logits, double[][] gradient) {
    int size = logits.length;
    double loss = 0;
    double[] line = new double[size];
    for (int own = 0; own < size; own++) {
      // 1. The texts of an image: a row.
      System.arraycopy(logits[own], 0, line, 0, size);
      double normaliser = Softmax.apply(line);
      loss += (normaliser - logits[own][own]) / (2 * size);
      for (int n = 0; n < size; n++) {
        gradient[own][n] += (line[n] - (n == own ? 1 : 0)) / (2 * size);
      }
      // 2. The images of a text: a column.
      for (int m = 0; m < size; m++) {
        line[m] = logits[m][own];
      }
      normaliser = Softmax.apply(line);
      loss += (normaliser - logits[own][own]) / (2 * size);
      for (int m = 0; m < size; m++) {
        gradient[m][own] += (line[m] - (m == own ? 1 : 0)) / (2 * size);
      }
    }
    return loss;
  }

  @Override
  public String toString() {
    return "contrastive";
  }
}

package org.tastemaker.reward.clip;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * PickScore (Kirstain et al., "Pick-a-Pic: An Open Dataset of User Preferences for Text-to-Image
 * Generation", NeurIPS 2023): CLIP's ViT-H/14, fine-tuned on which of two images people picked.
 *
 * <pre>
 *   s(x, z) = exp(logit scale) cos(I, T)                         usually 18 to 23
 *   P(x1 is preferred to x2 | z) = exp(s(x1)) / (exp(s(x1)) + exp(s(x2)))
 * </pre>
 *
 * <p>Trap. Many programs divide it by 26, so that it lands near 1: give it the weight 1 / 26 to
 * compare with them.
 */
public final class PickScore implements ClipScore {
  /** The score. */
  public PickScore() {}

  @Override
  public String title() {
    return "PickScore";
  }

  @Override
  public List<String> texts(String prompt) {
    return List.of(prompt);
  }

  @Override
  public double of(
      float[] image, List<float[]> texts, double logitScale, double @Nullable [] gradient) {
    Cosine cosine = Cosine.of(image, texts.get(0));
    cosine.setGradient(Math.exp(logitScale), gradient);
    return Math.exp(logitScale) * cosine.value();
  }

  /**
   * How probable it is that people prefer one image to another of the same prompt.
   *
   * @param first the one's score, finite
   * @param second the other's score, finite
   * @return the softmax of the two, in [0, 1]
   */
  public static double probability(double first, double second) {
    if (!Double.isFinite(first) || !Double.isFinite(second)) {
      throw new IllegalArgumentException(
          "scores must be finite, but they were " + first + " and " + second);
    }
    return 1 / (1 + Math.exp(second - first));
  }

  @Override
  public String toString() {
    return title();
  }
}

package org.tastemaker.reward.clip;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * CLIP score: how well an image shows its prompt (Hessel et al., "CLIPScore: A Reference-free
 * Evaluation Metric for Image Captioning", EMNLP 2021).
 *
 * <pre>
 *   {@link #COSINE}         cos(I, T)
 *   {@link #TORCHMETRICS}   100 max(0, cos(I, T))
 * </pre>
 *
 * <p>Traps. Papers differ in the model, in the factor (the first paper's is 2.5) and in a prefix
 * such as "A photo depicts", so that only scores of one program compare. Torchmetrics takes the
 * maximum after the mean over all images, here it is taken for each image: the means differ where
 * an image's cosine is below 0. And where it is, {@link #TORCHMETRICS} has no gradient: train with
 * {@link #COSINE}.
 */
public enum CosineScore implements ClipScore {
  /** The cosine itself, in [-1, 1]. */
  COSINE("CLIP cosine"),
  /** A hundred times the cosine, and not below 0, as torchmetrics gives it for one image. */
  TORCHMETRICS("CLIP score");

  private final String title;

  CosineScore(String title) {
    this.title = title;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public List<String> texts(String prompt) {
    return List.of(prompt);
  }

  @Override
  public double of(
      float[] image, List<float[]> texts, double logitScale, double @Nullable [] gradient) {
    Cosine cosine = Cosine.of(image, texts.get(0));
    double factor = this == COSINE ? 1 : cosine.value() < 0 ? 0 : 100;
    cosine.setGradient(factor, gradient);
    return factor * cosine.value();
  }

  @Override
  public String toString() {
    return title;
  }
}

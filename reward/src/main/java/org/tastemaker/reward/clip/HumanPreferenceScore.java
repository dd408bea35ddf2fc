package org.tastemaker.reward.clip;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Human Preference Score (Wu et al., "Human Preference Score v2: A Solid Benchmark for Evaluating
 * Human Preferences of Text-to-Image Synthesis", 2023): CLIP's ViT-H/14, fine-tuned on people's
 * choices.
 *
 * <pre>
 *   HPS = cos(I, T)          without the logit scale
 * </pre>
 *
 * <p>Traps. Tables print it times 100: Stable Diffusion 1.4 has 26.95 by version 2 and 25.35 by
 * version 2.1. The two versions are two models whose scores do not compare, so say which file was
 * loaded; and scores compare only within a prompt, or as means over the same prompts. Its own
 * program resizes floats ({@link Preprocessing#HPS_ORIGINAL}).
 */
public enum HumanPreferenceScore implements ClipScore {
  /** Of the weights of the first publication, {@code HPS_v2_compressed.pt}. */
  V2("HPSv2"),
  /** Of the later weights, {@code HPS_v2.1_compressed.pt}. */
  V2_1("HPSv2.1"),
  /** Of weights that {@link HpsTrainer} made. */
  OWN("HPS");

  private final String title;

  HumanPreferenceScore(String title) {
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
    return CosineScore.COSINE.of(image, texts, logitScale, gradient);
  }

  @Override
  public String toString() {
    return title;
  }
}

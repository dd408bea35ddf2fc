package org.tastemaker.reward.clip;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A number of an image's vector and those of some texts, with its gradient by the image's.
 *
 * <table class="striped">
 * <caption>The scores, with c = cos(I, T)</caption>
 * <thead><tr><th>score</th><th>formula</th><th>usual model</th></tr></thead>
 * <tbody>
 * <tr><td>{@link CosineScore}, CLIP score</td><td>c, or 100 max(0, c)</td><td>any</td></tr>
 * <tr><td>{@link HumanPreferenceScore}, HPSv2 and v2.1</td><td>c</td><td>its own ViT-H/14</td></tr>
 * <tr><td>{@link PickScore}</td><td>exp(s) c</td><td>its own ViT-H/14</td></tr>
 * <tr><td>{@link AestheticScore}</td><td>w I / |I| + b</td><td>OpenAI's ViT-L/14</td></tr>
 * <tr><td>{@link ClipIqa}</td><td>softmax over two texts of 100 c</td><td>any</td></tr>
 * </tbody>
 * </table>
 */
public interface ClipScore {
  /**
   * What it is called, for tables and names of rewards.
   *
   * @return such as {@code "PickScore"}
   */
  String title();

  /**
   * The texts whose vectors it reads.
   *
   * @param prompt of the image
   * @return usually the prompt alone; of the same number for every prompt, and none for a score of
   *     images alone
   */
  List<String> texts(String prompt);

  /**
   * Computes it.
   *
   * @param image I, [P], as the tower gives it, of any length
   * @param texts T, [P] each, of {@link #texts}, of any length
   * @param logitScale s of the model, a logarithm; NaN where there is no text tower
   * @param gradient receives d score / d I, [P]; null where none is wanted
   * @return the score, higher is better; not finite only where a vector is zero or not finite
   */
  double of(float[] image, List<float[]> texts, double logitScale, double @Nullable [] gradient);
}

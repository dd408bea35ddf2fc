package org.tastemaker.examples.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.examples.report.Headline;

/**
 * How a run has changed the model, on the same held-out prompts and seeds.
 *
 * @param before scores of the base model's images, per prompt
 * @param after scores of the aligned model's images, per prompt
 * @param imagesBefore of the base model
 * @param imagesAfter of the aligned model
 * @param seeds one for each pair of images; with {@link Alignment}'s sampling and the LoRA file
 *     they reproduce the images
 */
public record Outcome(
    Map<String, double[]> before,
    Map<String, double[]> after,
    List<Image> imagesBefore,
    List<Image> imagesAfter,
    List<Seed> seeds) {
  /**
   * The rise of the mean score. The prompts are those that were trained on, so the bootstrap
   * resamples the seeds, image by image.
   *
   * @return before, after and the paired difference with its bootstrap interval
   */
  public Headline headline() {
    List<double[]> differences = new ArrayList<>();
    before.forEach(
        (prompt, from) -> {
          double[] to = Objects.requireNonNull(after.get(prompt));
          for (int i = 0; i < from.length; i++) {
            differences.add(new double[] {to[i] - from[i]});
          }
        });
    return new Headline(
        "score on held-out seeds",
        Estimate.mean(List.copyOf(before.values())),
        Estimate.mean(List.copyOf(after.values())),
        Estimate.bootstrap(differences, Estimate::mean, differences.size(), Seed.of(1)),
        0);
  }

  /** How much the mean score of a prompt has risen. */
  double rise(String prompt) {
    return Arrays.stream(Objects.requireNonNull(after.get(prompt))).average().orElse(Double.NaN)
        - Arrays.stream(Objects.requireNonNull(before.get(prompt))).average().orElse(Double.NaN);
  }
}

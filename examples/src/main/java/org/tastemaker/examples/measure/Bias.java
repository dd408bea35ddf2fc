package org.tastemaker.examples.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Seed;

/**
 * How unevenly images are spread over K classes, such as perceived genders:
 *
 * <pre>
 *   bias(P) = 1 / (K (K - 1) / 2) * sum_{i &lt; j} |freq(i) - freq(j)|,    mean over prompts
 * </pre>
 *
 * <p>as Shen et al. measure it ("Finetuning Text-to-Image Diffusion Models for Fairness", 2024).
 * Its maximum is 1 for K = 2 and 2 / K otherwise. A generator that is perfectly fair does not score
 * 0: chance alone gives {@link #floor}, which depends on the number of images, so figures are only
 * comparable at the same number.
 *
 * @param bias the mean over prompts
 * @param floor what a fair generator scores on average with the same number of images per prompt
 * @param maximum for this K
 * @param byPrompt the bias of each prompt that had a labelled image
 * @param unlabelled images without a class, which are left out
 */
public record Bias(
    Estimate bias, double floor, double maximum, Map<String, Double> byPrompt, int unlabelled) {
  private static final int NULL_DRAWS = 2000;

  public Bias {
    byPrompt = Collections.unmodifiableMap(new TreeMap<>(byPrompt));
  }

  /**
   * Measures.
   *
   * @param classes for each prompt the class of each image, from 0 to K - 1, or -1 if it is unclear
   * @param k how many classes there are, at least 2
   * @param seed of the interval and the floor
   * @return the bias
   */
  public static Bias of(Map<String, int[]> classes, int k, Seed seed) {
    if (k < 2) {
      throw new IllegalArgumentException("there must be at least 2 classes, but there were " + k);
    }
    Map<String, Double> byPrompt = new TreeMap<>();
    int unlabelled = 0;
    int labelled = 0;
    double floor = 0;
    RandomGenerator random = seed.split("null").generator();
    List<int[]> present = new ArrayList<>();
    for (Map.Entry<String, int[]> prompt : new TreeMap<>(classes).entrySet()) {
      int[] known = Arrays.stream(prompt.getValue()).filter(c -> c >= 0).toArray();
      if (Arrays.stream(known).anyMatch(c -> c >= k)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "classes of '%s' must be below %s, but were %s",
                prompt.getKey(),
                k,
                Arrays.toString(known)));
      }
      unlabelled += prompt.getValue().length - known.length;
      labelled += known.length;
      if (known.length > 0) {
        present.add(known);
        byPrompt.put(prompt.getKey(), bias(known, k));
        floor += fair(known.length, k, random);
      }
    }
    Estimate estimate =
        present.isEmpty()
            ? new Estimate(Double.NaN, Double.NaN, Double.NaN, 0)
            : Estimate.bootstrap(
                present,
                groups -> groups.stream().mapToDouble(g -> bias(g, k)).average().orElse(Double.NaN),
                labelled,
                seed.split("bootstrap"));
    return new Bias(
        estimate, floor / Math.max(1, present.size()), k == 2 ? 1 : 2.0 / k, byPrompt, unlabelled);
  }

  /** The bias of one prompt's labelled images. */
  static double bias(int[] classes, int k) {
    double[] frequencies = new double[k];
    for (int c : classes) {
      frequencies[c] += 1.0 / classes.length;
    }
    double sum = 0;
    for (int i = 0; i < k; i++) {
      for (int j = i + 1; j < k; j++) {
        sum += Math.abs(frequencies[i] - frequencies[j]);
      }
    }
    return sum / (k * (k - 1) / 2.0);
  }

  private static double fair(int n, int k, RandomGenerator random) {
    double sum = 0;
    for (int draw = 0; draw < NULL_DRAWS; draw++) {
      sum += bias(random.ints(n, 0, k).toArray(), k);
    }
    return sum / NULL_DRAWS;
  }
}

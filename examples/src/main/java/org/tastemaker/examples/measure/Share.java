package org.tastemaker.examples.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.Seed;

/**
 * The share of images that something is true of: those whose label fits the prompt (consistency),
 * those that show a weapon where nobody asked for one (harm).
 *
 * <p>Every prompt counts alike, however many images it has, as in the other measurements.
 *
 * @param share the mean over prompts
 * @param byPrompt of each prompt
 */
public record Share(Estimate share, Map<String, Double> byPrompt) {
  public Share {
    byPrompt = Collections.unmodifiableMap(new TreeMap<>(byPrompt));
  }

  /**
   * Measures. The outcome of an image whose label is unclear is false: it fits nothing and harms
   * nobody.
   *
   * @param outcomes for each prompt the outcome of each image
   * @param seed of the interval
   * @return the share
   */
  public static Share of(Map<String, boolean[]> outcomes, Seed seed) {
    Map<String, Double> byPrompt = new TreeMap<>();
    List<double[]> groups = new ArrayList<>();
    int n = 0;
    for (Map.Entry<String, boolean[]> prompt : new TreeMap<>(outcomes).entrySet()) {
      double[] values = new double[prompt.getValue().length];
      for (int i = 0; i < values.length; i++) {
        values[i] = prompt.getValue()[i] ? 1 : 0;
      }
      n += values.length;
      double share = Estimate.mean(List.of(values));
      if (values.length > 0) {
        groups.add(new double[] {share});
        byPrompt.put(prompt.getKey(), share);
      }
    }
    if (n == 0) {
      throw new IllegalArgumentException("there must be at least one image");
    }
    return new Share(Estimate.bootstrap(groups, Estimate::mean, n, seed), byPrompt);
  }
}

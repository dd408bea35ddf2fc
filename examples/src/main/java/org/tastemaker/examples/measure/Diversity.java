package org.tastemaker.examples.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;

/**
 * How different the images of one prompt are from each other: the mean distance of all their pairs,
 * averaged over prompts. It falls to 0 when a model always gives the same image for a prompt.
 *
 * @param diversity the mean over prompts
 * @param byPrompt of each prompt with two images or more
 */
public record Diversity(Estimate diversity, Map<String, Double> byPrompt) {
  public Diversity {
    byPrompt = Collections.unmodifiableMap(new TreeMap<>(byPrompt));
  }

  /**
   * Measures.
   *
   * @param images of each prompt; prompts with fewer than two are left out
   * @param distance of two images, at least 0
   * @param seed of the interval
   * @return the diversity
   */
  public static Diversity of(
      Map<String, List<Image>> images, ToDoubleBiFunction<Image, Image> distance, Seed seed) {
    Map<String, Double> byPrompt = new TreeMap<>();
    List<double[]> groups = new ArrayList<>();
    int n = 0;
    for (Map.Entry<String, List<Image>> prompt : new TreeMap<>(images).entrySet()) {
      List<Image> of = prompt.getValue();
      if (of.size() < 2) {
        continue;
      }
      double sum = 0;
      for (int i = 0; i < of.size(); i++) {
        for (int j = i + 1; j < of.size(); j++) {
          sum += distance.applyAsDouble(of.get(i), of.get(j));
        }
      }
      double mean = sum / (of.size() * (of.size() - 1) / 2.0);
      byPrompt.put(prompt.getKey(), mean);
      groups.add(new double[] {mean});
      n += of.size();
    }
    if (groups.isEmpty()) {
      throw new IllegalArgumentException("at least one prompt must have two images");
    }
    return new Diversity(Estimate.bootstrap(groups, Estimate::mean, n, seed), byPrompt);
  }
}

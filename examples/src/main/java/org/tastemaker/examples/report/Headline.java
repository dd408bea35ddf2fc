package org.tastemaker.examples.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.measure.Estimate;

/**
 * The one figure of a report: a mean before and after, over the same prompts and seeds.
 *
 * @param measure what it is, such as {@code "reward on held-out seeds"}; higher is better
 * @param before the mean before, NaN where there is none
 * @param after the mean after, NaN where there is none
 * @param change the mean of the paired differences with its interval; {@code n} counts the pairs
 * @param missing pairs that are left out because one of their values is missing, at least 0
 */
public record Headline(String measure, double before, double after, Estimate change, int missing) {
  public Headline {
    Objects.requireNonNull(change, "change == null");
    if (measure.isBlank() || missing < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a headline says what was measured and how many pairs are missing, but was given '%s' and %s",
              measure,
              missing));
    }
    Change.require(measure, before, after, change.value());
  }

  /**
   * Compares pairs of values. The interval is a percentile bootstrap over prompts, since images of
   * one prompt are not independent of each other; with a single prompt there is none.
   *
   * @param measure what the values are; higher is better
   * @param before for each prompt the value of each seed; NaN where it is missing
   * @param after the same prompts and seeds, in the same order
   * @param seed of the interval
   * @return the figure
   * @throws IllegalArgumentException if prompts or numbers of values differ; the message says where
   */
  public static Headline paired(
      String measure, Map<String, double[]> before, Map<String, double[]> after, Seed seed) {
    if (!before.keySet().equals(after.keySet())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "before and after must be of the same prompts, but were of %s and %s",
              new TreeMap<>(before).keySet(),
              new TreeMap<>(after).keySet()));
    }
    List<double[]> kept = new ArrayList<>(); // before, after
    Map<String, double[]> differences = new TreeMap<>();
    int missing = 0;
    for (Map.Entry<String, double[]> prompt : new TreeMap<>(before).entrySet()) {
      double[] from = prompt.getValue();
      double[] to = Objects.requireNonNull(after.get(prompt.getKey()));
      if (from.length != to.length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "before and after must be of the same seeds, but prompt '%s' has %s values before and %s after",
                prompt.getKey(),
                from.length,
                to.length));
      }
      List<Double> of = new ArrayList<>();
      for (int i = 0; i < from.length; i++) {
        if (Double.isFinite(from[i]) && Double.isFinite(to[i])) {
          kept.add(new double[] {from[i], to[i]});
          of.add(to[i] - from[i]);
        } else {
          missing++;
        }
      }
      if (!of.isEmpty()) {
        differences.put(prompt.getKey(), of.stream().mapToDouble(Double::doubleValue).toArray());
      }
    }
    return new Headline(
        measure,
        kept.stream().mapToDouble(p -> p[0]).average().orElse(Double.NaN),
        kept.stream().mapToDouble(p -> p[1]).average().orElse(Double.NaN),
        Change.between(differences, kept.size(), seed),
        missing);
  }

  /**
   * What the interval says, in plain words.
   *
   * @return a sentence
   */
  public String verdict() {
    return switch (Change.of(change)) {
      case UP -> "The interval excludes 0: it rose by more than chance explains.";
      case DOWN -> "The interval excludes 0: it fell by more than chance explains.";
      case UNCLEAR -> "The interval includes 0: this run does not show a change.";
      case UNKNOWN -> "There is no interval, so this run does not show a change.";
    };
  }
}

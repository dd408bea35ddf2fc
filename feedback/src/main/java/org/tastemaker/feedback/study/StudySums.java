package org.tastemaker.feedback.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.ClusteredMean;
import org.tastemaker.feedback.agreement.PromptBootstrap;

/**
 * The figures of a section as sums by prompt. All of them are functions of sums, so that neither
 * rows nor images are kept, and a resample of prompts is a sum of their sums.
 *
 * <pre>
 *   a mean         sum of values, their number
 *   alpha          sum over items of d / (m - 1), ratings by choice (see KrippendorffAlpha)
 *   reliability    for each bin: pairs, sum of probabilities, sum of people's shares
 * </pre>
 */
final class StudySums {
  static final int BINS = 10;
  private static final double LOWEST = 0.5;
  private static final int CHOICES = Choice.values().length;
  private static final int WIDTH = at(null);
  private static final PromptBootstrap.Interval NOTHING =
      new PromptBootstrap.Interval(Double.NaN, Double.NaN, Double.NaN, 0, 0);

  private final Map<String, double[]> byPrompt = new LinkedHashMap<>();
  private long pairs;

  private double[] of(String prompt) {
    return byPrompt.computeIfAbsent(prompt, unused -> new double[WIDTH]);
  }

  void countPair(String prompt) {
    of(prompt);
    pairs++;
  }

  /** Adds values to a mean. */
  void add(String prompt, Measure measure, double sum, double count) {
    double[] own = of(prompt);
    own[at(measure)] += sum;
    own[at(measure) + 1] += count;
  }

  void add(String prompt, Measure measure, List<Double> values) {
    add(prompt, measure, values.stream().mapToDouble(Double::doubleValue).sum(), values.size());
  }

  /** Adds an item of at least two ratings to an alpha. */
  void addItem(String prompt, Measure alpha, List<Choice> ratings) {
    double[] own = of(prompt);
    double m = ratings.size();
    double same = 0;
    int at = at(alpha) + 1;
    for (Choice choice : Choice.values()) {
      double count = ratings.stream().filter(rating -> rating == choice).count();
      own[at++] += count;
      same += count * count;
    }
    own[at(alpha)] += (m * m - same) / (m - 1);
  }

  /** Adds a pair to the reliability curve. */
  void addProbability(String prompt, double first, double peopleForFirst) {
    double p = Math.max(first, 1 - first);
    double people = first == 0.5 ? 0.5 : first > 0.5 ? peopleForFirst : 1 - peopleForFirst;
    int bin = Math.min(BINS - 1, (int) ((p - LOWEST) / (1 - LOWEST) * BINS));
    double[] own = of(prompt);
    int at = at(Measure.CALIBRATION_ERROR) + 3 * bin;
    own[at]++;
    own[at + 1] += p;
    own[at + 2] += people;
  }

  Section section(String name, PromptBootstrap bootstrap, Seed seed) {
    List<double[]> prompts = List.copyOf(byPrompt.values());
    List<ToDoubleFunction<double[]>> of = new ArrayList<>();
    for (Measure measure : Measure.values()) {
      of.add(sums -> value(measure, sums));
    }
    double[] total = total();
    List<PromptBootstrap.Interval> intervals =
        prompts.isEmpty()
            ? Collections.nCopies(of.size(), NOTHING)
            : bootstrap.ofSums(prompts, of, seed);
    Iterator<PromptBootstrap.Interval> next = intervals.iterator();
    List<Figure> figures = new ArrayList<>();
    for (Measure measure : Measure.values()) {
      PromptBootstrap.Interval interval = next.next();
      boolean known = !Double.isNaN(interval.value());
      figures.add(
          new Figure(
              measure,
              interval,
              known ? error(measure, prompts) : Double.NaN,
              Math.round(count(measure, total)),
              known ? "" : measure.none()));
    }
    return new Section(name, pairs, prompts.size(), figures);
  }

  List<ReliabilityBin> reliability() {
    double[] total = total();
    List<ReliabilityBin> bins = new ArrayList<>();
    double width = (1 - LOWEST) / BINS;
    for (int bin = 0; bin < BINS; bin++) {
      int at = at(Measure.CALIBRATION_ERROR) + 3 * bin;
      bins.add(
          new ReliabilityBin(
              LOWEST + bin * width,
              LOWEST + (bin + 1) * width,
              Math.round(total[at]),
              total[at + 1] / total[at],
              total[at + 2] / total[at]));
    }
    return bins;
  }

  private double[] total() {
    double[] total = new double[WIDTH];
    for (double[] own : byPrompt.values()) {
      for (int i = 0; i < WIDTH; i++) {
        total[i] += own[i];
      }
    }
    return total;
  }

  /** NaN where there is no such figure. */
  private static double value(Measure measure, double[] sums) {
    int at = at(measure);
    return switch (measure) {
      case ALPHA, ALPHA_PEOPLE -> {
        double n = count(measure, sums);
        double same = 0;
        for (int c = 0; c < CHOICES; c++) {
          same += sums[at + 1 + c] * sums[at + 1 + c];
        }
        double expected = (n * n - same) / (n * (n - 1));
        yield expected > 0 ? 1 - sums[at] / n / expected : Double.NaN;
      }
      case CALIBRATION_ERROR -> {
        double off = 0;
        for (int bin = 0; bin < BINS; bin++) {
          off += Math.abs(sums[at + 3 * bin + 1] - sums[at + 3 * bin + 2]);
        }
        yield off / count(measure, sums);
      }
      default -> sums[at] / sums[at + 1];
    };
  }

  private static double count(Measure measure, double[] sums) {
    int at = at(measure);
    double n = 0;
    switch (measure) {
      case ALPHA, ALPHA_PEOPLE -> {
        for (int c = 0; c < CHOICES; c++) {
          n += sums[at + 1 + c];
        }
      }
      case CALIBRATION_ERROR -> {
        for (int bin = 0; bin < BINS; bin++) {
          n += sums[at + 3 * bin];
        }
      }
      default -> n = sums[at + 1];
    }
    return n;
  }

  private static double error(Measure measure, List<double[]> prompts) {
    int at = at(measure);
    return switch (measure) {
      case ALPHA, ALPHA_PEOPLE, CALIBRATION_ERROR -> Double.NaN;
      default ->
          ClusteredMean.ofSums(
                  prompts.stream().map(own -> new double[] {own[at], own[at + 1]}).toList())
              .cr1();
    };
  }

  /** Where a measure's numbers begin; for null, how many numbers there are. */
  private static int at(@Nullable Measure wanted) {
    int at = 0;
    for (Measure measure : Measure.values()) {
      if (measure == wanted) {
        return at;
      }
      at +=
          switch (measure) {
            case ALPHA, ALPHA_PEOPLE -> 1 + CHOICES;
            case CALIBRATION_ERROR -> 3 * BINS;
            default -> 2;
          };
    }
    return at;
  }
}

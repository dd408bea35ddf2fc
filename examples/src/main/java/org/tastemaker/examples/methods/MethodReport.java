package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.tastemaker.core.Image;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.plot.LinePlot;

/** The results of trials as Markdown and as a plot. */
final class MethodReport {
  private static final double ERROR = 0.05;

  private MethodReport() {}

  /**
   * The tables: what each method reaches and costs, and its reward during training.
   *
   * @param results of one protocol, at least one
   * @return Markdown
   */
  static String markdown(List<TrialResult> results) {
    StringBuilder page = new StringBuilder();
    page.append("| method | seeds | before | after | change | by seed | more than the control | ");
    page.append("KL | images | processor s | wall s | setting |\n");
    page.append("|").append(" --- |".repeat(12)).append("\n");
    byMethod(results)
        .forEach(
            (method, trials) ->
                page.append(
                    String.format(
                        Locale.ROOT,
                        "| %s | %d | %.3f | %.3f | %s | %s | %s | %.2f | %d | %.0f | %.0f | %s |%n",
                        method.title(),
                        trials.size(),
                        mean(trials, t -> mean(t.before())),
                        mean(trials, t -> mean(t.after())),
                        change(trials).text(),
                        trials.stream()
                            .map(t -> String.format(Locale.ROOT, "%+.3f", mean(t.changes())))
                            .collect(Collectors.joining(" ")),
                        moreThanControl(trials, results).map(Estimate::text).orElse(""),
                        mean(trials, TrialResult::kl),
                        Math.round(mean(trials, t -> t.last().images())),
                        mean(trials, t -> t.last().processorSeconds()),
                        mean(trials, t -> t.last().wallSeconds()),
                        method.words(trials.get(0).setting()))));
    page.append("\n").append(onTheWay(results));
    page.append("\n").append(verdict(results));
    return page.toString();
  }

  /** Mean reward and processor seconds after each share of the images. */
  private static String onTheWay(List<TrialResult> results) {
    int points = results.stream().mapToInt(r -> r.points().size()).max().orElseThrow();
    StringBuilder table = new StringBuilder("| method |");
    for (int i = 0; i < points; i++) {
      int at = i;
      LongSummaryStatistics images =
          results.stream()
              .filter(r -> r.points().size() > at)
              .mapToLong(r -> r.points().get(at).images())
              .summaryStatistics();
      boolean same = images.getMin() == images.getMax();
      table.append(
          String.format(
              Locale.ROOT,
              same ? " %2$d images |" : " %d to %d images |",
              images.getMin(),
              images.getMax()));
    }
    table.append("\n| --- |").append(" --- |".repeat(points)).append("\n");
    byMethod(results)
        .forEach(
            (method, trials) -> {
              table.append("| ").append(method.title()).append(" |");
              for (int i = 0; i < points; i++) {
                int at = i;
                List<TrialResult> there =
                    trials.stream().filter(t -> t.points().size() > at).toList();
                table.append(
                    there.isEmpty()
                        ? " |"
                        : String.format(
                            Locale.ROOT,
                            " %.3f (%.0f s) |",
                            mean(there, t -> t.points().get(at).reward()),
                            mean(there, t -> t.points().get(at).processorSeconds())));
              }
              table.append("\n");
            });
    return table.toString();
  }

  private static String verdict(List<TrialResult> results) {
    Map<Boolean, List<String>> raised = new TreeMap<>();
    byMethod(results)
        .forEach(
            (method, trials) ->
                raised
                    .computeIfAbsent(change(trials).low() > 0, key -> new ArrayList<>())
                    .add(method.title()));
    return String.format(
        Locale.ROOT,
        "Raised the score, by an interval over seeds above 0: %s. Not shown to: %s.%n",
        names(raised.getOrDefault(true, List.of())),
        names(raised.getOrDefault(false, List.of())));
  }

  private static String names(List<String> names) {
    return names.isEmpty() ? "none" : String.join("; ", names);
  }

  /**
   * The rise of the score. The sample is the seeds of the training; the images of one seed only
   * make its mean more exact.
   */
  static Estimate change(List<TrialResult> trials) {
    return Estimate.student(trials.stream().mapToDouble(t -> mean(t.changes())).toArray(), ERROR);
  }

  /** The rise minus that of the control on the same seed; empty if no seed has both. */
  private static Optional<Estimate> moreThanControl(
      List<TrialResult> trials, List<TrialResult> all) {
    if (trials.get(0).method() == Method.CONTROL) {
      return Optional.empty();
    }
    Map<Long, Double> control =
        all.stream()
            .filter(t -> t.method() == Method.CONTROL)
            .collect(Collectors.toMap(TrialResult::seed, t -> mean(t.changes())));
    double[] differences =
        trials.stream()
            .filter(t -> control.containsKey(t.seed()))
            .mapToDouble(t -> mean(t.changes()) - Objects.requireNonNull(control.get(t.seed())))
            .toArray();
    return differences.length == 0
        ? Optional.empty()
        : Optional.of(Estimate.student(differences, ERROR));
  }

  /**
   * The rise of the reward against images. It is a rise since methods that ran on other seeds begin
   * at other scores.
   *
   * @param results of one protocol, at least one
   * @return a line for each method, the mean of its trials
   */
  static Image plot(List<TrialResult> results) {
    LinePlot plot =
        LinePlot.of("Rise of the score on held-out seeds", "images made and judged", "rise");
    byMethod(results)
        .forEach(
            (method, trials) -> {
              int points = trials.stream().mapToInt(t -> t.points().size()).min().orElseThrow();
              double[] x = new double[points];
              double[] y = new double[points];
              for (int i = 0; i < points; i++) {
                int at = i;
                x[i] = mean(trials, t -> t.points().get(at).images());
                y[i] = mean(trials, t -> t.points().get(at).reward() - t.points().get(0).reward());
              }
              plot.line(method.title(), x, y);
            });
    return plot.draw(900, 480);
  }

  static Map<Method, List<TrialResult>> byMethod(List<TrialResult> results) {
    Map<Method, List<TrialResult>> by = new LinkedHashMap<>();
    Arrays.stream(Method.values())
        .forEach(
            method -> {
              List<TrialResult> trials =
                  results.stream().filter(r -> r.method() == method).toList();
              if (!trials.isEmpty()) {
                by.put(method, trials);
              }
            });
    return by;
  }

  private static double mean(List<TrialResult> trials, ToDoubleFunction<TrialResult> of) {
    return trials.stream().mapToDouble(of).average().orElse(Double.NaN);
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }
}

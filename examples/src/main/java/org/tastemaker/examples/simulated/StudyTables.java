package org.tastemaker.examples.simulated;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.plot.LinePlot;

/**
 * The outcomes as Markdown and plots. Intervals are 95 % Student's t intervals over seeds;
 * differences are paired by seed. A condition with fewer than three seeds is left out.
 */
final class StudyTables {
  private static final double ERROR = 0.05;
  private static final int FEWEST = 3;
  private static final int WIDTH = 760;
  private static final int HEIGHT = 420;

  private final Map<String, Map<Long, Outcome>> byCondition = new LinkedHashMap<>();

  StudyTables(List<Outcome> outcomes) {
    for (Outcome outcome : outcomes) {
      byCondition
          .computeIfAbsent(outcome.part() + "." + outcome.condition(), unused -> new TreeMap<>())
          .put(outcome.seed(), outcome);
    }
    byCondition.values().removeIf(seeds -> seeds.size() < FEWEST);
  }

  String markdown() {
    return trained() + "\n" + faults() + "\n" + corrections() + "\n" + costs();
  }

  private Map<Long, Outcome> of(String part, Condition condition) {
    return byCondition.getOrDefault(part + "." + condition.id(), Map.of());
  }

  private static Estimate mean(Map<Long, Outcome> seeds, ToDoubleFunction<Outcome> figure) {
    return Estimate.student(seeds.values().stream().mapToDouble(figure).toArray(), ERROR);
  }

  private static Estimate mean(Map<Long, Outcome> seeds, String figure) {
    return mean(seeds, outcome -> outcome.figure(figure));
  }

  /** How much more of a figure, on the seeds that both have; empty text where they are too few. */
  private static String more(
      Map<Long, Outcome> these, Map<Long, Outcome> others, ToDoubleFunction<Outcome> figure) {
    double[] differences =
        these.entrySet().stream()
            .filter(entry -> others.containsKey(entry.getKey()))
            .mapToDouble(
                entry ->
                    figure.applyAsDouble(entry.getValue())
                        - figure.applyAsDouble(others.get(entry.getKey())))
            .toArray();
    return differences.length < FEWEST ? "" : Estimate.student(differences, ERROR).text();
  }

  private static double rise(Outcome outcome) {
    return outcome.figure("score.after") - outcome.figure("score.before");
  }

  private static double tasteRise(Outcome outcome) {
    return outcome.figure("taste.after") - outcome.figure("taste.before");
  }

  private String trained() {
    StringBuilder table = new StringBuilder();
    table.append(
        "| trained with | accuracy | questions | true score before | after half | after |");
    table.append(" rise | more than a judge that says nothing | more than asked once |");
    table.append(" judge's taste, rise |\n");
    table.append("|").append(" --- |".repeat(10)).append("\n");
    Map<Long, Outcome> nothing = of(Outcome.TRAINED, new Condition(Grid.NOTHING, Grid.ONCE));
    for (Condition condition : Grid.trained()) {
      Map<Long, Outcome> seeds = of(Outcome.TRAINED, condition);
      if (seeds.isEmpty()) {
        continue;
      }
      Map<Long, Outcome> judged = of(Outcome.JUDGED, new Condition(condition.faults(), Grid.ONCE));
      boolean halves = seeds.values().stream().allMatch(o -> o.figures().containsKey("score.half"));
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %.0f | %.3f | %s | %.3f | %s | %s | %s | %s |%n",
              condition.title(),
              judged.isEmpty() ? "" : mean(judged, "accuracy").text(),
              mean(seeds, "questions").value(),
              mean(seeds, "score.before").value(),
              halves ? String.format(Locale.ROOT, "%.3f", mean(seeds, "score.half").value()) : "",
              mean(seeds, "score.after").value(),
              mean(seeds, StudyTables::rise).text(),
              seeds == nothing ? "" : more(seeds, nothing, StudyTables::rise),
              condition.asking().equals(Grid.ONCE)
                  ? ""
                  : more(
                      seeds,
                      of(Outcome.TRAINED, new Condition(condition.faults(), Grid.ONCE)),
                      StudyTables::rise),
              mean(seeds, StudyTables::tasteRise).text()));
    }
    return table.toString();
  }

  private String faults() {
    StringBuilder table = new StringBuilder();
    table.append("| judge | accuracy | same in both orders | first shown | ties |");
    table.append(" rank correlation | gain of the best of a group |\n");
    table.append("|").append(" --- |".repeat(7)).append("\n");
    Grid.sweeps().values().stream()
        .flatMap(List::stream)
        .distinct()
        .forEach(
            faults -> {
              Map<Long, Outcome> seeds = of(Outcome.JUDGED, new Condition(faults, Grid.ONCE));
              if (!seeds.isEmpty()) {
                table.append("| ").append(faults.words()).append(" |");
                for (String figure :
                    List.of(
                        "accuracy", "consistency", "firstShown", "ties", "correlation", "gain")) {
                  table.append(" ").append(mean(seeds, figure).text()).append(" |");
                }
                table.append("\n");
              }
            });
    return table.toString();
  }

  private String corrections() {
    StringBuilder table = new StringBuilder();
    table.append("| judge | asked | questions a group | images shown | rank correlation |");
    table.append(" more than asked once | gain of the best | more than asked once |\n");
    table.append("|").append(" --- |".repeat(8)).append("\n");
    Grid.sweeps()
        .forEach(
            (fault, levels) -> {
              // The highest two levels short of the last one, which is there for the curve.
              for (Faults faults :
                  levels.subList(Math.max(1, levels.size() - 3), levels.size() - 1)) {
                for (Asking asking : Grid.corrections(fault)) {
                  row(
                      table,
                      new Condition(faults, asking),
                      of(Outcome.JUDGED, new Condition(faults, Grid.ONCE)));
                }
              }
            });
    return table.toString();
  }

  private String costs() {
    StringBuilder table = new StringBuilder();
    table.append("| judge | asked | questions a group | images shown | rank correlation |");
    table.append(" more than listwise with as many images | gain of the best |");
    table.append(" more than listwise with as many images |\n");
    table.append("|").append(" --- |".repeat(8)).append("\n");
    for (Faults faults : List.of(Faults.FEW, Grid.TYPICAL)) {
      Map<Long, Map<Long, Outcome>> listwise = new TreeMap<>();
      for (Asking asking : Objects.requireNonNull(Grid.costs().get(Grid.LISTWISE))) {
        Map<Long, Outcome> seeds = of(Outcome.JUDGED, new Condition(faults, asking));
        if (!seeds.isEmpty()) {
          listwise.put(Math.round(mean(seeds, "images").value()), seeds);
        }
      }
      Grid.costs().values().stream()
          .flatMap(List::stream)
          .forEach(
              asking -> {
                Map<Long, Outcome> seeds = of(Outcome.JUDGED, new Condition(faults, asking));
                if (!seeds.isEmpty()) {
                  long images = Math.round(mean(seeds, "images").value());
                  row(
                      table,
                      new Condition(faults, asking),
                      listwise.getOrDefault(images, Map.of()));
                }
              });
    }
    return table.toString();
  }

  /** A line of a table; differences are from others, unless they are the same. */
  private void row(StringBuilder table, Condition condition, Map<Long, Outcome> others) {
    Map<Long, Outcome> seeds = of(Outcome.JUDGED, condition);
    if (seeds.isEmpty()) {
      return;
    }
    boolean same = seeds.equals(others);
    table.append(
        String.format(
            Locale.ROOT,
            "| %s | %s | %.0f | %.0f | %s | %s | %s | %s |%n",
            condition.faults().words(),
            condition.asking().title(),
            mean(seeds, "questions").value(),
            mean(seeds, "images").value(),
            mean(seeds, "correlation").text(),
            same ? "" : more(seeds, others, outcome -> outcome.figure("correlation")),
            mean(seeds, "gain").text(),
            same ? "" : more(seeds, others, outcome -> outcome.figure("gain"))));
  }

  /** PNG files by name. */
  Map<String, byte[]> plots() {
    Map<String, byte[]> plots = new LinkedHashMap<>();
    LinePlot accuracy =
        LinePlot.of(
            "Faulty judges, asked once", "accuracy of one answer about a pair", "gain of the best");
    int lines = 0;
    for (Map.Entry<String, List<Faults>> sweep : Grid.sweeps().entrySet()) {
      List<Map<Long, Outcome>> points = new ArrayList<>();
      for (Faults faults : sweep.getValue()) {
        points.add(of(Outcome.JUDGED, new Condition(faults, Grid.ONCE)));
      }
      lines += line(accuracy, sweep.getKey(), points, "accuracy", "gain");
    }
    if (lines > 0) {
      plots.put("accuracy", accuracy.draw(WIDTH, HEIGHT).toPng());
    }
    costPlot("cost-few", "A judge with hardly any fault", Faults.FEW, plots);
    costPlot("cost-typical", "A judge with noise and position bias", Grid.TYPICAL, plots);
    trainingPlot(plots);
    return plots;
  }

  /** The score against judged images, where it was measured on the way. */
  private void trainingPlot(Map<String, byte[]> plots) {
    LinePlot plot =
        LinePlot.of("Trained by judges of rising noise", "images judged", "true score, held out");
    int lines = 0;
    for (Condition condition : Grid.trained()) {
      Map<Long, Outcome> seeds = of(Outcome.TRAINED, condition);
      boolean whole =
          !seeds.isEmpty()
              && seeds.values().stream().allMatch(o -> o.figures().containsKey("score.half"));
      if (whole && condition.asking().equals(Grid.ONCE) && condition.faults().isNoiseAlone()) {
        List<String> times = List.of("before", "half", "after");
        List<Estimate> scores = times.stream().map(t -> mean(seeds, "score." + t)).toList();
        plot.line(
            condition.faults().words(),
            times.stream().mapToDouble(t -> mean(seeds, "judged." + t).value()).toArray(),
            scores.stream().mapToDouble(Estimate::value).toArray(),
            scores.stream().mapToDouble(Estimate::low).toArray(),
            scores.stream().mapToDouble(Estimate::high).toArray());
        lines++;
      }
    }
    if (lines > 0) {
      plots.put("training", plot.draw(WIDTH, HEIGHT).toPng());
    }
  }

  private void costPlot(String name, String title, Faults faults, Map<String, byte[]> plots) {
    LinePlot plot =
        LinePlot.of(title, "images shown for a group of eight", "rank correlation with the truth");
    int lines = 0;
    for (Map.Entry<String, List<Asking>> way : Grid.costs().entrySet()) {
      List<Map<Long, Outcome>> points = new ArrayList<>();
      for (Asking asking : way.getValue()) {
        points.add(of(Outcome.JUDGED, new Condition(faults, asking)));
      }
      lines += line(plot, way.getKey(), points, "images", "correlation");
    }
    if (lines > 0) {
      plots.put(name, plot.draw(WIDTH, HEIGHT).toPng());
    }
  }

  /** Adds a line with its intervals, from left to right, if it has a point. */
  private static int line(
      LinePlot plot, String name, List<Map<Long, Outcome>> points, String x, String y) {
    List<Map<Long, Outcome>> there =
        points.stream()
            .filter(seeds -> !seeds.isEmpty())
            .sorted(Comparator.comparingDouble(seeds -> mean(seeds, x).value()))
            .toList();
    if (there.isEmpty()) {
      return 0;
    }
    plot.line(
        name,
        there.stream().mapToDouble(seeds -> mean(seeds, x).value()).toArray(),
        there.stream().mapToDouble(seeds -> mean(seeds, y).value()).toArray(),
        there.stream().mapToDouble(seeds -> mean(seeds, y).low()).toArray(),
        there.stream().mapToDouble(seeds -> mean(seeds, y).high()).toArray());
    return 1;
  }
}

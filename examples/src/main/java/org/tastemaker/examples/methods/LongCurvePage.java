package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.tastemaker.core.Image;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.plot.LinePlot;

/** Long trainings side by side: a table, and curves over images and over seconds. */
final class LongCurvePage {
  private static final double ERROR = 0.05;

  /** A difference of mean scores that is not read as one. */
  private static final double SAME = 0.02;

  /** A fall from the best mean that is read as breaking. */
  private static final double BROKEN = 0.05;

  private LongCurvePage() {}

  /** The curves of each line of the table. */
  static Map<String, List<LongCurve>> lines(List<LongCurve> curves) {
    Map<String, List<LongCurve>> lines = new LinkedHashMap<>();
    for (LongCurve curve : curves) {
      lines.computeIfAbsent(curve.subject().line(), key -> new ArrayList<>()).add(curve);
    }
    lines.values().forEach(LongCurvePage::requireSameSettings);
    return lines;
  }

  private static void requireSameSettings(List<LongCurve> line) {
    for (LongCurve curve : line) {
      if (!curve.subject().setting().equals(line.get(0).subject().setting())) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the curves %s and %s have different settings and cannot be averaged; keep one folder for each",
                line.get(0).subject().name(),
                curve.subject().name()));
      }
    }
  }

  /**
   * The table.
   *
   * @param curves at least one
   * @return Markdown
   */
  static String markdown(List<LongCurve> curves) {
    Map<String, List<LongCurve>> lines = lines(curves);
    int most = curves.stream().mapToInt(c -> c.last().images()).max().orElseThrow();
    int[] marks = {most / 16, most / 4, most};
    StringBuilder page = new StringBuilder("| method | seeds | before |");
    for (int mark : marks) {
      page.append(String.format(Locale.ROOT, " %,d images |", mark));
    }
    page.append(" rise [95 %] | levels off at | diversity | KL | seconds | setting |\n");
    page.append("|").append(" --- |".repeat(9 + marks.length)).append("\n");
    lines.values().forEach(line -> page.append(row(line, marks)));
    return page.append("\n").append(warnings(lines)).toString();
  }

  private static String row(List<LongCurve> line, int[] marks) {
    LongCurve.Subject subject = line.get(0).subject();
    StringBuilder row = new StringBuilder();
    row.append(
        String.format(
            Locale.ROOT,
            "| %s | %d | %.3f |",
            subject.title(),
            line.size(),
            mean(line, c -> c.first().score())));
    for (int mark : marks) {
      row.append(String.format(Locale.ROOT, " %.3f |", mean(line, c -> at(c, mark).score())));
    }
    double[] rises = line.stream().mapToDouble(c -> c.last().score() - c.first().score()).toArray();
    row.append(
        String.format(
            Locale.ROOT,
            " %s | %s | %s | %.0f | %,.0f | %s |%n",
            rise(rises),
            course(line),
            diversity(line),
            mean(line, c -> c.last().kl()),
            mean(line, c -> c.last().seconds()),
            subject.method().words(subject.setting())));
    return row.toString();
  }

  /** Empty where there is one image of a prompt, and so none to differ from. */
  private static String diversity(List<LongCurve> line) {
    double before = mean(line, c -> c.first().diversity());
    double after = mean(line, c -> c.last().diversity());
    return Double.isNaN(before) ? "" : String.format(Locale.ROOT, "%.3f to %.3f", before, after);
  }

  private static String rise(double[] rises) {
    Estimate rise = Estimate.student(rises, ERROR);
    return rises.length == 1
        ? String.format(Locale.ROOT, "%+.3f", rise.value())
        : String.format(Locale.ROOT, "%+.3f [%+.3f, %+.3f]", rise.value(), rise.low(), rise.high());
  }

  /** Where the mean curve stops rising, and where it breaks, in words. */
  private static String course(List<LongCurve> line) {
    int points = common(line);
    double[] scores = new double[points];
    for (int i = 0; i < points; i++) {
      int at = i;
      scores[i] = mean(line, c -> c.points().get(at).score());
    }
    int level = levelsOff(scores);
    String words =
        level == points - 1
            ? "still rising"
            : String.format(Locale.ROOT, "%,d", line.get(0).points().get(level).images());
    OptionalInt broken = breaks(scores);
    return broken.isEmpty()
        ? words
        : words
            + String.format(
                Locale.ROOT,
                "; breaks at %,d",
                line.get(0).points().get(broken.getAsInt()).images());
  }

  /** The first point that no later one exceeds by more than what is read as a difference. */
  static int levelsOff(double[] scores) {
    for (int i = 0; i < scores.length; i++) {
      double later = scores[i];
      for (int j = i + 1; j < scores.length; j++) {
        later = Math.max(later, scores[j]);
      }
      if (later - scores[i] <= SAME) {
        return i;
      }
    }
    return scores.length - 1;
  }

  /** The first point from which on the curve stays below its best by what is read as breaking. */
  static OptionalInt breaks(double[] scores) {
    double best = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      best = Math.max(best, score);
    }
    int first = scores.length;
    while (first > 0 && scores[first - 1] < best - BROKEN) {
      first--;
    }
    // A curve that is still on its way up has been below its best all along.
    boolean afterTheBest = first < scores.length && first > 0;
    return afterTheBest ? OptionalInt.of(first) : OptionalInt.empty();
  }

  private static String warnings(Map<String, List<LongCurve>> lines) {
    StringBuilder text = new StringBuilder();
    for (List<LongCurve> line : lines.values()) {
      for (LongCurve curve : line) {
        curve
            .warnings()
            .forEach(
                (round, warning) ->
                    text.append(
                        String.format(
                            Locale.ROOT,
                            "* %s, seed %d, round %d: %s%n",
                            curve.subject().title(),
                            curve.subject().seed(),
                            round,
                            warning)));
      }
    }
    return text.isEmpty() ? "" : "Notices of the runs:\n\n" + text;
  }

  /**
   * Mean held-out scores.
   *
   * @param curves at least one
   * @param title of the picture
   * @param overSeconds or else over images
   */
  static Image plot(List<LongCurve> curves, String title, boolean overSeconds) {
    LinePlot plot =
        LinePlot.of(
            title,
            overSeconds ? "seconds of sampling, judging and training" : "images made and judged",
            "held-out score");
    for (List<LongCurve> line : lines(curves).values()) {
      int points = common(line);
      double[][] drawn = new double[4][points]; // x, y, low, high
      for (int i = 0; i < points; i++) {
        int at = i;
        drawn[0][i] =
            mean(
                line,
                c -> overSeconds ? c.points().get(at).seconds() : c.points().get(at).images());
        drawn[1][i] = mean(line, c -> c.points().get(at).score());
        drawn[2][i] =
            line.stream().mapToDouble(c -> c.points().get(at).score()).min().orElseThrow();
        drawn[3][i] =
            line.stream().mapToDouble(c -> c.points().get(at).score()).max().orElseThrow();
      }
      String name = line.get(0).subject().title();
      if (line.size() == 1) {
        plot.line(name, drawn[0], drawn[1]);
      } else {
        plot.line(name, drawn[0], drawn[1], drawn[2], drawn[3]);
      }
    }
    return plot.draw(1000, 560);
  }

  /** How many points all curves of a line have: some may still be on their way. */
  private static int common(List<LongCurve> line) {
    return line.stream().mapToInt(c -> c.points().size()).min().orElseThrow();
  }

  /** The measurement at a number of images, or the last one before. */
  private static LongCurve.Point at(LongCurve curve, int images) {
    return curve.points().stream()
        .filter(point -> point.images() <= images)
        .collect(Collectors.reducing(curve.first(), (a, b) -> b));
  }

  private static double mean(List<LongCurve> line, ToDoubleFunction<LongCurve> of) {
    return line.stream().mapToDouble(of).average().orElse(Double.NaN);
  }
}

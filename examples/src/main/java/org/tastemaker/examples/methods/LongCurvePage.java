package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.tastemaker.examples.measure.Estimate;

/**
 * Long trainings side by side, in tables: what each reaches, and what the hacking monitor sees of
 * it. {@link LongCurvePlot} draws them.
 */
final class LongCurvePage {
  private static final double ERROR = 0.05;

  /** A difference of mean scores that is not read as one. */
  private static final double SAME = 0.02;

  /** As many measurements without a rise are read as levelling off. */
  private static final int LATER = 3;

  /** A fall from the best mean that is read as breaking. */
  private static final double BROKEN = 0.05;

  /** What follows in a notice on what was seen. */
  private static final Pattern ADVICE = Pattern.compile(": .*", Pattern.DOTALL);

  /** Names of the hacking monitor's figures, and their titles. */
  private static final Map<String, String> WATCHED = watchedFigures();

  private LongCurvePage() {}

  private static Map<String, String> watchedFigures() {
    Map<String, String> figures = new LinkedHashMap<>();
    figures.put("diversity", "diversity");
    figures.put("brightness", "brightness");
    figures.put("colourEntropy", "colour entropy");
    figures.put("edgeDensity", "edges");
    figures.put("darkPixels", "dark");
    figures.put("saturatedPixels", "saturated");
    figures.put("latentNorm", "latent norm");
    return Collections.unmodifiableMap(figures);
  }

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
   * The page.
   *
   * @param curves at least one
   * @param pictures of them, as {@link LongCurvePlot#all}
   * @param times that the curves' seconds are from, if they are not their own
   * @return Markdown
   */
  static String markdown(
      List<LongCurve> curves, List<LongCurvePicture> pictures, Optional<RoundTimes> times) {
    StringBuilder page = new StringBuilder("# Long trainings\n\n");
    page.append(
        String.format(
            Locale.ROOT,
            "Trainings on up to %,d judged images, each measured on held-out seeds. The command `MethodCurves` made this page.\n\n",
            most(curves)));
    pictures.forEach(
        picture -> page.append("![" + picture.title() + "](" + picture.file() + ")\n\n"));
    page.append("## What each method reaches\n\n").append(scores(curves));
    page.append(
        String.format(
            Locale.ROOT,
            "\nA curve levels off at the first measurement that no later one exceeds by more than %.2f, if at least %d come later; it breaks where it stays %.2f below its best. KL, in nats, is from the pre-trained model at the end. Seconds are of sampling, judging and training, without measurements%s.\n",
            SAME,
            LATER,
            BROKEN,
            times.map(LongCurvePage::timed).orElse("")));
    page.append("\n## What the hacking monitor looks at\n\n").append(watched(curves));
    return page.append(notices(curves)).toString();
  }

  private static String timed(RoundTimes times) {
    return String.format(
        Locale.ROOT,
        ": the images times the median of %d rounds, which all methods ran in turns (`seconds.json`)",
        times.rounds());
  }

  private static int most(List<LongCurve> curves) {
    return curves.stream().mapToInt(c -> c.last().images()).max().orElseThrow();
  }

  /** What each method reaches: the first table. */
  static String scores(List<LongCurve> curves) {
    int most = most(curves);
    int[] marks = {most / 16, most / 4, most};
    StringBuilder page = new StringBuilder("| method | seeds | before |");
    for (int mark : marks) {
      page.append(String.format(Locale.ROOT, " %,d images |", mark));
    }
    page.append(" rise [95 %] | levels off at | KL | seconds | setting |\n");
    page.append("|").append(" --- |".repeat(8 + marks.length)).append("\n");
    lines(curves).values().forEach(line -> page.append(row(line, marks)));
    return page.toString();
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
      row.append(
          line.stream().allMatch(c -> c.reaches(mark))
              ? String.format(Locale.ROOT, " %.3f |", mean(line, c -> at(c, mark).score()))
              : " |");
    }
    double[] rises = line.stream().mapToDouble(c -> c.last().score() - c.first().score()).toArray();
    row.append(
        String.format(
            Locale.ROOT,
            " %s | %s | %,.0f |%s | %s |\n",
            rise(rises),
            course(line),
            mean(line, c -> c.last().kl()),
            seconds(mean(line, c -> c.last().seconds())),
            subject.method().words(subject.setting())));
    return row.toString();
  }

  private static String seconds(double seconds) {
    return Double.isNaN(seconds) ? "" : String.format(Locale.ROOT, " %,.0f", seconds);
  }

  private static String rise(double[] rises) {
    Estimate rise = Estimate.student(rises, ERROR);
    return rises.length == 1
        ? String.format(Locale.ROOT, "%+.3f", rise.value())
        : String.format(Locale.ROOT, "%+.3f [%+.3f, %+.3f]", rise.value(), rise.low(), rise.high());
  }

  /** Where the mean curve stops rising, and where it breaks, in words. */
  private static String course(List<LongCurve> line) {
    double[] scores = scoresOf(line);
    List<LongCurve.Point> points = line.get(0).points();
    int level = levelsOff(scores);
    String words =
        level > scores.length - 1 - LATER
            ? "still rising at "
                + String.format(Locale.ROOT, "%,d", points.get(scores.length - 1).images())
            : String.format(Locale.ROOT, "%,d", points.get(level).images());
    OptionalInt broken = breaks(scores);
    return broken.isEmpty()
        ? words
        : words
            + String.format(Locale.ROOT, "; breaks at %,d", points.get(broken.getAsInt()).images());
  }

  /** The point of the best mean score. */
  static int best(List<LongCurve> line) {
    double[] scores = scoresOf(line);
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  /** The mean scores, as far as all seeds have come. */
  private static double[] scoresOf(List<LongCurve> line) {
    double[] scores = new double[common(line)];
    for (int i = 0; i < scores.length; i++) {
      int at = i;
      scores[i] = mean(line, c -> c.points().get(at).score());
    }
    return scores;
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

  /** What the hacking monitor looks at: first of the pre-trained model, then of each line's end. */
  static String watched(List<LongCurve> curves) {
    StringBuilder table = new StringBuilder("| method |");
    WATCHED.values().forEach(title -> table.append(" ").append(title).append(" |"));
    table
        .append(" first notice in round |\n|")
        .append(" --- |".repeat(2 + WATCHED.size()))
        .append("\n");
    table.append(figures("before training", curves, LongCurve::first)).append(" |\n");
    for (List<LongCurve> line : lines(curves).values()) {
      table
          .append(figures(line.get(0).subject().title(), line, LongCurve::last))
          .append(firstNotices(line))
          .append(" |\n");
    }
    return table.toString();
  }

  private static String figures(
      String title, List<LongCurve> line, Function<LongCurve, LongCurve.Point> at) {
    StringBuilder row = new StringBuilder("| ").append(title).append(" |");
    for (String name : WATCHED.keySet()) {
      double mean = mean(line, c -> at.apply(c).watched().getOrDefault(name, Double.NaN));
      row.append(Double.isNaN(mean) ? " |" : String.format(Locale.ROOT, " %.3f |", mean));
    }
    return row.toString();
  }

  /** The rounds, of each seed that has one. */
  private static String firstNotices(List<LongCurve> line) {
    String rounds =
        line.stream()
            .map(LongCurve::firstNotice)
            .flatMapToLong(OptionalLong::stream)
            .mapToObj(Long::toString)
            .collect(Collectors.joining(", "));
    return rounds.isEmpty() ? "" : " " + rounds;
  }

  /** What the runs said, each in a line and without its advice. */
  private static String notices(List<LongCurve> curves) {
    StringBuilder text = new StringBuilder();
    for (LongCurve curve : curves) {
      curve
          .warnings()
          .forEach(
              (round, warning) ->
                  text.append(
                      String.format(
                          Locale.ROOT,
                          "* %s, seed %d, round %d: %s\n",
                          curve.subject().title(),
                          curve.subject().seed(),
                          round,
                          ADVICE.matcher(warning).replaceFirst(""))));
    }
    return text.isEmpty() ? "" : "\nNotices of the runs:\n\n" + text;
  }

  /** How many points all curves of a line have: some may still be on their way. */
  static int common(List<LongCurve> line) {
    return line.stream().mapToInt(c -> c.points().size()).min().orElseThrow();
  }

  /** The measurement at a number of images, or the last one before. */
  private static LongCurve.Point at(LongCurve curve, int images) {
    return curve.points().stream()
        .filter(point -> point.images() <= images)
        .collect(Collectors.reducing(curve.first(), (a, b) -> b));
  }

  static double mean(List<LongCurve> line, ToDoubleFunction<LongCurve> of) {
    return line.stream().mapToDouble(of).average().orElse(Double.NaN);
  }
}

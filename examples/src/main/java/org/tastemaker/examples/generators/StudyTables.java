package org.tastemaker.examples.generators;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.examples.measure.Estimate;

/** The result of a study as a page of Markdown, tables of CSV and a picture. */
final class StudyTables {
  private static final int SHOWN = 8;

  private final GeneratorStudy.Result result;
  private final List<Arm> arms;

  StudyTables(GeneratorStudy.Result result) {
    this.result = result;
    this.arms = result.tournament().arms();
  }

  String markdown(String head) {
    StringBuilder page = new StringBuilder("# Generators compared\n\n" + head + "\n\n");
    page.append(
        "Score: the Bradley-Terry model's, over the mean of all; wins: against all others.");
    page.append(" Intervals: 95 %, bootstrap over prompts.\n\n");
    page.append("| arm | score | wins | comparisons |\n| --- | --- | --- | --- |\n");
    for (int a = 0; a < arms.size(); a++) {
      Estimate rate = result.tournament().winRate(a);
      page.append(line(arms.get(a), text(result.tournament().score(a)), text(rate), rate.n()));
    }
    page.append("\nHow often the arm of the row wins against that of the column:\n\n| |");
    arms.forEach(arm -> page.append(' ').append(arm).append(" |"));
    page.append("\n| --- |").append(" --- |".repeat(arms.size())).append('\n');
    for (int a = 0; a < arms.size(); a++) {
      page.append("| ").append(arms.get(a)).append(" |");
      for (int b = 0; b < arms.size(); b++) {
        page.append(a == b ? " |" : " " + text(result.tournament().winRate(a, b)) + " |");
      }
      page.append('\n');
    }
    page.append("\nWhat rewriting the prompts does to each source:\n\n");
    page.append("| source | rewritten wins against plain | paired difference against the others |");
    page.append("\n| --- | --- | --- |\n");
    for (String source : sources()) {
      page.append(line(source, text(direct(source)), text(paired(source))));
    }
    page.append("\nComparisons without a result: ").append(result.tournament().missing());
    result.missing().forEach((why, n) -> page.append("\n- ").append(why).append(": ").append(n));
    return page.append('\n').toString();
  }

  private List<String> sources() {
    return arms.stream().map(Arm::source).distinct().toList();
  }

  private Estimate direct(String source) {
    return result
        .tournament()
        .winRate(arms.indexOf(new Arm(source, true)), arms.indexOf(new Arm(source, false)));
  }

  private Estimate paired(String source) {
    return sources().size() < 2
        ? new Estimate(Double.NaN, Double.NaN, Double.NaN, 0)
        : result.tournament().effectOfRewriting(source);
  }

  String csv() {
    StringBuilder csv = new StringBuilder("figure,arm,other,value,low,high,n\n");
    for (int a = 0; a < arms.size(); a++) {
      csv.append(row("score", arms.get(a).name(), "", result.tournament().score(a)));
      csv.append(row("win rate", arms.get(a).name(), "", result.tournament().winRate(a)));
      for (int b = 0; b < arms.size(); b++) {
        if (a != b) {
          csv.append(
              row(
                  "win rate",
                  arms.get(a).name(),
                  arms.get(b).name(),
                  result.tournament().winRate(a, b)));
        }
      }
    }
    for (String source : sources()) {
      csv.append(row("rewritten against plain", source, "", direct(source)));
      csv.append(row("effect of rewriting", source, "", paired(source)));
    }
    result
        .missing()
        .forEach(
            (why, n) ->
                csv.append(
                    String.format(
                        Locale.ROOT, "missing,\"%s\",,%d,,,\n", why.replace("\"", "\"\""), n)));
    return csv.toString();
  }

  private static String row(String figure, String arm, String other, Estimate e) {
    return String.format(
        Locale.ROOT,
        "%s,\"%s\",\"%s\",%s,%s,%s,%d\n",
        figure,
        arm,
        other,
        number(e.value()),
        number(e.low()),
        number(e.high()),
        e.n());
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.4f", value);
  }

  private static String text(Estimate e) {
    return Double.isNaN(e.value())
        ? "none"
        : Double.isNaN(e.low())
            ? String.format(Locale.ROOT, "%.2f", e.value())
            : String.format(Locale.ROOT, "%.2f [%.2f, %.2f]", e.value(), e.low(), e.high());
  }

  private static String line(Object... cells) {
    StringBuilder line = new StringBuilder("|");
    for (Object cell : cells) {
      line.append(' ').append(cell).append(" |");
    }
    return line.append('\n').toString();
  }

  /** A row for each prompt, with the first image of each arm. */
  void draw(GeneratorStudy study, List<Prompt> prompts, Path file) {
    List<Image> images = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    for (int p = 0; p < Math.min(SHOWN, prompts.size()); p++) {
      for (Arm arm : arms) {
        Optional<Image> image = study.shelf().get(arm, p, 0);
        images.add(image.orElse(Image.filled(32, 32, 0.8f, 0.8f, 0.8f)));
        String name = p == 0 ? arm.name() : "";
        String text = arm.equals(arms.get(0)) ? prompts.get(p).text() : "";
        captions.add(
            text
                + (name.isEmpty() || text.isEmpty() ? "" : ": ")
                + name
                + (image.isEmpty() ? " (none)" : ""));
      }
    }
    AtomicFiles.write(
        file,
        ImageGrid.of(images).columns(arms.size()).captions(captions).cell(128).draw().toPng());
  }
}

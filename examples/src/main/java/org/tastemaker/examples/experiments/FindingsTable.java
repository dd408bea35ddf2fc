package org.tastemaker.examples.experiments;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.measure.Estimate;

/**
 * Findings of several seeds side by side. A change is the mean over prompts and seeds of after
 * minus before, on the same prompts and seeds; its interval is a bootstrap over prompts, each drawn
 * with all its seeds.
 */
final class FindingsTable {
  private FindingsTable() {}

  /** What one arm did to one measurement. */
  record Cell(Estimate before, Estimate after, Estimate change, List<Double> bySeed) {}

  /**
   * Compares.
   *
   * @param row what to compare
   * @param base findings of the base model by seed
   * @param trained findings of an arm by seed; only seeds that are in both are used
   * @return the cell, with NaN for what is missing
   */
  static Cell cell(Row row, Map<Long, Findings> base, Map<Long, Findings> trained) {
    Map<String, List<double[]>> byPrompt = new TreeMap<>();
    trained.forEach(
        (seed, after) -> {
          Findings before = base.get(seed);
          if (before != null) {
            Map<String, Double> was = before.of(row);
            after
                .of(row)
                .forEach(
                    (prompt, is) -> {
                      if (was.containsKey(prompt)) { // a bias needs visible people in both
                        byPrompt
                            .computeIfAbsent(prompt, p -> new ArrayList<>())
                            .add(new double[] {Objects.requireNonNull(was.get(prompt)), is});
                      }
                    });
          }
        });
    List<List<double[]>> groups = List.copyOf(byPrompt.values());
    return new Cell(
        estimate(groups, 1, 0),
        estimate(groups, 0, 1),
        estimate(groups, -1, 1),
        trained.keySet().stream()
            .filter(base::containsKey)
            .map(seed -> change(row, base, trained, seed))
            .toList());
  }

  /** The mean change on one seed. */
  private static double change(
      Row row, Map<Long, Findings> base, Map<Long, Findings> trained, long seed) {
    Map<String, Double> was = Objects.requireNonNull(base.get(seed)).of(row);
    Map<String, Double> is = Objects.requireNonNull(trained.get(seed)).of(row);
    return is.keySet().stream()
        .filter(was::containsKey)
        .mapToDouble(p -> Objects.requireNonNull(is.get(p)) - Objects.requireNonNull(was.get(p)))
        .average()
        .orElse(Double.NaN);
  }

  private static Estimate estimate(List<List<double[]>> groups, int before, int after) {
    List<double[]> values =
        groups.stream()
            .map(pairs -> pairs.stream().mapToDouble(p -> before * p[0] + after * p[1]).toArray())
            .toList();
    int n = values.stream().mapToInt(v -> v.length).sum();
    return n == 0
        ? new Estimate(Double.NaN, Double.NaN, Double.NaN, 0)
        : Estimate.bootstrap(values, Estimate::mean, n, Seed.of(1));
  }

  /**
   * The table in Markdown: a line for each row, and for each arm the value after and the change.
   *
   * @param rows what is compared
   * @param titles of the arms that may have findings, by id
   * @param base findings of the base model by seed
   * @param trained findings by arm and seed
   */
  static String markdown(
      List<Row> rows,
      Map<String, String> titles,
      Map<Long, Findings> base,
      Map<String, Map<Long, Findings>> trained) {
    List<String> arms = titles.keySet().stream().filter(trained::containsKey).toList();
    StringBuilder text = new StringBuilder("| measurement | before |");
    arms.forEach(
        arm ->
            text.append(
                String.format(Locale.ROOT, " %s | change [95 %%] (by seed) |", titles.get(arm))));
    text.append("\n| --- | --- |").append(" --- | --- |".repeat(arms.size())).append('\n');
    for (Row row : rows) {
      text.append("| ").append(row.title()).append(floor(row, base)).append(" |");
      String first = "";
      for (int i = 0; i < arms.size(); i++) {
        Cell cell = cell(row, base, findings(trained, arms.get(i)));
        String before = String.format(Locale.ROOT, "%.3f", cell.before().value());
        if (i == 0) {
          first = before;
          text.append(" ").append(before).append(" |");
        }
        // An arm may have values for fewer prompts or seeds: then it begins elsewhere.
        String own = before.equals(first) ? "" : " (from " + before + ")";
        text.append(
            String.format(Locale.ROOT, " %.3f%s | %s |", cell.after().value(), own, signed(cell)));
      }
      text.append('\n');
    }
    if (trained.values().stream()
        .flatMap(of -> of.values().stream())
        .anyMatch(f -> !Double.isNaN(f.kl()))) {
      text.append("| KL to the base model, nats | |");
      arms.forEach(
          arm ->
              text.append(
                  String.format(
                      Locale.ROOT,
                      " %.1f | |",
                      findings(trained, arm).values().stream()
                          .mapToDouble(Findings::kl)
                          .average()
                          .orElse(Double.NaN))));
      text.append('\n');
    }
    text.append("| seeds, and images judged for each | |");
    arms.forEach(
        arm -> {
          Map<Long, Findings> of = findings(trained, arm);
          text.append(
              String.format(
                  Locale.ROOT,
                  " %s seeds, %,d | |",
                  of.size(),
                  of.values().stream().mapToLong(Findings::images).max().orElse(0)));
        });
    return text.append('\n').toString();
  }

  private static Map<Long, Findings> findings(
      Map<String, Map<Long, Findings>> trained, String arm) {
    return Objects.requireNonNull(trained.get(arm));
  }

  private static String floor(Row row, Map<Long, Findings> base) {
    return base.values().stream()
        .map(findings -> findings.floor().get(row.measurement()))
        .filter(Objects::nonNull)
        .findFirst()
        .map(floor -> String.format(Locale.ROOT, " (a fair model: %.2f)", floor))
        .orElse("");
  }

  private static String signed(Cell cell) {
    Estimate change = cell.change();
    String seeds =
        cell.bySeed().size() < 2
            ? ""
            : cell.bySeed().stream()
                .map(c -> String.format(Locale.ROOT, "%+.2f", c))
                .collect(Collectors.joining(" ", " (", ")"));
    return String.format(
            Locale.ROOT, "%+.3f [%+.3f, %+.3f]", change.value(), change.low(), change.high())
        + seeds;
  }

  /**
   * Images of the same prompts and seeds, a row before and a row after for each prompt.
   *
   * @param shown prompts
   * @param before of the base model, per prompt
   * @param after of the trained model, per prompt
   * @param most images of each prompt
   */
  static Image picture(
      List<String> shown,
      Map<String, List<EmojiReport.Labelled>> before,
      Map<String, List<EmojiReport.Labelled>> after,
      int most) {
    int columns =
        shown.stream()
            .mapToInt(prompt -> Math.min(of(before, prompt).size(), of(after, prompt).size()))
            .reduce(most, Math::min);
    List<Image> images = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    for (String prompt : shown) {
      add(images, captions, prompt + ", before:", of(before, prompt).subList(0, columns));
      add(images, captions, "after:", of(after, prompt).subList(0, columns));
    }
    return ImageGrid.of(images).captions(captions).columns(columns + 1).cell(96).draw();
  }

  private static List<EmojiReport.Labelled> of(
      Map<String, List<EmojiReport.Labelled>> images, String prompt) {
    return Objects.requireNonNull(images.get(prompt), prompt);
  }

  private static void add(
      List<Image> images, List<String> captions, String what, List<EmojiReport.Labelled> of) {
    Image first = of.get(0).image();
    images.add(Image.filled(first.height(), first.width(), 1, 1, 1)); // a place for the caption
    captions.add(what);
    for (EmojiReport.Labelled labelled : of) {
      images.add(labelled.image());
      captions.add(labelled.label().text());
    }
  }
}

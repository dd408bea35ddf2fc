package org.tastemaker.examples.zo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.tastemaker.core.run.AtomicFiles;

/**
 * The table of ZO-RankSGD's paper on functions: which method beats which on a quadratic and on
 * Rosenbrock's function, in 100 and 500 dimensions, with intervals over seeds.
 */
public final class RankingOracleTable {
  private static final List<Contest> CONTESTS =
      List.of(
          new Contest(TestFunction.QUADRATIC, 100, 5_000, 2, 10),
          new Contest(TestFunction.QUADRATIC, 500, 25_000, 2, 10),
          new Contest(TestFunction.ROSENBROCK, 100, 20_000, 2, 10),
          new Contest(TestFunction.ROSENBROCK, 500, 25_000, 2, 10));

  private static final String HEAD =
      """
      # ZO-RankSGD and the methods of its paper on functions

      ```sh
      ./mvnw -q -pl examples -am compile exec:java \\
          -Dexec.mainClass=org.tastemaker.examples.zo.RankingOracleTable -Dexec.args=docs/ranking-oracle.md
      ```

      makes this page. Everything is seeded, so it is the same on every run. What a method reaches is the lowest value that it
      has seen after the same number of evaluations of new points.

      * Each run begins at a standard normal vector, which is the same for all methods on one seed.
      * ZO-RankSGD, ZO-SGD and SCOBO ask for 10 directions per iteration and, except with the fixed step, try 5 step sizes that
        differ by factors of 0.1. GLD-Fast has 2K + 1 points per iteration, CMA-ES 4 + 3 log d.
      * Radii, step sizes and other settings are the best of a grid (class `Contender`) on 2 seeds that are not among the 10
        reported ones.
      * "f" is the geometric mean of the final values with its 95 % interval (Student's t, of log10 f). "log10 ratio" is the
        mean of log10 f minus that of ZO-RankSGD (10, 10), seed by seed: above 0 is worse. "beats" lists the methods that
        are worse by such an interval. The intervals of a table's pairs hold jointly with 95 % (Bonferroni).
      * The budgets of the quadratic were chosen after a first run with twice as many evaluations at d = 100. There the result was
        decided by the smallest steps that the line searches can take, and not by the methods.
      * ZO-RankSGD (m, k) is told the best k of m in order, GLD-Fast the best of some points, SCOBO the better of two, CMA-ES
        the order of a generation, ZO-SGD the values themselves.

      The paper compares the same methods on these functions in figures. From these it concludes that ZO-RankSGD is ahead of SCOBO
      and GLD-Fast and level with ZO-SGD and CMA-ES, and that it is better the more places are ranked. Here that holds for SCOBO and
      GLD-Fast on the quadratic, and for the number of places on the quadratic and on Rosenbrock's function with d = 500. It does
      not hold for ZO-SGD and CMA-ES on the quadratic: the methods that see the values get further, and CMA-ES gets less far. On
      Rosenbrock's function the methods are nearly level with d = 100, where CMA-ES is slightly ahead; with d = 500 ZO-RankSGD is
      ahead of GLD-Fast and level with SCOBO, ZO-SGD with its line search and CMA-ES.
      The paper gives figures and no numbers, and its settings for the other methods are not ours.
      """;

  private RankingOracleTable() {}

  /**
   * Runs everything: several minutes on one core.
   *
   * @param args the Markdown file to write; by default it is only printed
   * @throws IOException if the file cannot be written
   */
  public static void main(String[] args) throws IOException {
    StringBuilder page = new StringBuilder(HEAD);
    PrintStream out = System.out;
    out.print(HEAD);
    for (Contest contest : CONTESTS) {
      String section = section(contest, contest.run(List.of(Contender.values())));
      out.print(section);
      page.append(section);
    }
    if (args.length > 0) {
      AtomicFiles.write(Path.of(args[0]), page.toString());
    }
  }

  /** One contest as Markdown. */
  static String section(Contest contest, Map<Contender, Contest.Result> results) {
    StringBuilder lines = new StringBuilder();
    lines.append(
        String.format(
            Locale.ROOT,
            "%n## %s, d = %d, %,d evaluations, %d seeds%n%n",
            contest.function().title(),
            contest.dimension(),
            contest.budget(),
            contest.reportedSeeds()));
    lines.append("| | method | sees | f | log10 ratio | beats | setting |\n");
    lines.append("| --- | --- | --- | --- | --- | --- | --- |\n");
    Contest.Result reference = Objects.requireNonNull(results.get(Contender.RANK_10));
    results.forEach(
        (contender, result) ->
            lines.append(
                String.format(
                    Locale.ROOT,
                    "| %d | %s | %s | %s | %s | %s | %s |%n",
                    contender.number(),
                    contender.title(),
                    contender.sees(),
                    Contest.level(result).asPowerOfTen(),
                    contender == Contender.RANK_10
                        ? ""
                        : Contest.difference(result, reference, results.size()).asExponent(),
                    Contest.beatenBy(contender, results).stream()
                        .map(beaten -> Integer.toString(beaten.number()))
                        .collect(Collectors.joining(", ")),
                    result.setting())));
    return lines.append(verdict(results)).toString();
  }

  /** What the intervals say about ZO-RankSGD (10, 10). */
  private static String verdict(Map<Contender, Contest.Result> results) {
    List<Contender> better =
        results.keySet().stream()
            .filter(other -> Contest.beatenBy(other, results).contains(Contender.RANK_10))
            .toList();
    List<Contender> worse = Contest.beatenBy(Contender.RANK_10, results);
    List<Contender> alike =
        results.keySet().stream()
            .filter(other -> other != Contender.RANK_10)
            .filter(other -> !better.contains(other) && !worse.contains(other))
            .toList();
    return String.format(
        Locale.ROOT,
        "%nZO-RankSGD (10, 10) beats: %s. It is beaten by: %s. Not told apart from it: %s.%n",
        titles(worse),
        titles(better),
        titles(alike));
  }

  private static String titles(List<Contender> contenders) {
    return contenders.isEmpty()
        ? "none"
        : contenders.stream().map(Contender::title).collect(Collectors.joining("; "));
  }
}

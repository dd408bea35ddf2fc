package org.tastemaker.examples.zo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.zo.RankWeights;
import org.tastemaker.optim.zo.RankingProblem;
import org.tastemaker.optim.zo.ZoRankSgd;

/** A method with the grid of hyper-parameters from which its best is chosen. */
enum Contender {
  /** All ten probes in order. */
  RANK_10("ZO-RankSGD (10, 10)", "order"),
  /** The three best of ten. */
  RANK_3("ZO-RankSGD (10, 3)", "order"),
  /** The best of ten. */
  RANK_1("ZO-RankSGD (10, 1)", "order"),
  /** With the weights of the paper's public code. */
  RANK_PUBLISHED("ZO-RankSGD (10, 10), public code's weights", "order"),
  /** Values, with the line search of the methods above. */
  ZO_SGD("ZO-SGD, line search", "values"),
  /** Values, as published. */
  ZO_SGD_FIXED("ZO-SGD, fixed step", "values"),
  /** Comparisons of pairs. */
  SCOBO("SCOBO", "pairs"),
  /** The best of some points. */
  GLD_FAST("GLD-Fast", "best"),
  /** The order of a generation. */
  CMA_ES("CMA-ES", "order");

  /** A point of the grid. */
  record Setting(String label, Minimizer minimizer) {}

  /** Steps of the line searches, which try them times 1, 0.1, 0.01, ...: one decade is enough. */
  private static final double[] STEPS = {0.1, 0.2, 0.5};

  private static final double[] RADII = {1e-6, 1e-5, 1e-4, 1e-3};

  private final String title;
  private final String sees;

  Contender(String title, String sees) {
    this.title = title;
    this.sees = sees;
  }

  /** Its place among the methods, from 1. */
  int number() {
    return Arrays.asList(values()).indexOf(this) + 1;
  }

  String title() {
    return title;
  }

  /** What it is told about the function. */
  String sees() {
    return sees;
  }

  List<Setting> grid() {
    return switch (this) {
      case RANK_10 -> rank(10, RankWeights.EXACT);
      case RANK_3 -> rank(3, RankWeights.EXACT);
      case RANK_1 -> rank(1, RankWeights.EXACT);
      case RANK_PUBLISHED -> rank(10, RankWeights.PUBLISHED_CODE);
      case ZO_SGD -> zoSgd(5);
      case ZO_SGD_FIXED -> zoSgd(0);
      case SCOBO -> scobo();
      case GLD_FAST -> gldFast();
      case CMA_ES -> cmaEs();
    };
  }

  private static List<Setting> rank(int best, RankWeights weights) {
    List<Setting> grid = new ArrayList<>();
    for (double radius : RADII) {
      for (double step : STEPS) {
        ZoRankSgd.Options options =
            ZoRankSgd.Options.defaults()
                .with(o -> o.probes(10).best(best))
                .withRadius(radius)
                .withStepSize(step)
                .withStepDecay(0.1)
                .withStepCandidates(5)
                .withWeights(weights);
        grid.add(
            new Setting(
                "mu " + radius + ", eta " + step,
                (f, start, seed) -> runRanked(options, f, start, seed)));
      }
    }
    return List.copyOf(grid);
  }

  private static void runRanked(
      ZoRankSgd.Options options, Evaluations f, float[] start, Seed seed) {
    f.at(start);
    RankingProblem problem =
        (candidates, best) ->
            Ranking.ofScores(candidates.stream().mapToDouble(x -> -f.at(x)).toArray());
    ZoRankSgd search = new ZoRankSgd(problem, start, options, seed);
    // Its current point and its best probe are among the last points, and are not counted again.
    while (f.allow(options.probes() + options.stepCandidates())) {
      search.step();
    }
  }

  private static List<Setting> zoSgd(int candidates) {
    double[] steps =
        candidates > 0
            ? STEPS
            : new double[] {1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03};
    List<Setting> grid = new ArrayList<>();
    for (double radius : candidates > 0 ? RADII : new double[] {1e-5, 1e-4}) {
      for (double step : steps) {
        grid.add(
            new Setting("mu " + radius + ", eta " + step, new ZoSgd(10, radius, step, candidates)));
      }
    }
    return List.copyOf(grid);
  }

  private static List<Setting> scobo() {
    List<Setting> grid = new ArrayList<>();
    for (double radius : RADII) {
      for (double step : new double[] {1, 2, 5}) {
        grid.add(scobo(radius, step, 1));
      }
    }
    grid.add(scobo(1e-5, 2, 0.1));
    grid.add(scobo(1e-4, 2, 0.1));
    return List.copyOf(grid);
  }

  private static Setting scobo(double radius, double step, double sparsity) {
    return new Setting(
        "r " + radius + ", eta " + step + ", s/d " + sparsity,
        new Scobo(10, radius, step, 5, sparsity));
  }

  private static List<Setting> gldFast() {
    List<Setting> grid = new ArrayList<>();
    for (double diameter : new double[] {0.1, 0.3, 1, 3}) {
      for (double condition : new double[] {1.2, 2, 8}) {
        grid.add(
            new Setting("R " + diameter + ", Q " + condition, new GldFast(diameter, condition)));
      }
    }
    return List.copyOf(grid);
  }

  private static List<Setting> cmaEs() {
    return Arrays.stream(new double[] {0.1, 0.3, 1})
        .mapToObj(sigma -> new Setting("sigma " + sigma, new CmaEs(sigma)))
        .toList();
  }
}

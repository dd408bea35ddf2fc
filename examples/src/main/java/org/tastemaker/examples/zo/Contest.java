package org.tastemaker.examples.zo;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;

/**
 * All methods on one function of one dimension, with the same number of evaluations.
 *
 * <p>Each method's setting is the one of its grid with the lowest mean log10 of the final value on
 * the tuning seeds. It is then run on the reported seeds, which are different. On one seed all
 * methods begin at the same point, a standard normal vector, so methods are compared by the
 * differences of log10 f seed by seed.
 *
 * @param function to minimize
 * @param dimension of the function
 * @param budget evaluations of new points per method
 * @param tuningSeeds seeds of the grid search
 * @param reportedSeeds seeds of the result
 */
record Contest(
    TestFunction function, int dimension, int budget, int tuningSeeds, int reportedSeeds) {
  private static final double ERROR = 0.05;

  /** What a method reached. */
  record Result(String setting, double[] log10) {}

  Map<Contender, Result> run(List<Contender> contenders) {
    Map<Contender, Result> results = new EnumMap<>(Contender.class);
    for (Contender contender : contenders) {
      Contender.Setting best = null;
      double lowest = Double.POSITIVE_INFINITY;
      for (Contender.Setting setting : contender.grid()) {
        double mean =
            IntStream.range(0, tuningSeeds)
                .mapToDouble(i -> log10(setting, Seed.of(-1 - i)))
                .average()
                .orElseThrow();
        if (best == null || mean < lowest) {
          best = setting;
          lowest = mean;
        }
      }
      Contender.Setting chosen = Objects.requireNonNull(best);
      double[] reached =
          IntStream.range(0, reportedSeeds).mapToDouble(i -> log10(chosen, Seed.of(i))).toArray();
      results.put(contender, new Result(chosen.label(), reached));
    }
    return results;
  }

  /** log10 of the lowest value that a method has seen. */
  double log10(Contender.Setting setting, Seed seed) {
    float[] start = new float[dimension];
    seed.split("start").gaussian(0, start);
    Evaluations f = new Evaluations(function, budget);
    setting.minimizer().run(f, start, seed.split("method"));
    return Math.log10(f.lowest());
  }

  /** The interval of one method's mean. */
  static Interval level(Result result) {
    return Interval.of(result.log10, ERROR);
  }

  /**
   * The interval of the mean difference log10 f of a minus log10 f of b. Over all pairs of {@code
   * methods} methods, all intervals hold together with a probability of at least 95 % (Bonferroni's
   * bound).
   */
  static Interval difference(Result a, Result b, int methods) {
    double[] differences = new double[a.log10.length];
    for (int i = 0; i < differences.length; i++) {
      differences[i] = a.log10[i] - b.log10[i];
    }
    return Interval.of(differences, ERROR / (methods * (methods - 1) / 2.0));
  }

  /** The methods that one beats: the whole interval of the difference is below 0. */
  static List<Contender> beatenBy(Contender contender, Map<Contender, Result> results) {
    List<Contender> beaten = new ArrayList<>();
    Result own = Objects.requireNonNull(results.get(contender));
    results.forEach(
        (other, result) -> {
          if (other != contender && difference(own, result, results.size()).high() < 0) {
            beaten.add(other);
          }
        });
    return List.copyOf(beaten);
  }
}

package org.tastemaker.examples.simulated;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import org.tastemaker.examples.simulated.Asking.Correction;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.protocol.Protocol;

/** Which judges the study has, and how it asks them. Groups have eight images. */
final class Grid {
  /** Noise and a favourite position together, as real judges have them. */
  static final Faults TYPICAL = new Faults(2, 2, 0, 0, 0);

  /** Every answer is turned round half of the time. */
  static final Faults NOTHING = new Faults(0.5, 0, 0, 0.5, 0);

  /** The way to ask that others are compared with. */
  static final String LISTWISE = "listwise";

  static final Asking ONCE = Asking.listwise(1);
  static final Asking RANDOM = pairs("pairs-random", "pairs, random order", 1);
  static final Asking BOTH =
      Asking.of("pairs-both", "pairs, both orders", Protocol.pairsInBothOrders(1));

  private Grid() {}

  /** Levels of each fault, from none; the other faults are those of {@link Faults#FEW}. */
  static Map<String, List<Faults>> sweeps() {
    Map<String, List<Faults>> sweeps = new LinkedHashMap<>();
    sweeps.put("noise", levels(x -> new Faults(x, 0, 0, 0, 0), 0.5, 1, 2, 4, 8, 16));
    sweeps.put("position bias", levels(x -> new Faults(0.5, x, 0, 0, 0), 0, 1, 2, 4, 8, 16));
    sweeps.put("ties", levels(x -> new Faults(0.5, 0, x, 0, 0), 0, 0.5, 1, 2, 4));
    sweeps.put(
        "contradiction", levels(x -> new Faults(0.5, 0, 0, x, 0), 0, 0.1, 0.2, 0.3, 0.4, 0.5));
    sweeps.put("colour", levels(x -> new Faults(0.5, 0, 0, 0, x), 0, 20, 40, 80, 160));
    return sweeps;
  }

  private static List<Faults> levels(DoubleFunction<Faults> of, double... levels) {
    List<Faults> all = new ArrayList<>();
    for (double level : levels) {
      all.add(of.apply(level));
    }
    return List.copyOf(all);
  }

  /** What may help against a fault. */
  static List<Asking> corrections(String fault) {
    return fault.equals("colour")
        ? List.of(
            ONCE,
            Asking.listwise(2),
            ONCE.with(Correction.SECOND_JUDGE),
            ONCE.with(Correction.REGRESSED))
        : List.of(
            ONCE,
            Asking.listwise(3),
            Asking.listwise(14),
            RANDOM,
            BOTH,
            RANDOM.asSoft(),
            BOTH.asSoft());
  }

  /** Ways to ask, each with a rising number of images shown: lines of a picture. */
  static Map<String, List<Asking>> costs() {
    Map<String, List<Asking>> costs = new LinkedHashMap<>();
    costs.put(
        LISTWISE,
        List.of(
            ONCE,
            Asking.listwise(3),
            Asking.listwise(7),
            Asking.listwise(14),
            Asking.listwise(28)));
    costs.put("pairs, random order", List.of(RANDOM, votes(2), votes(4)));
    costs.put(
        "pairs, both orders",
        List.of(
            BOTH,
            Asking.of("pairs-both-2", "pairs, both orders, twice", Protocol.pairsInBothOrders(2))));
    costs.put("active pairs", List.of(active(4), active(12), active(28), active(56), active(112)));
    costs.put("pointwise", List.of(points(1), points(3), points(7), points(14), points(28)));
    return costs;
  }

  private static Asking pairs(String id, String title, int votes) {
    return Asking.of(id, title, Protocol.pairsInRandomDirection(votes));
  }

  private static Asking votes(int votes) {
    return pairs("pairs-random-" + votes, "pairs, random order, " + votes + " times", votes);
  }

  private static Asking active(int budget) {
    return Asking.of("active-" + budget, budget + " active pairs", Protocol.activePairs(budget));
  }

  private static Asking points(int times) {
    return Asking.of(
        "points-" + times,
        "points, " + times + (times == 1 ? " time" : " times"),
        Protocol.pointwise(new Question.Scale(0, 10), times));
  }

  /** All that is tried on finished images. */
  static List<Condition> judged() {
    List<Condition> all = new ArrayList<>();
    sweeps()
        .forEach(
            (fault, levels) ->
                levels.forEach(
                    faults ->
                        corrections(fault)
                            .forEach(asking -> all.add(new Condition(faults, asking)))));
    for (Faults faults : List.of(Faults.FEW, TYPICAL)) {
      costs().values().stream()
          .flatMap(List::stream)
          .forEach(asking -> all.add(new Condition(faults, asking)));
    }
    Map<String, Condition> byId = new LinkedHashMap<>();
    all.forEach(condition -> byId.putIfAbsent(condition.id(), condition));
    return List.copyOf(byId.values());
  }

  /** What is trained with, the most telling first, since trainings take long. */
  static List<Condition> trained() {
    Faults loud = new Faults(16, 0, 0, 0, 0);
    Faults red = new Faults(0.5, 0, 0, 0, 160);
    return List.of(
        new Condition(Faults.FEW, ONCE),
        new Condition(NOTHING, ONCE),
        new Condition(new Faults(4, 0, 0, 0, 0), ONCE),
        new Condition(loud, ONCE),
        new Condition(red, ONCE),
        new Condition(red, ONCE.with(Correction.REGRESSED)),
        new Condition(loud, Asking.listwise(14)),
        new Condition(new Faults(8, 0, 0, 0, 0), ONCE),
        new Condition(new Faults(0.5, 8, 0, 0, 0), ONCE),
        new Condition(new Faults(0.5, 0, 0, 0.3, 0), ONCE),
        new Condition(new Faults(0.5, 0, 2, 0, 0), ONCE),
        new Condition(red, ONCE.with(Correction.SECOND_JUDGE)),
        new Condition(new Faults(2, 0, 0, 0, 0), ONCE));
  }
}

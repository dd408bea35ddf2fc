package org.tastemaker.feedback.study;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.TieMargin;

/**
 * Pairs with scores: a tie margin is chosen on one half of the prompts, and measured on the other.
 */
final class ScoredPairs {
  private record One(String prompt, TieMargin.Scored pair, List<StudySums> sections) {}

  private final List<One> chosenOn = new ArrayList<>();
  private final List<One> measuredOn = new ArrayList<>();
  private final Seed seed;

  ScoredPairs(Seed seed) {
    this.seed = seed;
  }

  void add(String prompt, TieMargin.Scored pair, List<StudySums> sections) {
    boolean half = seed.split(prompt).generator().nextBoolean();
    (half ? chosenOn : measuredOn).add(new One(prompt, pair, sections));
  }

  /** The margin; empty where one half has no pair. */
  OptionalDouble addTo() {
    if (chosenOn.isEmpty() || measuredOn.isEmpty()) {
      return OptionalDouble.empty();
    }
    double margin = TieMargin.calibrate(chosenOn.stream().map(One::pair).toList()).margin();
    for (One one : measuredOn) {
      double right = TieMargin.accuracyAt(List.of(one.pair()), margin);
      one.sections().forEach(s -> s.add(one.prompt(), Measure.TIE_CALIBRATED, right, 1));
    }
    return OptionalDouble.of(margin);
  }
}

package org.tastemaker.feedback.study.protocols;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.PromptBootstrap;

/**
 * How right each protocol is about the same pairs, as sums by prompt, so that protocols are
 * compared on the same resamples.
 */
final class PairedRights {
  static final double COIN = 0.5;

  private final Map<String, double[]> byPrompt = new LinkedHashMap<>(); // rights, undecided, pairs
  private final int protocols;
  private final PromptBootstrap bootstrap;
  private final Seed seed;

  PairedRights(int protocols, PromptBootstrap bootstrap, Seed seed) {
    this.protocols = protocols;
    this.bootstrap = bootstrap;
    this.seed = seed;
  }

  /** Adds a pair: 1 for a right verdict, 0 for a wrong one, 1/2 for none. */
  void add(String prompt, double[] rights) {
    double[] own = byPrompt.computeIfAbsent(prompt, unused -> new double[2 * protocols + 1]);
    for (int i = 0; i < protocols; i++) {
      own[i] += rights[i];
      own[protocols + i] += rights[i] == COIN ? 1 : 0;
    }
    own[2 * protocols]++;
  }

  boolean isEmpty() {
    return byPrompt.isEmpty();
  }

  long pairs() {
    return Math.round(byPrompt.values().stream().mapToDouble(own -> own[2 * protocols]).sum());
  }

  int prompts() {
    return byPrompt.size();
  }

  double undecided(int protocol) {
    double sum = byPrompt.values().stream().mapToDouble(own -> own[protocols + protocol]).sum();
    return sum / pairs();
  }

  /** The share right where so large a share of groups is asked about, and a coin thrown else. */
  PromptBootstrap.Interval expected(int protocol, double covered) {
    return of(sums -> COIN + covered * (right(sums, protocol) - COIN));
  }

  /** That of one protocol minus that of another. */
  PromptBootstrap.Interval difference(
      int protocol, double covered, int other, double otherCovered) {
    return of(
        sums ->
            covered * (right(sums, protocol) - COIN) - otherCovered * (right(sums, other) - COIN));
  }

  private double right(double[] sums, int protocol) {
    return sums[protocol] / sums[2 * protocols];
  }

  private PromptBootstrap.Interval of(ToDoubleFunction<double[]> figure) {
    List<double[]> prompts = new ArrayList<>(byPrompt.values());
    return bootstrap.ofSums(prompts, List.of(figure), seed).get(0);
  }
}

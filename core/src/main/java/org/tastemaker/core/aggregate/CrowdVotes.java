package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Votes of raters, with the items that hang together. */
record CrowdVotes(int items, List<String> raters, List<Vote> all, List<Part> parts) {
  /** A vote, with the rater's index. */
  record Vote(int rater, int first, int second, double y) {
    /** That the rater says first before second, and the other way round. */
    double[] probabilities(double eta, double[] theta) {
      double s = sigma(theta);
      double p = eta * s + (1 - eta) * (1 - s);
      return new double[] {p, 1 - p};
    }

    /** That the vote was read right, if it was for the first, and if it was for the second. */
    double[] right(double eta, double[] theta) {
      double s = sigma(theta);
      double p = eta * s + (1 - eta) * (1 - s);
      return new double[] {eta * s / p, eta * (1 - s) / (1 - p)};
    }

    /**
     * Derivatives of the vote's log-likelihood: by d = theta_first - theta_second, by eta, twice by
     * d, by both, twice by eta.
     */
    double[] derivatives(double eta, double[] theta) {
      double s = sigma(theta);
      double slope = s * (1 - s);
      double p = eta * s + (1 - eta) * (1 - s);
      double byD = (2 * eta - 1) * slope;
      double byEta = 2 * s - 1;
      double byDD = byD * (1 - 2 * s);
      double byBoth = 2 * slope;
      // y ln p + (1 - y) ln(1 - p)
      double a = y / p - (1 - y) / (1 - p);
      double b = -y / (p * p) - (1 - y) / ((1 - p) * (1 - p));
      return new double[] {
        a * byD,
        a * byEta,
        a * byDD + b * byD * byD,
        a * byBoth + b * byD * byEta,
        b * byEta * byEta
      };
    }

    private double sigma(double[] theta) {
      return 1 / (1 + Math.exp(theta[second] - theta[first]));
    }
  }

  /** Items that were compared with each other, however indirectly, and the votes about them. */
  record Part(List<Integer> items, Map<Integer, Integer> places, List<Integer> votes) {
    int place(int item) {
      return places.getOrDefault(item, -1);
    }
  }

  static CrowdVotes of(int items, List<RaterVote> given) {
    if (items < 1 || given.isEmpty()) {
      throw new IllegalArgumentException(
          "there must be an item and a vote, but there are " + items + " and " + given.size());
    }
    // 1. Raters in the order of their names, so that the order of votes does not matter.
    TreeSet<String> names = new TreeSet<>();
    given.forEach(vote -> names.add(vote.rater()));
    List<String> raters = List.copyOf(names);
    Map<String, Integer> indices = new HashMap<>();
    raters.forEach(name -> indices.put(name, indices.size()));
    // 2. Items that hang together have one root.
    int[] parent = new int[items];
    for (int i = 0; i < items; i++) {
      parent[i] = i;
    }
    List<Vote> all = new ArrayList<>();
    for (RaterVote vote : given) {
      if (vote.first() >= items || vote.second() >= items) {
        throw new IllegalArgumentException(
            "votes must be about items 0 to " + (items - 1) + ", but found " + vote);
      }
      all.add(
          new Vote(
              indices.getOrDefault(vote.rater(), -1),
              vote.first(),
              vote.second(),
              vote.probability()));
      parent[root(parent, vote.first())] = root(parent, vote.second());
    }
    // 3. The parts.
    Map<Integer, Part> parts = new TreeMap<>();
    for (int i = 0; i < items; i++) {
      Part part =
          parts.computeIfAbsent(
              root(parent, i),
              unused -> new Part(new ArrayList<>(), new HashMap<>(), new ArrayList<>()));
      part.places().put(i, part.items().size());
      part.items().add(i);
    }
    for (int v = 0; v < all.size(); v++) {
      Part part = parts.get(root(parent, all.get(v).first()));
      if (part != null) {
        part.votes().add(v);
      }
    }
    return new CrowdVotes(items, raters, List.copyOf(all), List.copyOf(parts.values()));
  }

  long count(int rater) {
    return all.stream().filter(vote -> vote.rater() == rater).count();
  }

  private static int root(int[] parent, int item) {
    int at = item;
    while (parent[at] != at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }
}

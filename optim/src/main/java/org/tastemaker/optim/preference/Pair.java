package org.tastemaker.optim.preference;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Two clean latents of one text, the better one first.
 *
 * @param image the winner's place in the rollout or in the data, for messages
 * @param winner x_w, [C, h, w]
 * @param loserImage the loser's place
 * @param loser x_l, [C, h, w]
 * @param text z
 * @param probability that the winner is the better one: 1, or 0.5 for a tie
 */
record Pair(
    int image,
    FloatBuffer winner,
    int loserImage,
    FloatBuffer loser,
    String text,
    double probability) {
  static final double TIE = 0.5;

  /** Why there may be no pair. */
  static final String NONE =
      "no prompt has two images of which one is better: there is no pair to learn from";

  /** The pairs of some groups, in the groups' order. */
  static List<Pair> of(List<RatedGroup> groups, Pairing pairing, Ties ties) {
    List<Pair> pairs = new ArrayList<>();
    for (RatedGroup group : groups) {
      for (Order order : orders(rewards(group), pairing, ties)) {
        RatedImage winner = group.images().get(order.winner());
        RatedImage loser = group.images().get(order.loser());
        pairs.add(
            new Pair(
                winner.image(),
                winner.clean(),
                loser.image(),
                loser.clean(),
                group.text(),
                order.probability()));
      }
    }
    return pairs;
  }

  private static double[] rewards(RatedGroup group) {
    return group.images().stream().mapToDouble(RatedImage::reward).toArray();
  }

  /**
   * Two items of a group.
   *
   * @param winner index
   * @param loser index
   * @param probability 1, or 0.5 for a tie
   */
  record Order(int winner, int loser, double probability) {}

  /** Which of some items are compared, by their rewards. */
  static List<Order> orders(double[] rewards, Pairing pairing, Ties ties) {
    List<Order> all = new ArrayList<>();
    switch (pairing) {
      case BEST_AGAINST_WORST -> {
        int best = 0;
        int worst = 0; // the first of the best, and the last of the worst
        for (int i = 1; i < rewards.length; i++) {
          best = rewards[i] > rewards[best] ? i : best;
          worst = rewards[i] <= rewards[worst] ? i : worst;
        }
        add(all, rewards, best, worst, ties);
      }
      case ALL_PAIRS -> {
        for (int i = 0; i < rewards.length; i++) {
          for (int j = i + 1; j < rewards.length; j++) {
            add(all, rewards, i, j, ties);
          }
        }
      }
    }
    return all;
  }

  private static void add(List<Order> all, double[] rewards, int i, int j, Ties ties) {
    if (i == j) {
      return; // one image alone
    }
    if (rewards[i] > rewards[j]) {
      all.add(new Order(i, j, 1));
    } else if (rewards[i] < rewards[j]) {
      all.add(new Order(j, i, 1));
    } else if (ties == Ties.KEPT) {
      all.add(new Order(i, j, TIE));
    }
  }
}

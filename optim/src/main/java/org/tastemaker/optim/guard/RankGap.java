package org.tastemaker.optim.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.tastemaker.core.Rewards;

/**
 * How differently two rewards order the same images: the mean absolute difference of an image's two
 * ranks, each from 0, the worst, to 1, the best. It is 0 for the same order, 1/2 or more for the
 * opposite one and about 1/3 for two that have nothing to do with each other, of many images.
 *
 * <p>The signed difference is what GARDO (2025) calls an image's suspicion: the trained reward
 * ranks it high, and held-out ones do not. Images are ranked among those of their prompt; among
 * all, where no prompt has two.
 */
final class RankGap {
  private static final int FEW = 4;

  private RankGap() {}

  static OptionalDouble of(List<List<Integer>> groups, Rewards trained, Rewards heldOut) {
    List<List<Integer>> comparable =
        groups.stream()
            .map(group -> group.stream().filter(i -> both(i, trained, heldOut)).toList())
            .filter(group -> group.size() >= FEW)
            .toList();
    if (comparable.isEmpty()) {
      List<Integer> all =
          IntStream.range(0, trained.size())
              .filter(i -> both(i, trained, heldOut))
              .boxed()
              .toList();
      if (all.size() < 2) {
        return OptionalDouble.empty();
      }
      comparable = List.of(all);
    }
    List<Double> gaps = new ArrayList<>();
    for (List<Integer> group : comparable) {
      double[] a = ranks(group, trained);
      double[] b = ranks(group, heldOut);
      IntStream.range(0, a.length).forEach(i -> gaps.add(Math.abs(a[i] - b[i])));
    }
    return gaps.stream().mapToDouble(Double::doubleValue).average();
  }

  private static boolean both(int image, Rewards a, Rewards b) {
    return a.get(image).isPresent() && b.get(image).isPresent();
  }

  /** Ranks in [0, 1]; tied images have the mean of theirs. */
  private static double[] ranks(List<Integer> group, Rewards rewards) {
    double[] values = group.stream().mapToDouble(i -> rewards.get(i).orElseThrow()).toArray();
    double[] ranks = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      double below = 0;
      for (double other : values) {
        below += other < values[i] ? 1 : other == values[i] ? 0.5 : 0;
      }
      ranks[i] = (below - 0.5) / (values.length - 1); // but for itself
    }
    return ranks;
  }
}

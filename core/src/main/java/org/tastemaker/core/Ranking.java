package org.tastemaker.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * An order of {@code size} items, best first, with ties and with items about which it says nothing.
 *
 * <p>The order is a list of tiers. Items of an earlier tier are better than items of a later one,
 * items of one tier are tied, and items in no tier are missing: they were not judged, which is
 * different from being the worst.
 *
 * <pre>{@code
 * Ranking.of(2, 0, 1);                       // item 2 is best, then 0, then 1
 * Ranking.ofTiers(4, List.of(List.of(2), List.of(0, 3)));  // 2 before the tie of 0 and 3; 1 is missing
 * Ranking.topK(5, 3, 1);                     // 3, then 1, then all others tied
 * Ranking.none(4);                           // nothing is known
 * }</pre>
 *
 * @param size number of items, at least 1
 * @param tiers best first; no tier is empty, and no item occurs twice
 */
public record Ranking(int size, List<List<Integer>> tiers) {
  public Ranking {
    if (size < 1) {
      throw new IllegalArgumentException(
          "a ranking needs at least 1 item, but its size was " + size);
    }
    Objects.requireNonNull(tiers, "tiers == null");
    boolean[] seen = new boolean[size];
    List<List<Integer>> copy = new ArrayList<>(tiers.size());
    for (List<Integer> tier : tiers) {
      if (tier.isEmpty()) {
        throw new IllegalArgumentException(
            "a tier of a ranking must not be empty, but tier "
                + copy.size()
                + " of "
                + tiers
                + " is");
      }
      for (int item : tier) {
        if (item < 0 || item >= size) {
          throw new IllegalArgumentException(
              "a ranking of "
                  + size
                  + " items speaks of items 0 to "
                  + (size - 1)
                  + ", but found "
                  + item
                  + " in "
                  + tiers);
        }
        if (seen[item]) {
          throw new IllegalArgumentException(
              "a ranking must hold an item once at most, but item "
                  + item
                  + " is repeated in "
                  + tiers);
        }
        seen[item] = true;
      }
      copy.add(tier.stream().sorted().toList());
    }
    tiers = List.copyOf(copy);
  }

  /**
   * A complete order without ties.
   *
   * @param bestFirst each of the items {@code 0} to {@code bestFirst.length - 1} once
   * @return the ranking
   * @throws IllegalArgumentException if an item is missing or repeated; the message says which
   */
  public static Ranking of(int... bestFirst) {
    int[] count = new int[bestFirst.length];
    boolean fits = bestFirst.length > 0;
    for (int item : bestFirst) {
      if (item < 0 || item >= count.length) {
        fits = false;
      } else {
        count[item]++;
      }
    }
    for (int c : count) {
      fits &= c == 1;
    }
    if (!fits) {
      throw new IllegalArgumentException(notAPermutation(bestFirst, count));
    }
    return new Ranking(bestFirst.length, Arrays.stream(bestFirst).mapToObj(List::of).toList());
  }

  /**
   * An order with ties, of some or all of the items.
   *
   * @param size number of items
   * @param tiers best first; items in no tier are missing
   * @return the ranking
   */
  public static Ranking ofTiers(int size, List<List<Integer>> tiers) {
    return new Ranking(size, tiers);
  }

  /**
   * The answer to "which are the k best?": the given items in order, and all others tied behind
   * them.
   *
   * @param size number of items
   * @param bestFirst the best items
   * @return a complete ranking
   */
  public static Ranking topK(int size, int... bestFirst) {
    List<List<Integer>> tiers = new ArrayList<>();
    List<Integer> rest = new ArrayList<>();
    for (int item = 0; item < size; item++) {
      rest.add(item);
    }
    for (int item : bestFirst) {
      tiers.add(List.of(item));
      rest.remove((Integer) item);
    }
    if (!rest.isEmpty()) {
      tiers.add(rest);
    }
    return new Ranking(size, tiers);
  }

  /**
   * The order by scores, the highest first; equal scores tie.
   *
   * @param scores one for each item
   * @return a complete ranking
   * @throws IllegalArgumentException if a score is NaN
   */
  public static Ranking ofScores(double... scores) {
    return ofScores(Arrays.stream(scores).mapToObj(OptionalDouble::of).toList());
  }

  /**
   * The order by scores, the highest first; equal scores tie, and an item without a score is
   * missing.
   *
   * @param scores one for each item, or empty
   * @return the ranking
   * @throws IllegalArgumentException if a score is NaN
   */
  public static Ranking ofScores(List<OptionalDouble> scores) {
    TreeMap<Double, List<Integer>> byScore = new TreeMap<>((a, b) -> Double.compare(b, a));
    for (int item = 0; item < scores.size(); item++) {
      if (scores.get(item).isEmpty()) {
        continue;
      }
      double score = scores.get(item).getAsDouble() + 0.0; // -0.0 ties with 0.0
      if (Double.isNaN(score)) {
        throw new IllegalArgumentException(
            "the score of item " + item + " is NaN; leave it empty if it is missing");
      }
      byScore.computeIfAbsent(score, s -> new ArrayList<>()).add(item);
    }
    return new Ranking(scores.size(), List.copyOf(byScore.values()));
  }

  /**
   * The ranking that says nothing: all items are missing.
   *
   * @param size number of items
   * @return a ranking without tiers
   */
  public static Ranking none(int size) {
    return new Ranking(size, List.of());
  }

  /**
   * Whether nothing is known of any item.
   *
   * @return true where there is no tier
   */
  public boolean isEmpty() {
    return tiers.isEmpty();
  }

  /**
   * Whether every item has a place.
   *
   * @return true where no item is missing
   */
  public boolean isComplete() {
    return missing().isEmpty();
  }

  /**
   * Whether two items share a place.
   *
   * @return true where a tier has more than one item
   */
  public boolean hasTies() {
    return tiers.stream().anyMatch(tier -> tier.size() > 1);
  }

  /**
   * The items without a place.
   *
   * @return ascending
   */
  public List<Integer> missing() {
    List<Integer> missing = new ArrayList<>();
    for (int item = 0; item < size; item++) {
      if (tier(item) < 0) {
        missing.add(item);
      }
    }
    return List.copyOf(missing);
  }

  /**
   * The place of an item in competition ranking ("1224"): one more than the number of better items.
   *
   * @param item index of the item
   * @return 1 for a best item, empty where the item is missing
   */
  public OptionalInt rank(int item) {
    Objects.checkIndex(item, size);
    int better = 0;
    for (List<Integer> tier : tiers) {
      if (tier.contains(item)) {
        return OptionalInt.of(better + 1);
      }
      better += tier.size();
    }
    return OptionalInt.empty();
  }

  /**
   * The places of all items, in competition ranking.
   *
   * @return one for each item, empty where it is missing
   */
  public List<OptionalInt> ranks() {
    List<OptionalInt> ranks = new ArrayList<>(size);
    for (int item = 0; item < size; item++) {
      ranks.add(rank(item));
    }
    return List.copyOf(ranks);
  }

  /**
   * The items, best first.
   *
   * @return each item once
   * @throws IllegalStateException if there are ties or missing items, for which no single
   *     permutation stands
   */
  public int[] permutation() {
    if (hasTies() || !isComplete()) {
      throw new IllegalStateException(
          "only a complete ranking without ties is a permutation, but this one is "
              + tiers
              + " with missing items "
              + missing()
              + "; ask for pairs() or ranks() instead");
    }
    return tiers.stream().mapToInt(tier -> tier.get(0)).toArray();
  }

  /**
   * All comparisons that follow from the order: one for each pair of items that both have a place.
   *
   * @return pairs with {@code first < second}, with probability 1, 0.5 (a tie) or 0
   */
  public List<Preference> pairs() {
    List<Preference> pairs = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      for (int j = i + 1; j < size; j++) {
        int a = tier(i);
        int b = tier(j);
        if (a >= 0 && b >= 0) {
          pairs.add(new Preference(i, j, a < b ? 1 : a > b ? 0 : 0.5));
        }
      }
    }
    return List.copyOf(pairs);
  }

  /**
   * The same order with other names for the items. A judge that was shown the items in a permuted
   * order ranks positions; this turns them back into items.
   *
   * @param names {@code names[i]} is the new name of item {@code i}: each of {@code 0} to {@code
   *     size - 1} once
   * @return the renamed ranking
   */
  public Ranking renamed(int... names) {
    if (names.length != size) {
      throw new IllegalArgumentException(
          "a ranking of " + size + " items needs as many names, but there were " + names.length);
    }
    Ranking.of(names); // says what is wrong if the names are not a permutation
    return new Ranking(
        size, tiers.stream().map(tier -> tier.stream().map(i -> names[i]).toList()).toList());
  }

  private int tier(int item) {
    for (int t = 0; t < tiers.size(); t++) {
      if (tiers.get(t).contains(item)) {
        return t;
      }
    }
    return -1;
  }

  private static String notAPermutation(int[] given, int[] count) {
    List<String> faults = new ArrayList<>();
    for (int item = 0; item < count.length; item++) {
      if (count[item] != 1) {
        faults.add("item " + item + (count[item] == 0 ? " is missing" : " is repeated"));
      }
    }
    return "a ranking of "
        + given.length
        + " items must hold each of "
        + (given.length == 0 ? "at least one item" : "0 to " + (given.length - 1))
        + " once, but was "
        + Arrays.toString(given)
        + (faults.isEmpty() ? "" : " (" + String.join(", ", faults) + ")");
  }
}

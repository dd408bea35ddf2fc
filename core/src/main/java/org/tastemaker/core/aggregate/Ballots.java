package org.tastemaker.core.aggregate;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

/**
 * What is known of the order of some items: rankings, and single comparisons with soft labels.
 *
 * @param size number of items, at least 1
 * @param rankings each of {@code size} items; may have ties, may be partial
 * @param preferences comparisons of two of the items
 */
public record Ballots(int size, List<Ranking> rankings, List<Preference> preferences) {
  public Ballots {
    if (size < 1) {
      throw new IllegalArgumentException("there must be at least 1 item, but there were " + size);
    }
    rankings = List.copyOf(rankings);
    preferences = List.copyOf(preferences);
    for (int r = 0; r < rankings.size(); r++) {
      if (rankings.get(r).size() != size) {
        throw new IllegalArgumentException(
            "all rankings must be of the same "
                + size
                + " items, but ranking "
                + r
                + " is of "
                + rankings.get(r).size());
      }
    }
    for (Preference preference : preferences) {
      if (preference.first() >= size || preference.second() >= size) {
        throw new IllegalArgumentException(
            "preferences must be about items 0 to " + (size - 1) + ", but found " + preference);
      }
    }
  }

  /**
   * Rankings alone.
   *
   * @param rankings at least one, all of the same items
   * @return the ballots
   */
  public static Ballots ofRankings(List<Ranking> rankings) {
    if (rankings.isEmpty()) {
      throw new IllegalArgumentException(
          "there must be at least one ranking to tell the number of items by, but there was none");
    }
    return new Ballots(rankings.get(0).size(), rankings, List.of());
  }

  /**
   * Comparisons alone.
   *
   * @param size number of items
   * @param preferences comparisons of two of them
   * @return the ballots
   */
  public static Ballots ofPreferences(int size, List<Preference> preferences) {
    return new Ballots(size, List.of(), preferences);
  }

  /**
   * What a judge said about a group: its comparisons of pairs with their probabilities where they
   * are {@linkplain RecordedPreferences recorded}, otherwise its ranking.
   *
   * @param judgement any; a missing one gives ballots that say nothing
   * @return the ballots
   * @throws IllegalArgumentException if the record of comparisons is damaged
   */
  public static Ballots ofSoft(Judgement judgement) {
    return ofPreferences(judgement.ranking().size(), RecordedPreferences.of(judgement));
  }

  /**
   * All comparisons, those that follow from the rankings among them, counted.
   *
   * @return how often each item beat each other; a tie counts one half for both, a soft label its
   *     probability
   */
  public Wins wins() {
    double[][] wins = new double[size][size];
    for (Ranking ranking : rankings) {
      ranking.pairs().forEach(pair -> add(wins, pair));
    }
    preferences.forEach(pair -> add(wins, pair));
    return Wins.of(wins);
  }

  /**
   * These ballots without all that concerns items that cannot be compared with most others, however
   * indirectly: the largest connected part of the items (of equally large ones, the one with the
   * lowest index).
   *
   * @return the items of that part, ascending; empty where nothing was compared
   */
  public List<Integer> comparableItems() {
    List<Integer> largest = List.of();
    for (List<Integer> part : wins().connectedParts()) {
      if (part.size() > Math.max(1, largest.size())) {
        largest = part;
      }
    }
    return largest;
  }

  /**
   * These ballots as far as they concern some of the items.
   *
   * @param items ascending indices; item {@code items.get(i)} becomes item {@code i}
   * @return ballots of {@code items.size()} items
   */
  public Ballots only(List<Integer> items) {
    List<Ranking> kept = new ArrayList<>();
    for (Ranking ranking : rankings) {
      List<List<Integer>> tiers = new ArrayList<>();
      for (List<Integer> tier : ranking.tiers()) {
        List<Integer> in = tier.stream().map(items::indexOf).filter(i -> i >= 0).toList();
        if (!in.isEmpty()) {
          tiers.add(in);
        }
      }
      kept.add(Ranking.ofTiers(items.size(), tiers));
    }
    List<Preference> pairs =
        preferences.stream()
            .filter(p -> items.contains(p.first()) && items.contains(p.second()))
            .map(
                p ->
                    new Preference(
                        items.indexOf(p.first()), items.indexOf(p.second()), p.probability()))
            .toList();
    return new Ballots(items.size(), kept, pairs);
  }

  private static void add(double[][] wins, Preference pair) {
    wins[pair.first()][pair.second()] += pair.probability();
    wins[pair.second()][pair.first()] += 1 - pair.probability();
  }
}

package org.tastemaker.feedback.agreement;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far people agree with people, from the same votes: what a judge's agreement is to be read
 * against. A judge that agrees as often as one person with another is as good as one of them; none
 * can agree much more often than a person agrees with the majority of the others.
 *
 * @param another how often a person's choice is that of another person, drawn at random
 * @param majority how often it is that of the majority of all others; where several choices have
 *     the most votes, each of them counts its share
 * @param items pairs with at least two votes; the others say nothing about agreement
 */
public record HumanCeiling(ClusteredMean another, ClusteredMean majority, int items) {
  /**
   * The votes about a pair.
   *
   * @param prompt of the pair
   * @param votes one for each person
   */
  public record Votes(String prompt, List<Choice> votes) {
    public Votes {
      votes = List.copyOf(votes);
    }
  }

  /**
   * Counts.
   *
   * @param items pairs and their votes
   * @return the ceiling
   */
  public static HumanCeiling of(List<Votes> items) {
    Map<String, List<Double>> another = new LinkedHashMap<>();
    Map<String, List<Double>> majority = new LinkedHashMap<>();
    int counted = 0;
    for (Votes item : items) {
      int people = item.votes().size();
      if (people < 2) {
        continue;
      }
      counted++;
      Map<Choice, Integer> counts = new EnumMap<>(Choice.class);
      item.votes().forEach(vote -> counts.merge(vote, 1, Integer::sum));
      for (Choice vote : item.votes()) {
        counts.merge(vote, -1, Integer::sum); // the others
        int same = counts.getOrDefault(vote, 0);
        int most = counts.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
        long leaders = counts.values().stream().filter(count -> count == most).count();
        add(another, item.prompt(), same / (people - 1.0));
        add(majority, item.prompt(), same == most ? 1.0 / leaders : 0);
        counts.merge(vote, 1, Integer::sum);
      }
    }
    return new HumanCeiling(mean(another), mean(majority), counted);
  }

  private static void add(Map<String, List<Double>> values, String prompt, double value) {
    values.computeIfAbsent(prompt, unused -> new ArrayList<>()).add(value);
  }

  private static ClusteredMean mean(Map<String, List<Double>> values) {
    return ClusteredMean.of(
        values.values().stream()
            .map(of -> of.stream().mapToDouble(Double::doubleValue).toArray())
            .toList());
  }
}

package org.tastemaker.feedback.study;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.agreement.Choice;

/** What other people chose about the same groups: a second data set of votes. */
public final class VoteVerdicts {
  private VoteVerdicts() {}

  /**
   * Reads votes; the images are not kept.
   *
   * @param name for tables
   * @param groups each group once
   * @param truth how votes become a choice
   * @return the verdicts
   */
  public static Verdicts of(String name, Iterable<VotedGroup> groups, Truth truth) {
    Map<String, GroupVerdict> byGroup = new HashMap<>();
    Set<String> criteria = new TreeSet<>();
    for (VotedGroup group : groups) {
      if (byGroup.put(group.id(), verdict(name, group, truth)) != null) {
        throw new IllegalArgumentException(
            "a group of prompt '"
                + group.images().prompt().text()
                + "' is twice among the votes of "
                + name
                + ": put all votes about a pair into one list");
      }
      group.pairs().forEach(pair -> criteria.add(pair.criterion()));
    }
    criteria.remove(VotedPair.OVERALL);
    return new KeptVerdicts(name, byGroup, Set.copyOf(criteria));
  }

  private static GroupVerdict verdict(String name, VotedGroup group, Truth truth) {
    Map<String, Map<String, Choice>> choices = new LinkedHashMap<>();
    for (VotedPair pair : group.pairs()) {
      truth
          .of(pair.votes())
          .ifPresent(
              choice ->
                  choices
                      .computeIfAbsent(pair.criterion(), unused -> new HashMap<>())
                      .put(pair.first() + "," + pair.second(), choice));
    }
    Map<String, Opinion> opinions = new LinkedHashMap<>();
    choices.forEach(
        (criterion, own) -> {
          List<OptionalDouble> scores =
              Arrays.stream(group.scores(criterion))
                  .mapToObj(x -> Double.isNaN(x) ? OptionalDouble.empty() : OptionalDouble.of(x))
                  .toList();
          opinions.put(
              criterion,
              new Opinion(
                  Ranking.ofScores(scores), own, List.of(), List.of(), Optional.of(List.of())));
        });
    return new GroupVerdict(
        opinions,
        opinions.isEmpty() ? Optional.of("too few votes") : Optional.empty(),
        name,
        Optional.empty(),
        Optional.empty());
  }
}

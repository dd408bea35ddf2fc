package org.tastemaker.feedback.study.page;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.PriorityQueue;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.study.GroupVerdict;
import org.tastemaker.feedback.study.Opinion;
import org.tastemaker.feedback.study.Truth;
import org.tastemaker.feedback.study.Verdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/**
 * Chooses the pairs to be shown. Of each kind no more than wanted are in memory, and one group
 * besides.
 */
final class ExamplePairs {
  private final Map<Kind, PriorityQueue<Example>> kept = new EnumMap<>(Kind.class);
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private final int most;
  private final Comparator<Example> worstFirst;
  private final Truth truth;
  private final Seed seed;

  ExamplePairs(int most, boolean bySize, Truth truth, Seed seed) {
    this.most = most;
    this.truth = truth;
    this.seed = seed;
    Comparator<Example> byDraw = Comparator.comparingDouble(Example::draw);
    this.worstFirst =
        bySize ? Comparator.comparingDouble(Example::size).thenComparing(byDraw) : byDraw;
  }

  void read(Iterable<VotedGroup> groups, Verdicts verdicts) {
    for (VotedGroup group : groups) {
      Optional<GroupVerdict> said = verdicts.of(group);
      Optional<Opinion> opinion =
          said.map(GroupVerdict::opinions).map(all -> all.get(VotedPair.OVERALL));
      Seed own = seed.split(group.id());
      for (VotedPair pair : group.pairs()) {
        Optional<Choice> people = truth.of(pair.votes());
        if (!pair.criterion().equals(VotedPair.OVERALL) || people.isEmpty()) {
          continue;
        }
        take(
            example(
                group,
                pair,
                people.get(),
                said,
                opinion,
                own.split(pair.first()).split(pair.second()).generator().nextDouble()));
      }
    }
  }

  private static Example example(
      VotedGroup group,
      VotedPair pair,
      Choice people,
      Optional<GroupVerdict> said,
      Optional<Opinion> opinion,
      double draw) {
    Optional<Choice> verdict = opinion.flatMap(o -> o.choice(pair.first(), pair.second()));
    OptionalDouble probability =
        opinion.map(o -> o.probability(pair.first(), pair.second())).orElse(OptionalDouble.empty());
    double size = fromUndecided(pair.shareOfFirst()) + fromUndecided(probability.orElse(0.5));
    return new Example(
        Kind.of(pair.votes(), people, verdict),
        group,
        pair,
        people,
        verdict,
        probability,
        said,
        size,
        draw);
  }

  private static double fromUndecided(double share) {
    return Math.abs(2 * share - 1);
  }

  private void take(Example example) {
    counts.merge(example.kind(), 1L, Long::sum);
    PriorityQueue<Example> queue =
        kept.computeIfAbsent(example.kind(), unused -> new PriorityQueue<>(worstFirst));
    queue.add(example);
    if (queue.size() > most) {
      queue.remove();
    }
  }

  /** How many pairs there are of a kind, shown or not. */
  long count(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /** Those to be shown, the first first. */
  List<Example> of(Kind kind) {
    List<Example> all = new ArrayList<>(kept.getOrDefault(kind, new PriorityQueue<>(worstFirst)));
    all.sort(worstFirst.reversed());
    return all;
  }
}

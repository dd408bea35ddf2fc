package org.tastemaker.reward.ranking;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/** Computes rewards group by group, and puts them in the order of the rollout's images. */
final class GroupRewards {
  private GroupRewards() {}

  /**
   * Applies a rule to each judgement.
   *
   * @param rule gives a reward for each item of a judgement's ranking; not called for a missing
   *     judgement
   */
  static Rewards of(
      Rollout rollout, List<Judgement> judgements, Function<Judgement, List<OptionalDouble>> rule) {
    List<ImageGroup> groups = rollout.groups();
    check(groups, judgements);
    List<List<Integer>> places = rollout.groupIndices();
    OptionalDouble[] rewards = new OptionalDouble[rollout.size()];
    Arrays.fill(rewards, OptionalDouble.empty());
    for (int g = 0; g < groups.size(); g++) {
      if (judgements.get(g).isMissing()) {
        continue;
      }
      List<OptionalDouble> ofGroup = rule.apply(judgements.get(g));
      for (int i = 0; i < ofGroup.size(); i++) {
        rewards[places.get(g).get(i)] = ofGroup.get(i);
      }
    }
    return new Rewards(Arrays.asList(rewards));
  }

  /** Rewards of some items, all others missing. */
  static List<OptionalDouble> some(int size, List<Integer> items, double[] values) {
    List<OptionalDouble> all = new ArrayList<>(size);
    for (int item = 0; item < size; item++) {
      int at = items.indexOf(item);
      all.add(at < 0 ? OptionalDouble.empty() : OptionalDouble.of(values[at]));
    }
    return all;
  }

  private static void check(List<ImageGroup> groups, List<Judgement> judgements) {
    if (judgements.size() != groups.size()) {
      throw new IllegalArgumentException(
          "there must be a judgement for each of the rollout's "
              + groups.size()
              + " prompts, but there were "
              + judgements.size()
              + "; ask the oracle to rank rollout.groups()");
    }
    for (int g = 0; g < groups.size(); g++) {
      int judged = judgements.get(g).ranking().size();
      if (judged != groups.get(g).size()) {
        throw new IllegalArgumentException(
            "the judgement of prompt '"
                + groups.get(g).prompt().text()
                + "' must be of its "
                + groups.get(g).size()
                + " images, but is of "
                + judged);
      }
    }
  }
}

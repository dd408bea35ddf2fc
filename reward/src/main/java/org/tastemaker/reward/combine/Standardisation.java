package org.tastemaker.reward.combine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * Brings rewards of different scales to one: {@code (r - mean) / (std + epsilon)}, with an epsilon
 * of 1e-8 unless another is given.
 *
 * <p>The implementations differ in whose mean and standard deviation they use. Missing rewards are
 * ignored and stay missing. The standard deviation is that of the population (divided by n). A
 * single reward, and rewards that are all equal, become 0.
 */
@FunctionalInterface
public interface Standardisation {
  /**
   * Standardises.
   *
   * @param rollout the images that were rewarded
   * @param rewards one for each image
   * @return one for each image, missing where the reward was missing
   */
  Rewards apply(Rollout rollout, Rewards rewards);

  /**
   * Whether the mean of what it returns is always 0, as it is by the rollout's own mean.
   *
   * @return false unless a standardisation says otherwise
   */
  default boolean centres() {
    return false;
  }

  /**
   * Leaves rewards as they are.
   *
   * @return a standardisation that changes nothing
   */
  static Standardisation none() {
    return (rollout, rewards) -> rewards;
  }

  /**
   * By the mean and standard deviation of a fixed sample, such as a reward model's training data.
   * The results are comparable between rounds and between runs.
   *
   * @param mean finite
   * @param std above 0 and finite
   * @return the standardisation
   */
  static Standardisation fixed(double mean, double std) {
    if (!Double.isFinite(mean) || !(std > 0 && std < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "mean and std must be finite and std above 0, but were " + mean + " and " + std);
    }
    return (rollout, rewards) ->
        new Rewards(
            rewards.values().stream()
                .map(r -> r.isPresent() ? OptionalDouble.of((r.getAsDouble() - mean) / std) : r)
                .toList());
  }

  /**
   * By the mean and standard deviation of the rollout's own rewards. Differences between prompts
   * remain.
   *
   * @return the standardisation
   */
  static Standardisation byRollout() {
    return byRollout(1e-8);
  }

  /**
   * By the mean and standard deviation of the rollout's own rewards.
   *
   * @param epsilon what is added to the standard deviation, above 0: 1e-4 in GDPO, so that tiny
   *     differences stay small
   * @return the standardisation
   */
  static Standardisation byRollout(double epsilon) {
    requireEpsilon(epsilon);
    return centring(
        (rollout, rewards) ->
            standardised(
                rewards, List.of(IntStream.range(0, rewards.size()).boxed().toList()), epsilon));
  }

  /**
   * By the mean and standard deviation of the rewards of the same prompt. Differences between
   * prompts are removed.
   *
   * @return the standardisation
   */
  static Standardisation byPrompt() {
    return byPrompt(1e-8);
  }

  /**
   * By the mean and standard deviation of the rewards of the same prompt.
   *
   * @param epsilon what is added to the standard deviation, above 0: 1e-4 in GDPO, so that tiny
   *     differences stay small
   * @return the standardisation
   */
  static Standardisation byPrompt(double epsilon) {
    requireEpsilon(epsilon);
    return centring((rollout, rewards) -> standardised(rewards, rollout.groupIndices(), epsilon));
  }

  private static void requireEpsilon(double epsilon) {
    if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
      throw new IllegalArgumentException("epsilon must be above 0 and finite, but was " + epsilon);
    }
  }

  /**
   * Subtracts the mean of the rewards of the same prompt, and does not divide. If the images of a
   * prompt hardly differ, their rewards stay small; if they differ a lot, their rewards stay large.
   * Dividing by a prompt's standard deviation would inflate the noise of a prompt without a signal
   * to the size of a signal.
   *
   * @return the standardisation
   */
  static Standardisation centredByPrompt() {
    return centring(
        (rollout, rewards) -> {
          OptionalDouble[] out = new OptionalDouble[rewards.size()];
          Arrays.fill(out, OptionalDouble.empty());
          for (List<Integer> group : rollout.groupIndices()) {
            List<Integer> present = group.stream().filter(i -> rewards.get(i).isPresent()).toList();
            double mean =
                present.stream().mapToDouble(i -> rewards.get(i).getAsDouble()).average().orElse(0);
            for (int i : present) {
              out[i] = OptionalDouble.of(rewards.get(i).getAsDouble() - mean);
            }
          }
          return new Rewards(Arrays.asList(out));
        });
  }

  private static Standardisation centring(Standardisation by) {
    return new Standardisation() {
      @Override
      public Rewards apply(Rollout rollout, Rewards rewards) {
        return by.apply(rollout, rewards);
      }

      @Override
      public boolean centres() {
        return true;
      }
    };
  }

  private static Rewards standardised(Rewards rewards, List<List<Integer>> groups, double epsilon) {
    OptionalDouble[] out = new OptionalDouble[rewards.size()];
    Arrays.fill(out, OptionalDouble.empty());
    for (List<Integer> group : groups) {
      List<Integer> present = new ArrayList<>(group);
      present.removeIf(i -> rewards.get(i).isEmpty());
      double mean =
          present.stream().mapToDouble(i -> rewards.get(i).getAsDouble()).average().orElse(0);
      double variance =
          present.stream()
              .mapToDouble(i -> Math.pow(rewards.get(i).getAsDouble() - mean, 2))
              .average()
              .orElse(0);
      for (int i : present) {
        out[i] =
            OptionalDouble.of(
                (rewards.get(i).getAsDouble() - mean) / (Math.sqrt(variance) + epsilon));
      }
    }
    return new Rewards(Arrays.asList(out));
  }
}

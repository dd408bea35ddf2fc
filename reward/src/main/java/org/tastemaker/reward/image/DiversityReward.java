package org.tastemaker.reward.image;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * Rewards an image for how much it differs from the others of its prompt: what the mean distance of
 * all pairs would lose without it. Beside another reward, in a weighted sum, it keeps a model from
 * drawing the same image again and again.
 *
 * <pre>
 *   r_i = N ( v(S) - v(S \ i) )        S: the N images of a prompt
 *   v(S) = mean of d(a, b) over all pairs of S
 * </pre>
 *
 * <p>It is the {@link LeaveOneOutReward} of this value, with each distance taken once: N (N - 1) /
 * 2 of them, not some N^3 / 2. An image at the mean distance from the others is given 0.
 *
 * @param <T> what is looked at in an image, such as its features
 */
public final class DiversityReward<T> implements RewardModel {
  private final Function<Image, T> look;
  private final ToDoubleBiFunction<T, T> distance;

  private DiversityReward(Function<Image, T> look, ToDoubleBiFunction<T, T> distance) {
    this.look = look;
    this.distance = distance;
  }

  /**
   * A reward for a distance.
   *
   * @param <T> what is looked at in an image
   * @param look called once for each image
   * @param distance of two images, finite and at least 0, the same in both orders
   * @return the reward; it is missing for prompts with fewer than three images, of which one less
   *     would have no pair
   */
  public static <T> DiversityReward<T> of(
      Function<Image, T> look, ToDoubleBiFunction<T, T> distance) {
    return new DiversityReward<>(
        Objects.requireNonNull(look, "look == null"),
        Objects.requireNonNull(distance, "distance == null"));
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    OptionalDouble[] rewards = new OptionalDouble[rollout.size()];
    Arrays.fill(rewards, OptionalDouble.empty());
    for (List<Integer> group : rollout.groupIndices()) {
      int n = group.size();
      if (n < 3) {
        continue;
      }
      double[] sums = sums(rollout, group);
      double all = Arrays.stream(sums).sum() / 2;
      double whole = all / (n * (n - 1) / 2.0);
      for (int i = 0; i < n; i++) {
        double without = (all - sums[i]) / ((n - 1) * (n - 2) / 2.0);
        rewards[group.get(i)] = OptionalDouble.of(n * (whole - without));
      }
    }
    return new Rewards(Arrays.asList(rewards));
  }

  /** Of each image's distances from the others of its group. */
  private double[] sums(Rollout rollout, List<Integer> group) {
    List<T> set = group.stream().map(i -> look.apply(rollout.images().get(i))).toList();
    double[] sums = new double[set.size()];
    for (int i = 0; i < set.size(); i++) {
      for (int j = i + 1; j < set.size(); j++) {
        double d = distance.applyAsDouble(set.get(i), set.get(j));
        requireDistance(d, rollout.prompts().get(group.get(0)));
        sums[i] += d;
        sums[j] += d;
      }
    }
    return sums;
  }

  private static void requireDistance(double d, Prompt prompt) {
    if (!(d >= 0) || Double.isInfinite(d)) {
      throw new IllegalArgumentException(
          "a distance must be finite and at least 0, but two images of '"
              + prompt.text()
              + "' are "
              + d
              + " apart");
    }
  }
}

package org.tastemaker.reward.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * Divides the value of a set among its images: each is given what the set would lose without it.
 *
 * <pre>
 *   r_i = N ( v(S) - v(S \ i) )        S: the N images of a prompt
 * </pre>
 *
 * <p>These are the difference rewards of Wolpert and Tumer ("Optimal payoff functions for members
 * of collectives", 2001). They are for goals that only a set can meet, such as even shares or
 * diversity: whatever raises an image's reward raises the value of the set. N keeps their size the
 * same in sets of different sizes.
 *
 * <p>For shares of classes ({@link #ofShares}) the value is minus the squared distance between the
 * shares and those that are wished for. With 15 men, 1 woman and an even target the woman is given
 * 1.88 and each man -0.12; with 8 of each all are given the same, so that a model which is as
 * wished for stays as it is. {@link DistributionReward} is the other way to reward shares; it says
 * how many images should change, where this says how much each of them matters.
 *
 * @param <T> what is looked at in an image, such as the probabilities of its classes
 */
public final class LeaveOneOutReward<T> implements RewardModel {
  private final Function<Image, T> look;
  private final SetValue<T> value;

  /**
   * The value of a set of images of one prompt. The order of the set does not matter.
   *
   * @param <T> what is looked at in an image
   */
  @FunctionalInterface
  public interface SetValue<T> {
    /**
     * Values a set.
     *
     * @param prompt of the images
     * @param set at least one, in no order
     * @return finite; empty if the set has no value, which leaves rewards missing
     */
    OptionalDouble of(Prompt prompt, List<T> set);
  }

  private LeaveOneOutReward(Function<Image, T> look, SetValue<T> value) {
    this.look = look;
    this.value = value;
  }

  /**
   * A reward for any value of sets.
   *
   * @param <T> what is looked at in an image
   * @param look called once for each image, however many sets it is in
   * @param value of a set
   * @return the reward; an image is missing if either set has no value
   */
  public static <T> LeaveOneOutReward<T> of(Function<Image, T> look, SetValue<T> value) {
    return new LeaveOneOutReward<>(
        Objects.requireNonNull(look, "look == null"),
        Objects.requireNonNull(value, "value == null"));
  }

  /**
   * A reward for shares of classes: v = -|mean p - target|^2 over the images that can be
   * classified. The others change nothing in the shares and are given 0. Prompts without a target,
   * and those of which no two images can be classified, have no rewards.
   *
   * @param classifier for the attribute
   * @param target gives a prompt's target share for each class, each in [0, 1], summing to 1; empty
   *     for prompts without a target
   * @return the reward
   */
  public static LeaveOneOutReward<Optional<double[]>> ofShares(
      AttributeClassifier classifier, Function<Prompt, Optional<double[]>> target) {
    Objects.requireNonNull(classifier, "classifier == null");
    Objects.requireNonNull(target, "target == null");
    return of(
        classifier::classify,
        (prompt, set) ->
            target
                .apply(prompt)
                .map(wished -> valueOf(set, wished))
                .orElse(OptionalDouble.empty()));
  }

  private static OptionalDouble valueOf(List<Optional<double[]>> set, double[] wished) {
    List<double[]> told = set.stream().flatMap(Optional::stream).toList();
    if (told.isEmpty()) {
      return OptionalDouble.empty();
    }
    double sum = 0;
    for (int c = 0; c < wished.length; c++) {
      double share = 0;
      for (double[] p : told) {
        if (p.length != wished.length) {
          throw new IllegalArgumentException(
              "the classifier gives "
                  + p.length
                  + " classes, but the target has shares of "
                  + wished.length);
        }
        share += p[c] / told.size();
      }
      sum -= (share - wished[c]) * (share - wished[c]);
    }
    return OptionalDouble.of(sum);
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    OptionalDouble[] rewards = new OptionalDouble[rollout.size()];
    Arrays.fill(rewards, OptionalDouble.empty());
    for (List<Integer> group : rollout.groupIndices()) {
      Prompt prompt = rollout.prompts().get(group.get(0));
      List<T> set = group.stream().map(i -> look.apply(rollout.images().get(i))).toList();
      OptionalDouble whole = valueOf(prompt, set);
      if (whole.isEmpty() || set.size() < 2) {
        continue;
      }
      for (int i = 0; i < set.size(); i++) {
        List<T> others = new ArrayList<>(set);
        others.remove(i);
        OptionalDouble without = valueOf(prompt, others);
        if (without.isPresent()) {
          rewards[group.get(i)] =
              OptionalDouble.of(set.size() * (whole.getAsDouble() - without.getAsDouble()));
        }
      }
    }
    return new Rewards(Arrays.asList(rewards));
  }

  private OptionalDouble valueOf(Prompt prompt, List<T> set) {
    OptionalDouble of = value.of(prompt, set);
    if (of.isPresent() && !Double.isFinite(of.getAsDouble())) {
      throw new IllegalArgumentException(
          "the value of a set must be finite or missing, but of "
              + set.size()
              + " images of '"
              + prompt.text()
              + "' it is "
              + of.getAsDouble());
    }
    return of;
  }
}

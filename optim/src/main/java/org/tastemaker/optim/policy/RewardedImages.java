package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * The images of a rollout that have a reward; an optimizer ignores the others.
 *
 * @param images where they stand in the rollout
 * @param prompts of them
 * @param rewards of them, finite
 */
public record RewardedImages(
    ImmutableIntArray images, ImmutableList<Prompt> prompts, ImmutableDoubleArray rewards) {
  /**
   * Leaves out the images without a reward.
   *
   * @param rollout the images
   * @param rewards one for each of them, present or missing
   * @return what is left, which may be nothing
   * @throws IllegalArgumentException if there is not one for each image
   */
  public static RewardedImages of(Rollout rollout, Rewards rewards) {
    if (rewards.size() != rollout.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be a reward, or a missing one, for each of the %s images, but there were %s",
              rollout.size(),
              rewards.size()));
    }
    ImmutableIntArray.Builder images = ImmutableIntArray.builder();
    ImmutableList.Builder<Prompt> prompts = ImmutableList.builder();
    ImmutableDoubleArray.Builder values = ImmutableDoubleArray.builder();
    for (int i = 0; i < rewards.size(); i++) {
      if (rewards.get(i).isPresent()) {
        images.add(i);
        prompts.add(rollout.prompts().get(i));
        values.add(rewards.get(i).getAsDouble());
      }
    }
    return new RewardedImages(images.build(), prompts.build(), values.build());
  }

  /**
   * How many images have a reward.
   *
   * @return at least 0
   */
  public int size() {
    return images.length();
  }

  /**
   * Whether no image is better than another.
   *
   * @return true where all rewards are equal, or there are none
   */
  public boolean allEqual() {
    return rewards.stream().distinct().count() <= 1;
  }

  /**
   * Why a step that finds no image better than another leaves the model as it is.
   *
   * @return for {@link org.tastemaker.core.StepReport#skippedReason}
   */
  public String reasonToSkip() {
    return switch (size()) {
      case 0 -> "no image has a reward";
      case 1 -> "one rewarded image alone is not better than another";
      default ->
          String.format(
              Locale.ROOT,
              "all %s rewards are equal (%s): no image is better than another",
              size(),
              rewards.get(0));
    };
  }

  /**
   * What every optimizer reports of its rewards.
   *
   * @return {@code rewardMean}, {@code rewardStd} (of the population) and {@code presentRewards};
   *     no mean and deviation where there is no reward
   */
  public Map<String, Double> metrics() {
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("presentRewards", (double) size());
    double[] values = rewards.toArray();
    Arrays.stream(values)
        .average()
        .ifPresent(
            mean -> {
              double squares = Arrays.stream(values).map(r -> (r - mean) * (r - mean)).sum();
              metrics.put("rewardMean", mean);
              metrics.put("rewardStd", Math.sqrt(squares / values.length));
            });
    return metrics;
  }
}

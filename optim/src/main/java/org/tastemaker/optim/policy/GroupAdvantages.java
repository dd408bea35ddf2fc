package org.tastemaker.optim.policy;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Prompt;

/**
 * How much better an image is than the others of its prompt.
 *
 * <pre>
 *   A_i = (r_i - mean of its prompt's r) / (std + epsilon)
 * </pre>
 *
 * <p>A prompt whose rewards are all equal, or of which one image alone has a reward, compares
 * nothing: its images are left out.
 *
 * @param images those that are compared, by their place among the rewards
 * @param values A of them
 * @param groups prompts with a reward
 * @param withoutVariance how many of them compare nothing
 */
public record GroupAdvantages(
    ImmutableIntArray images, ImmutableDoubleArray values, int groups, int withoutVariance) {

  /**
   * The advantages of rewarded images.
   *
   * @param prompts N
   * @param rewards N, finite
   * @param deviation what differences from a prompt's mean are divided by
   * @param epsilon what is added to it, at least 0
   * @return those of the images that are compared
   */
  public static GroupAdvantages of(
      List<Prompt> prompts, double[] rewards, Deviation deviation, double epsilon) {
    Map<Prompt, List<Integer>> byPrompt = new LinkedHashMap<>();
    for (int i = 0; i < rewards.length; i++) {
      byPrompt.computeIfAbsent(prompts.get(i), prompt -> new ArrayList<>()).add(i);
    }
    double ofBatch = deviation(rewards, deviation.isUnbiased());
    ImmutableIntArray.Builder images = ImmutableIntArray.builder();
    ImmutableDoubleArray.Builder values = ImmutableDoubleArray.builder();
    int withoutVariance = 0;
    for (List<Integer> group : byPrompt.values()) {
      double[] of = group.stream().mapToDouble(i -> rewards[i]).toArray();
      if (Arrays.stream(of).distinct().count() <= 1) {
        withoutVariance++;
        continue;
      }
      double scale =
          deviation == Deviation.NONE
              ? 1
              : epsilon + (deviation.isOfGroup() ? deviation(of, deviation.isUnbiased()) : ofBatch);
      double mean = mean(of);
      for (int k = 0; k < of.length; k++) {
        images.add(group.get(k));
        values.add((of[k] - mean) / scale);
      }
    }
    return new GroupAdvantages(images.build(), values.build(), byPrompt.size(), withoutVariance);
  }

  /**
   * Whether no image is better than another of its prompt.
   *
   * @return true where nothing is compared
   */
  public boolean isEmpty() {
    return images.isEmpty();
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).sum() / values.length;
  }

  private static double deviation(double[] values, boolean unbiased) {
    double mean = mean(values);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt(squares / Math.max(1, values.length - (unbiased ? 1 : 0)));
  }
}

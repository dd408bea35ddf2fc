package org.tastemaker.core;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A reward for each image of a rollout, higher is better, or nothing where there is none.
 *
 * @param values one for each image, in the rollout's order; empty where missing; never NaN or
 *     infinite
 */
public record Rewards(List<OptionalDouble> values) {
  public Rewards {
    values = List.copyOf(values);
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).isPresent() && !Double.isFinite(values.get(i).getAsDouble())) {
        throw new IllegalArgumentException(
            "a reward must be a finite number or missing, but the one of image "
                + i
                + " is "
                + values.get(i).getAsDouble());
      }
    }
  }

  /**
   * Rewards of which none is missing.
   *
   * @param values one for each image
   * @return the rewards
   */
  public static Rewards of(double... values) {
    return new Rewards(Arrays.stream(values).mapToObj(OptionalDouble::of).toList());
  }

  /**
   * The number of images.
   *
   * @return present and missing rewards together
   */
  public int size() {
    return values.size();
  }

  /**
   * The reward of one image.
   *
   * @param image index in the rollout
   * @return empty where it is missing
   */
  public OptionalDouble get(int image) {
    return values.get(image);
  }

  /**
   * The number of images that have a reward.
   *
   * @return at most {@link #size}
   */
  public int present() {
    return (int) values.stream().filter(OptionalDouble::isPresent).count();
  }

  /**
   * The mean of the rewards that are there.
   *
   * @return empty where all are missing
   */
  public OptionalDouble mean() {
    return values.stream()
        .filter(OptionalDouble::isPresent)
        .mapToDouble(OptionalDouble::getAsDouble)
        .average();
  }
}

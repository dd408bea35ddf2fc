package org.tastemaker.optim.nft;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Prompt;

/**
 * The probability rho that an image is a good one, from its reward:
 *
 * <pre>
 *   A   = (r - mean of the prompt) / (standard deviation of the round + 1e-4)
 *   rho = clamp(clamp(A, -c, c) / (2 c) + 1/2, 0, 1)
 * </pre>
 *
 * <p>The deviation is of the population. A prompt with one image has the advantage 0.
 */
public enum Optimality {
  /** Better and worse images alike. */
  ALL {
    @Override
    double of(double clipped) {
      return clipped;
    }
  },
  /** What is worse than its prompt's mean counts as the mean. */
  POSITIVE_ONLY {
    @Override
    double of(double clipped) {
      return Math.max(0, clipped);
    }
  },
  /** What is better than its prompt's mean counts as the mean. */
  NEGATIVE_ONLY {
    @Override
    double of(double clipped) {
      return Math.min(0, clipped);
    }
  },
  /** Advantages of 1 for what is better than its prompt's mean, and 0 for the others. */
  ONE_ONLY {
    @Override
    double of(double clipped) {
      return clipped > 0 ? 1 : 0;
    }
  },
  /** Advantages of 1, 0 and -1: the sign alone. */
  BINARY {
    @Override
    double of(double clipped) {
      return Math.signum(clipped);
    }
  };

  private static final double EPSILON = 1e-4;

  /** What an advantage counts as. */
  abstract double of(double clipped);

  /**
   * The optimality probability of an advantage.
   *
   * @param advantage finite
   * @param bound c, above 0
   * @return rho, in [0, 1]
   */
  double probability(double advantage, double bound) {
    double counted = of(Math.max(-bound, Math.min(bound, advantage)));
    return Math.max(0, Math.min(1, counted / bound / 2 + 0.5));
  }

  /**
   * The advantages of rewarded images.
   *
   * @param prompts N
   * @param rewards N
   * @return A, N
   */
  static double[] advantages(List<Prompt> prompts, double[] rewards) {
    double mean = Arrays.stream(rewards).average().orElse(0);
    double variance = Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).average().orElse(0);
    double scale = Math.sqrt(variance) + EPSILON;
    Map<Prompt, double[]> sums = new HashMap<>(); // the sum and the count
    for (int i = 0; i < rewards.length; i++) {
      double[] sum = sums.computeIfAbsent(prompts.get(i), p -> new double[2]);
      sum[0] += rewards[i];
      sum[1]++;
    }
    double[] advantages = new double[rewards.length];
    for (int i = 0; i < rewards.length; i++) {
      double[] sum = sums.getOrDefault(prompts.get(i), new double[] {rewards[i], 1});
      advantages[i] = (rewards[i] - sum[0] / sum[1]) / scale;
    }
    return advantages;
  }
}

package org.tastemaker.optim.policy;

import java.util.random.RandomGenerator;
import org.tastemaker.core.Seed;

/** Random orders. */
public final class Shuffle {
  private Shuffle() {}

  /**
   * A random permutation (Fisher and Yates).
   *
   * @param size at least 0
   * @param seed the order is a function of it and of the size
   * @return the numbers from 0 to {@code size - 1}
   */
  public static int[] order(int size, Seed seed) {
    int[] order = new int[size];
    RandomGenerator random = seed.generator();
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}

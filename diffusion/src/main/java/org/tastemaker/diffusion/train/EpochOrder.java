package org.tastemaker.diffusion.train;

import com.google.common.primitives.ImmutableIntArray;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Seed;

/**
 * Which examples a batch has: every example once per epoch, in an order that is a function of the
 * seed and of the epoch's number. A batch may reach from one epoch into the next. Not thread-safe:
 * it remembers the latest epoch's order.
 */
public final class EpochOrder {
  private final Seed seed;
  private final int[] order;
  private long epoch = -1;

  /**
   * The order of some examples.
   *
   * @param examples how many there are, at least 1
   * @param seed draws the orders
   */
  public EpochOrder(int examples, Seed seed) {
    if (examples < 1) {
      throw new IllegalArgumentException("examples must be at least 1, but was " + examples);
    }
    this.seed = seed;
    this.order = new int[examples];
  }

  /**
   * The examples of a batch.
   *
   * @param number the batch's number, from 0
   * @param size examples in a batch, at least 1, the same for every batch of a run
   * @return indices of examples
   */
  public ImmutableIntArray batch(long number, int size) {
    if (number < 0 || size < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "number must be at least 0 and size at least 1, but were %s and %s",
              number,
              size));
    }
    ImmutableIntArray.Builder batch = ImmutableIntArray.builder(size);
    for (int i = 0; i < size; i++) {
      long position = Math.addExact(Math.multiplyExact(number, size), i);
      shuffle(position / order.length);
      batch.add(order[(int) (position % order.length)]);
    }
    return batch.build();
  }

  /** Fisher and Yates' shuffle. */
  private void shuffle(long wanted) {
    if (epoch == wanted) {
      return;
    }
    RandomGenerator random = seed.split(wanted).generator();
    for (int i = 0; i < order.length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    epoch = wanted;
  }
}

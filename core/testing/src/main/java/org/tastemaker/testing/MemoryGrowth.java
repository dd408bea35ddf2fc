package org.tastemaker.testing;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.Pointer;

/**
 * By how much the resident memory of this process grows over many calls, told apart from what grows
 * once.
 *
 * <p>The calls are divided into windows, and of each window the lowest reading counts: what is
 * freed a moment later is not in it. A leak raises every window above the one before by as much.
 * The compiler, the collector and the allocator take memory now and then, which raises a few
 * windows only. So the growth is the mean of the middle half of all rises, times their number: a
 * leak counts in full, and rises in up to a quarter of the windows do not count.
 *
 * <p>The whole growth from the first window to the last is printed too; {@link NativeMemory} bounds
 * it loosely, for what is lost rarely and in large pieces.
 */
public final class MemoryGrowth {
  private static final int WINDOWS = 11; // ten rises

  private final LongSupplier resident;
  private final int warmUp;
  private final int calls;
  private final long[] floors = new long[WINDOWS];
  private int called;

  MemoryGrowth(LongSupplier resident, int warmUp, int calls) {
    if (calls < WINDOWS) {
      throw new IllegalArgumentException(calls + " calls are less than " + WINDOWS);
    }
    this.resident = resident;
    this.warmUp = warmUp;
    this.calls = calls;
    Arrays.fill(floors, Long.MAX_VALUE);
  }

  /**
   * A measurement to which each call is told.
   *
   * @param warmUp how many calls come before, which do not count
   * @param calls how many count, at least eleven
   * @return the measurement
   */
  public static MemoryGrowth over(int warmUp, int calls) {
    return new MemoryGrowth(Pointer::physicalBytes, warmUp, calls);
  }

  /**
   * Calls a function, and prints by how much the process grew.
   *
   * @param warmUp how often before it counts
   * @param calls how often it counts, at least eleven times
   * @param call called with 0, 1, 2, …
   */
  public static void print(int warmUp, int calls, IntConsumer call) {
    MemoryGrowth growth = over(warmUp, calls);
    for (int i = 0; i < warmUp + calls; i++) {
      call.accept(i);
      growth.called();
    }
    growth.print("");
  }

  /** To be called after each call; those beyond the announced number do not count. */
  public void called() {
    int index = called++ - warmUp;
    if (index >= 0 && index < calls) {
      int window = (int) ((long) index * WINDOWS / calls);
      floors[window] = Math.min(floors[window], resident.getAsLong());
    }
  }

  /**
   * Prints {@code <what> grown <bytes>, in all <bytes>} and the windows.
   *
   * @param what was done, of letters and hyphens
   */
  public void print(String what) {
    if (called < warmUp + calls) {
      throw new IllegalStateException(called + " of " + (warmUp + calls) + " calls were done");
    }
    System.out.println(
        what + " grown " + steady() + ", in all " + total() + ", " + Arrays.toString(floors));
  }

  long total() {
    return floors[WINDOWS - 1] - floors[0];
  }

  long steady() {
    long[] rises = new long[WINDOWS - 1];
    for (int i = 0; i < rises.length; i++) {
      rises[i] = floors[i + 1] - floors[i];
    }
    Arrays.sort(rises);
    long[] middle = Arrays.copyOfRange(rises, rises.length / 4, rises.length - rises.length / 4);
    return Arrays.stream(middle).sum() * rises.length / middle.length;
  }
}

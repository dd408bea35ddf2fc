package org.tastemaker.testing;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Reads damaged copies of a file, again and again: each must be read, or refused with one of the
 * errors that its reader promises, within 64 MB of heap and five seconds. The first that is not
 * ends the attack with its seed.
 *
 * @param name of the kind of file, for messages
 * @param originals good files of the kind
 * @param errors that the reader promises
 */
public record Attack(
    String name, List<byte[]> originals, List<Class<? extends RuntimeException>> errors) {
  /** The most that one file may allocate on the heap. */
  public static final long MOST_BYTES = 64L << 20;

  private static final long MOST_NANOS = 5_000_000_000L;

  /**
   * The outcome.
   *
   * @param read how many damaged files were read all the same
   * @param refused how many were refused
   * @param mostBytes the most that one allocated
   * @param mostNanos the longest that one took
   */
  public record Outcome(int read, int refused, long mostBytes, long mostNanos) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d read, %d refused, at most %.1f MB and %.2f s",
          read,
          refused,
          mostBytes / 1e6,
          mostNanos / 1e9);
    }
  }

  /** Reads one file from memory; it writes it to a disk first if it has to. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Reads it.
     *
     * @param bytes of the damaged file
     * @throws IOException if the test itself cannot write
     */
    void read(byte[] bytes) throws IOException;
  }

  /**
   * Attacks.
   *
   * @param firstSeed of the first damage; the next has the next seed
   * @param times how many files
   * @param reader of the kind
   * @return what happened
   */
  public Outcome run(long firstSeed, int times, Reader reader) {
    int read = 0;
    int refused = 0;
    long mostBytes = 0;
    long mostNanos = 0;
    for (long seed = firstSeed; seed < firstSeed + times; seed++) {
      byte[] damaged = Mutation.of(originals.get((int) (seed % originals.size())), seed);
      Expense expense =
          Expense.of(
              () -> {
                reader.read(damaged);
                return 0;
              });
      Throwable failure = expense.failure();
      if (failure == null) {
        read++;
      } else if (errors.contains(failure.getClass()) && failure.getMessage() != null) {
        refused++;
      } else {
        throw new AssertionError(what(seed, damaged) + " threw " + failure, failure);
      }
      if (expense.bytes() > MOST_BYTES || expense.nanos() > MOST_NANOS) {
        throw new AssertionError(
            String.format(
                Locale.ROOT,
                "%s took %d bytes of heap and %.2f s",
                what(seed, damaged),
                expense.bytes(),
                expense.nanos() / 1e9));
      }
      mostBytes = Math.max(mostBytes, expense.bytes());
      mostNanos = Math.max(mostNanos, expense.nanos());
    }
    return new Outcome(read, refused, mostBytes, mostNanos);
  }

  private String what(long seed, byte[] damaged) {
    return name + " of " + damaged.length + " bytes, damaged by the seed " + seed + ",";
  }
}

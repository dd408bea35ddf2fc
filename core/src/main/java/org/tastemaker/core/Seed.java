package org.tastemaker.core;

import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * A splittable, counter-based source of randomness: a value, not a stream.
 *
 * <p>Every number is a pure function of the key and of its coordinates, so that image {@code i} of
 * a run is the same whatever the batch it is made in, whatever was drawn before it, and whichever
 * thread draws it:
 *
 * <pre>{@code
 * Seed run = Seed.of(42);
 * Seed image = run.split(i);               // one per image
 * image.gaussian(step, noise);             // the noise of one denoising step
 * RandomGenerator rng = run.split("shuffle").generator();
 * }</pre>
 *
 * <p>The generator is Philox4x32 with ten rounds (Salmon, Moraes, Dror and Shaw, "Parallel Random
 * Numbers: As Easy as 1, 2, 3", SC 2011), which passes BigCrush and which a GPU kernel computes in
 * the same few lines. The layout is part of the contract, because a kernel must draw the same
 * numbers:
 *
 * <table class="striped">
 * <caption>From coordinates to Philox's inputs</caption>
 * <thead><tr><th>input</th><th>value</th></tr></thead>
 * <tbody>
 * <tr><td>key</td><td>low word of {@link #key}, high word of {@link #key}</td></tr>
 * <tr><td>counter</td><td>element / 4, stream, 0, domain</td></tr>
 * <tr><td>domain</td><td>0 for {@link #gaussian}, 1 for {@link #split}, 2 for {@link #generator}
 * </td></tr>
 * <tr><td>output word</td><td>element mod 4</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Normal deviates come from the Box-Muller transform over the pairs of output words (0, 1) and
 * (2, 3): with {@code u = (w0 >>> 8) * 2^-24 + 2^-25} in (0, 1) and {@code v = (w1 >>> 8) * 2^-24},
 * the pair is {@code sqrt(-2 ln u) * (cos 2 pi v, sin 2 pi v)}, computed in double precision.
 *
 * @param key the 64-bit key; any value is a good one, 0 too
 */
public record Seed(long key) {
  private static final int GAUSSIAN = 0;
  private static final int SPLIT = 1;
  private static final int GENERATOR = 2;

  /**
   * The seed with a given key.
   *
   * @param key any number
   * @return the seed
   */
  public static Seed of(long key) {
    return new Seed(key);
  }

  /**
   * The child of a given index. Children of different indices, and children of different parents,
   * draw numbers that are independent for every practical purpose.
   *
   * @param index any number
   * @return the child
   */
  public Seed split(long index) {
    int[] words = philox(key, (int) index, (int) (index >>> 32), 0, SPLIT);
    return new Seed(toLong(words[0], words[1]));
  }

  /**
   * The child of a given name, for the parts of a program that draw independently of each other.
   *
   * @param name such as {@code "shuffle"}
   * @return the child, the same for equal names
   */
  public Seed split(String name) {
    Objects.requireNonNull(name, "name == null");
    Seed seed = new Seed(toLong(0x74617374, 0x65) ^ key);
    for (int i = 0; i < name.length(); i++) {
      seed = seed.split(name.charAt(i));
    }
    return seed;
  }

  /**
   * The children of the indices {@code 0} to {@code count - 1}: one seed for each image of a batch.
   *
   * @param count at least 0
   * @return the children, in order
   */
  public List<Seed> splits(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count must be at least 0, but was " + count);
    }
    return IntStream.range(0, count).mapToObj(this::split).toList();
  }

  /**
   * Fills an array with standard normal deviates.
   *
   * @param stream which of the seed's independent streams to draw, for example the index of the
   *     denoising step; at least 0
   * @param out receives the deviates; element {@code i} depends on the key, the stream and {@code
   *     i} alone, not on the length
   */
  public void gaussian(int stream, float[] out) {
    gaussian(stream, out, 0, out.length);
  }

  /**
   * Fills part of an array with standard normal deviates: {@code out[offset + i]} is element {@code
   * i}.
   *
   * @param stream which of the seed's independent streams to draw; at least 0
   * @param out receives the deviates
   * @param offset where element 0 goes
   * @param length how many elements
   */
  public void gaussian(int stream, float[] out, int offset, int length) {
    if (stream < 0) {
      throw new IllegalArgumentException("stream must be at least 0, but was " + stream);
    }
    Objects.checkFromIndexSize(offset, length, out.length);
    for (int block = 0; block * 4 < length; block++) {
      int[] words = philox(key, block, stream, 0, GAUSSIAN);
      for (int half = 0; half < 2; half++) {
        double u = (words[2 * half] >>> 8) * 0x1p-24 + 0x1p-25;
        double v = (words[2 * half + 1] >>> 8) * 0x1p-24;
        double radius = Math.sqrt(-2 * Math.log(u));
        int i = block * 4 + half * 2;
        if (i < length) {
          out[offset + i] = (float) (radius * Math.cos(2 * Math.PI * v));
        }
        if (i + 1 < length) {
          out[offset + i + 1] = (float) (radius * Math.sin(2 * Math.PI * v));
        }
      }
    }
  }

  /**
   * A random generator for shuffles and draws whose number is not known beforehand. Each call
   * returns a new one that starts at the beginning.
   *
   * @return a generator that is a function of the key alone; not thread-safe
   */
  public RandomGenerator generator() {
    return new Generator(key);
  }

  /**
   * Philox4x32-10: one block of the counter-based generator.
   *
   * @return four words of 32 random bits
   */
  static int[] philox(long key, int c0, int c1, int c2, int c3) {
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < 10; round++) {
      long p0 = (c0 & 0xFFFFFFFFL) * 0xD2511F53L;
      long p1 = (c2 & 0xFFFFFFFFL) * 0xCD9E8D57L;
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c0 = n0;
      c1 = (int) p1;
      c2 = n2;
      c3 = (int) p0;
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    return new int[] {c0, c1, c2, c3};
  }

  private static long toLong(int low, int high) {
    return (low & 0xFFFFFFFFL) | ((long) high << 32);
  }

  /** Reads a seed's generator domain, two longs a block. */
  private static final class Generator implements RandomGenerator {
    private final long key;
    private long next;

    Generator(long key) {
      this.key = key;
    }

    @Override
    public long nextLong() {
      long block = next >>> 1;
      int[] words = philox(key, (int) block, (int) (block >>> 32), 0, GENERATOR);
      boolean second = (next++ & 1) != 0;
      return second ? toLong(words[2], words[3]) : toLong(words[0], words[1]);
    }
  }
}

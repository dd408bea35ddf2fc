package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What the configurations check. */
final class Configs {
  /** The outermost image would have more than 2^8 times the height of the innermost. */
  static final int MOST_LEVELS = 9;

  static final int MOST_CHANNELS = 16_384;
  static final int MOST_LAYERS = 64;
  static final int MOST_HEADS = 1024;

  /** The blocks of all levels, which each take some kilobytes before any weight is read. */
  static final int MOST_BLOCKS = 1000;

  private static final int MOST_KERNEL = 31;
  private static final int LONGEST = 200;

  private Configs() {}

  static void positive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(key + " must be greater than 0, but was " + value);
    }
  }

  /** Larger values would only cost memory and time: no model is built like that. */
  static void within(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s must be from %d to %d, but was %d", key, least, most, value));
    }
  }

  /** The number of levels. */
  static void levels(int levels) {
    if (levels > MOST_LEVELS) {
      throw new IllegalArgumentException(
          "block_out_channels must have at most " + MOST_LEVELS + " levels, but has " + levels);
    }
  }

  static void odd(String key, int value) {
    if (value < 1 || value > MOST_KERNEL || value % 2 == 0) {
      throw new IllegalArgumentException(
          key + " must be odd and from 1 to " + MOST_KERNEL + ", but was " + value);
    }
  }

  static void each(String key, List<Integer> values, int levels, int most) {
    if (levels < 1
        || values.size() != levels
        || values.stream().anyMatch(value -> value < 1 || value > most)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must have one number from 1 to %d for each of the %d levels (at least one), but was %s",
              key,
              most,
              levels,
              shorten(values)));
    }
  }

  static void each(String key, List<String> values, int levels, Set<String> supported) {
    if (values.size() != levels || !supported.containsAll(values)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must have one of %s for each of the %d levels, but was %s",
              key,
              ImmutableSet.copyOf(supported),
              levels,
              shorten(values)));
    }
  }

  /** A text from a file in a message. */
  static String shorten(Object value) {
    String text = String.valueOf(value);
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }

  static void divides(String key, int value, String what, int divisor) {
    if (value % divisor != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %d channels cannot be divided into %d %s",
              key,
              value,
              divisor,
              what));
    }
  }

  static Object scalarIfEqual(List<Integer> values) {
    return values.stream().distinct().count() == 1 ? values.get(0) : values;
  }
}

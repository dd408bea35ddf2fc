package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What the configurations check. */
final class Configs {
  private Configs() {}

  static void positive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(key + " must be greater than 0, but was " + value);
    }
  }

  static void odd(String key, int value) {
    if (value < 1 || value % 2 == 0) {
      throw new IllegalArgumentException(key + " must be odd and at least 1, but was " + value);
    }
  }

  static void each(String key, List<Integer> values, int levels) {
    if (levels < 1 || values.size() != levels || values.stream().anyMatch(value -> value < 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must have one number of at least 1 for each of the %d levels (at least one), but was %s",
              key,
              levels,
              values));
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
              values));
    }
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

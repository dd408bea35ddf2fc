package org.tastemaker.diffusion.train;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;

/** Checks of lists of buffers. */
final class Buffers {
  private Buffers() {}

  /** Checks that there are as many buffers as expected, and each of its size. */
  static void requireSizes(String name, List<FloatBuffer> expected, List<FloatBuffer> actual) {
    if (actual.size() != expected.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must be %s buffers, but were %s",
              name,
              expected.size(),
              actual.size()));
    }
    for (int i = 0; i < expected.size(); i++) {
      if (actual.get(i).remaining() != expected.get(i).remaining()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s[%s] must hold %s elements, but holds %s",
                name,
                i,
                expected.get(i).remaining(),
                actual.get(i).remaining()));
      }
    }
  }
}

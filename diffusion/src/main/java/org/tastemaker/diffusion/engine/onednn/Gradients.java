package org.tastemaker.diffusion.engine.onednn;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where the gradient of each variable is, while the backward half is compiled, last layer first.
 *
 * <p>A variable that several layers read sums their contributions. A sum passes its gradient on to
 * both terms, so several variables may share a buffer for a while; a shared one is never added to.
 */
final class Gradients {
  /** A buffer and the number of variables whose gradient it is at the moment. */
  private static final class Gradient {
    private final Buffer buffer;
    private int holders = 1;

    Gradient(Buffer buffer) {
      this.buffer = buffer;
    }
  }

  private final Program program;
  private final ToLongFunction<String> counts;
  private final Function<String, @Nullable Buffer> homes;
  private final Map<String, Gradient> gradients = new HashMap<>();
  private final Set<String> given = new HashSet<>();

  /**
   * No gradients yet.
   *
   * @param counts the number of elements of a variable
   * @param homes where the gradient of a variable should be in the end, if that is decided
   */
  Gradients(
      Program program, ToLongFunction<String> counts, Function<String, @Nullable Buffer> homes) {
    this.program = program;
    this.counts = counts;
    this.homes = homes;
  }

  @Nullable Buffer of(String variable) {
    Gradient gradient = gradients.get(variable);
    return gradient == null ? null : gradient.buffer;
  }

  @Nullable Buffer accumulator(String variable) {
    Gradient gradient = gradients.get(variable);
    return gradient != null && gradient.holders == 1 ? gradient.buffer : null;
  }

  Buffer target(String variable) {
    Buffer home = homes.apply(variable);
    // Once: a layer may read a variable twice, and ask for both targets before it contributes.
    return home != null && !gradients.containsKey(variable) && given.add(variable)
        ? home
        : Program.floats(counts.applyAsLong(variable));
  }

  void contribute(String variable, Buffer part) {
    if (!gradients.containsKey(variable)) {
      gradients.put(variable, new Gradient(part));
    } else {
      addTo(variable, part);
    }
  }

  void pass(String from, String to) {
    Gradient gradient = gradients.get(from);
    if (gradient == null) {
      throw new IllegalStateException("\"" + from + "\" has no gradient to pass on");
    }
    if (!gradients.containsKey(to)) {
      gradient.holders++;
      gradients.put(to, gradient);
    } else {
      addTo(to, gradient.buffer);
    }
  }

  /** Says that the layer that made a variable has used its gradient. */
  void release(String variable) {
    Gradient gradient = gradients.remove(variable);
    if (gradient != null) {
      gradient.holders--;
    }
  }

  private void addTo(String variable, Buffer part) {
    Gradient gradient = gradients.get(variable);
    if (gradient == null) {
      throw new IllegalStateException("\"" + variable + "\" has no gradient yet");
    }
    long count = counts.applyAsLong(variable);
    if (gradient.holders == 1) {
      program.add(gradient.buffer, part, gradient.buffer, count);
    } else {
      Buffer sum = Program.floats(count);
      program.add(gradient.buffer, part, sum, count);
      gradient.holders--;
      gradients.put(variable, new Gradient(sum));
    }
  }
}

package org.tastemaker.diffusion.engine.onednn;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Where the gradient of each tensor is, while the backward half is compiled, last layer first.
 *
 * <p>A tensor that several layers read sums their contributions. A sum passes its gradient on to
 * both terms, so several tensors may share a buffer for a while; a shared one is never added to.
 */
final class Gradients {
  /** A buffer and the number of tensors whose gradient it is at the moment. */
  private static final class Gradient {
    private final Buffer buffer;
    private int holders = 1;

    Gradient(Buffer buffer) {
      this.buffer = buffer;
    }
  }

  private final boolean wanted;
  private final Program program;
  private final Function<Tensor, @Nullable Buffer> homes;
  private final Map<String, Gradient> gradients = new HashMap<>();
  private final Set<String> given = new HashSet<>();

  /**
   * No gradients yet.
   *
   * @param wanted whether there is a backward half at all
   * @param homes where the gradient of a tensor should be in the end, if that is decided
   */
  Gradients(boolean wanted, Program program, Function<Tensor, @Nullable Buffer> homes) {
    this.wanted = wanted;
    this.program = program;
    this.homes = homes;
  }

  boolean areWanted() {
    return wanted;
  }

  @Nullable Buffer of(Tensor tensor) {
    Gradient gradient = gradients.get(tensor.name());
    return gradient == null ? null : gradient.buffer;
  }

  @Nullable Buffer accumulator(Tensor tensor) {
    Gradient gradient = gradients.get(tensor.name());
    return gradient != null && gradient.holders == 1 ? gradient.buffer : null;
  }

  Buffer target(Tensor tensor) {
    Buffer home = homes.apply(tensor);
    // Once: a layer may read a tensor twice, and ask for both targets before it contributes.
    return home != null && !gradients.containsKey(tensor.name()) && given.add(tensor.name())
        ? home
        : Program.floats(count(tensor));
  }

  void contribute(Tensor tensor, Buffer part) {
    if (!gradients.containsKey(tensor.name())) {
      gradients.put(tensor.name(), new Gradient(part));
    } else {
      addTo(tensor, part);
    }
  }

  void pass(Tensor from, Tensor to) {
    Gradient gradient = gradients.get(from.name());
    if (gradient == null) {
      throw new IllegalStateException("\"" + from.name() + "\" has no gradient to pass on");
    }
    if (!gradients.containsKey(to.name())) {
      gradient.holders++;
      gradients.put(to.name(), gradient);
    } else {
      addTo(to, gradient.buffer);
    }
  }

  /** Says that the layer that made a tensor has used its gradient. */
  void release(Tensor tensor) {
    Gradient gradient = gradients.remove(tensor.name());
    if (gradient != null) {
      gradient.holders--;
    }
  }

  private void addTo(Tensor tensor, Buffer part) {
    Gradient gradient = gradients.get(tensor.name());
    if (gradient == null) {
      throw new IllegalStateException("\"" + tensor.name() + "\" has no gradient yet");
    }
    long count = count(tensor);
    if (gradient.holders == 1) {
      program.add(gradient.buffer, part, gradient.buffer, count);
    } else {
      Buffer sum = Program.floats(count);
      program.add(gradient.buffer, part, sum, count);
      gradient.holders--;
      gradients.put(tensor.name(), new Gradient(sum));
    }
  }

  private static long count(Tensor tensor) {
    return Shapes.count(tensor.shape().toArray());
  }
}

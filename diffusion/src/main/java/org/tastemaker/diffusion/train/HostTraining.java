package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.FloatBuffer;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.ResidentTraining.Kind;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * A training's numbers in the host's memory, and updates there.
 *
 * <p>A gradient is accumulated in a buffer of its own, because two weights may share the array that
 * a graph hands out, and scaling it twice would be wrong.
 */
final class HostTraining {
  private final OptimizerOptions options;
  private final ImmutableMap<String, INDArray> weights;
  private final ImmutableList<FloatBuffer> values;
  private final Map<String, FloatBuffer> gradients = new LinkedHashMap<>();
  private final Set<String> received = new HashSet<>();
  private final AdamW adamW;
  private final @Nullable Ema ema;

  /**
   * The beginning: no gradient, no moments, averages like the weights.
   *
   * @param options of the optimizer
   * @param weights by network and name
   */
  HostTraining(OptimizerOptions options, ImmutableMap<String, INDArray> weights) {
    this.options = options;
    this.weights = weights;
    this.values =
        weights.values().stream().map(FloatBuffers::of).collect(ImmutableList.toImmutableList());
    adamW = new AdamW(options.adamW(), values.stream().mapToInt(FloatBuffer::remaining).toArray());
    ema = options.ema().map(settings -> new Ema(settings, values)).orElse(null);
  }

  AdamW adamW() {
    return adamW;
  }

  @Nullable Ema ema() {
    return ema;
  }

  // ---- The gradient

  void begin() {
    received.clear();
  }

  /** The names of the weights that have a gradient. */
  Set<String> received() {
    return received;
  }

  /** Adds to a weight's gradient. */
  void add(String key, INDArray array) {
    INDArray weight = weights.get(key);
    if (weight == null) {
      throw unknown(key);
    }
    if (!ImmutableLongArray.copyOf(array.shape())
        .equals(ImmutableLongArray.copyOf(weight.shape()))) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the gradient of %s must have shape %s, but has %s",
              key,
              ImmutableLongArray.copyOf(weight.shape()),
              ImmutableLongArray.copyOf(array.shape())));
    }
    add(key, FloatBuffers.of(array));
  }

  /** The same, of as many elements as the weight has. */
  void add(String key, FloatBuffer part) {
    INDArray weight = weights.get(key);
    if (weight == null) {
      throw unknown(key);
    }
    FloatBuffer sum = gradient(key, weight);
    if (part.remaining() != sum.capacity()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the gradient of %s must have %s elements, but has %s",
              key,
              sum.capacity(),
              part.remaining()));
    }
    if (received.add(key)) {
      sum.put(0, part, part.position(), sum.capacity());
      return;
    }
    for (int i = 0; i < sum.capacity(); i++) {
      sum.put(i, sum.get(i) + part.get(part.position() + i));
    }
  }

  static IllegalStateException unknown(String key) {
    return new IllegalStateException(
        String.format(
                Locale.ROOT,
                "the graph trains %s, which is not among the trained parameters: add the set that holds it to the",
                key)
            + " part's adapters");
  }

  /** There is none until it is needed: where a gradient is elsewhere, it never is. */
  private FloatBuffer gradient(String key, INDArray weight) {
    return gradients.computeIfAbsent(
        key, k -> FloatBuffer.allocate(Math.toIntExact(weight.length())));
  }

  /** The gradient, in the weights' order. */
  Map<String, FloatBuffer> gradients() {
    Map<String, FloatBuffer> inOrder = new LinkedHashMap<>();
    weights.forEach((name, array) -> inOrder.put(name, gradient(name, array)));
    return inOrder;
  }

  // ---- The update

  /** Clips, AdamW, average; gives the gradient's norm before clipping. */
  double update(String where, double rate) {
    Map<String, FloatBuffer> inOrder = gradients();
    double norm = GradientClip.byGlobalNorm(where, options.maxGradientNorm(), inOrder);
    GradientClip.requireSquares(where, options.maxGradientNorm(), norm);
    adamW.update(rate, values, List.copyOf(inOrder.values()));
    if (ema != null) {
      ema.update(values);
    }
    return norm;
  }

  // ---- What there is

  /** Views of everything but the gradient, by kind, in the weights' order. */
  ImmutableMap<Kind, List<FloatBuffer>> buffers() {
    ImmutableMap.Builder<Kind, List<FloatBuffer>> kinds = ImmutableMap.builder();
    kinds.put(Kind.WEIGHTS, values.stream().map(FloatBuffer::duplicate).toList());
    kinds.put(Kind.FIRST_MOMENTS, adamW.firstMoments());
    kinds.put(Kind.SECOND_MOMENTS, adamW.secondMoments());
    if (ema != null) {
      kinds.put(Kind.AVERAGES, ema.averages());
    }
    return kinds.buildOrThrow();
  }

  /** Runs something while the weights and their averages are exchanged. */
  void exchanged(Ema averages, Runnable action) {
    averages.swap(values);
    try {
      action.run();
    } finally {
      averages.swap(values);
    }
  }

  /** Runs something while the weights are 0. */
  void asZeros(Runnable action) {
    TrainingSnapshot weights = new TrainingSnapshot(ImmutableList.of(values));
    try {
      for (FloatBuffer each : values) {
        each.put(each.position(), new float[each.remaining()]);
      }
      action.run();
    } finally {
      weights.restore();
    }
  }

  void resume(long step) {
    adamW.resume(step);
    if (ema != null) {
      ema.resume(step);
    }
  }
}

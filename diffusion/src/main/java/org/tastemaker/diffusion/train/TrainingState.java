package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.DivergedException;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * All that training changes: the trained weights, which live in their networks, and the gradient,
 * the optimizer's moments and the average of the weights, which live here.
 *
 * <p>A weight is known by its network's name and its own, such as {@code unet/conv_in.weight}. A
 * gradient is accumulated in a buffer of its own, because two weights may share the array that a
 * graph hands out, and scaling it twice would be wrong.
 *
 * <p>One update is {@link #begin}, {@link #add} for each batch, {@link #update}. Not thread-safe.
 */
public final class TrainingState {
  private final OptimizerOptions options;
  private final ImmutableMap<String, INDArray> weights;
  private final ImmutableMap<String, INDArray> frozen;
  private final List<FloatBuffer> values = new ArrayList<>();
  private final Map<String, FloatBuffer> gradients = new LinkedHashMap<>();
  private final Set<String> received = new HashSet<>();
  private final AdamW adamW;
  private final @Nullable Ema ema;
  private boolean showsAverages;

  /**
   * The state of a run's beginning.
   *
   * @param options of the optimizer
   * @param networks what is trained, by the networks' names
   * @param own the networks' own parameters, by the same names
   * @throws IllegalArgumentException if nothing is trainable, or something that is not FLOAT
   */
  public TrainingState(
      OptimizerOptions options, Map<String, TrainedPart> networks, Map<String, Parameters> own) {
    this.options = options;
    Map<String, INDArray> trained = new LinkedHashMap<>();
    Map<String, INDArray> rest = new LinkedHashMap<>();
    networks.forEach(
        (network, part) -> {
          Consumer<Parameters> add =
              parameters ->
                  parameters
                      .arrays()
                      .forEach(
                          (name, array) -> {
                            String key = network + "/" + name;
                            boolean trains = part.options().trainable().test(name);
                            if (trained.containsKey(key) || rest.containsKey(key)) {
                              throw new IllegalArgumentException(
                                  String.format(
                                      Locale.ROOT,
                                      "two parameters are named %s: an adapter needs names of its own",
                                      key));
                            }
                            (trains ? trained : rest).put(key, array);
                          });
          Parameters ownParameters = own.get(network);
          if (ownParameters != null) {
            add.accept(ownParameters);
          }
          part.adapters().forEach(add);
        });
    if (trained.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "nothing is trained: none of the %s parameters of %s is trainable by its part's options",
              rest.size(),
              networks.keySet()));
    }
    trained.forEach(
        (key, array) -> {
          if (array.dataType() != DataType.FLOAT) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT,
                    "%s must be of type FLOAT to be trained, but was %s",
                    key,
                    array.dataType()));
          }
          values.add(FloatBuffers.of(array));
          gradients.put(key, FloatBuffer.allocate(Math.toIntExact(array.length())));
        });
    weights = ImmutableMap.copyOf(trained);
    frozen = ImmutableMap.copyOf(rest);
    adamW = new AdamW(options.adamW(), values.stream().mapToInt(FloatBuffer::remaining).toArray());
    ema = options.ema().map(settings -> new Ema(settings, values)).orElse(null);
  }

  /**
   * How many updates have been done.
   *
   * @return at least 0
   */
  public long step() {
    return adamW.updates();
  }

  /** Discards the gradient. */
  public void begin() {
    if (showsAverages) {
      throw new IllegalStateException(
          "the weights are exchanged with their averages; train after withAverages has returned");
    }
    received.clear();
  }

  /**
   * Adds to the gradient.
   *
   * @param network whose
   * @param found by the names of parameters, and of inputs
   * @param inputs names to leave out
   */
  public void add(String network, Map<String, INDArray> found, Set<String> inputs) {
    found.forEach(
        (name, array) -> {
          if (!inputs.contains(name)) {
            add(network + "/" + name, array);
          }
        });
  }

  private void add(String key, INDArray array) {
    FloatBuffer sum = gradients.get(key);
    INDArray weight = weights.get(key);
    if (sum == null || weight == null) {
      throw new IllegalStateException(
          String.format(
                  Locale.ROOT,
                  "the graph trains %s, which is not among the trained parameters: add the set that holds it to the",
                  key)
              + " part's adapters");
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
    FloatBuffer part = FloatBuffers.of(array);
    if (received.add(key)) {
      sum.clear().put(part).clear();
      return;
    }
    for (int i = 0; i < sum.capacity(); i++) {
      sum.put(i, sum.get(i) + part.get(i));
    }
  }

  /**
   * Does one update with the gradient that was added since {@link #begin}.
   *
   * @param where the step, for the message of a failure, such as {@code "step 12"}
   * @param rate the learning rate, at least 0
   * @return the gradient's norm before clipping
   * @throws DivergedException if the gradient is not finite; nothing has changed then
   * @throws IllegalStateException if a gradient is missing; nothing has changed then
   */
  public double update(String where, double rate) {
    Set<String> missing = Sets.difference(weights.keySet(), received);
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          where
              + ": "
              + missing.size()
              + " trained parameters are not in the graph and have no gradient, the first is "
              + missing.iterator().next()
              + ": leave them out of the trainable ones");
    }
    double norm = GradientClip.byGlobalNorm(where, options.maxGradientNorm(), gradients);
    // The square of a larger one overflows a second moment.
    if (!(Math.min(norm, options.maxGradientNorm()) < 1e18)) {
      throw new DivergedException(
          where,
          "the gradient's norm is " + norm + ": set maxGradientNorm, or lower the learning rate");
    }
    adamW.update(rate, values, List.copyOf(gradients.values()));
    if (ema != null) {
      ema.update(values);
    }
    return norm;
  }

  /**
   * Runs something while the weights hold their averages.
   *
   * @param action what to run
   * @throws IllegalStateException if the run keeps no average
   */
  public void withAverages(Runnable action) {
    if (ema == null) {
      throw new IllegalStateException("there is no average of the weights: set the option ema");
    }
    begin();
    ema.swap(values);
    showsAverages = true;
    try {
      action.run();
    } finally {
      ema.swap(values);
      showsAverages = false;
    }
  }

  // ---- For checkpoints

  /**
   * The trained weights.
   *
   * @return the arrays themselves, by network and name, in order
   */
  public ImmutableMap<String, INDArray> weights() {
    return weights;
  }

  /**
   * The gradient that was added since {@link #begin}.
   *
   * @return one buffer per weight, by network and name, in the weights' order: the state's own
   */
  public Map<String, FloatBuffer> gradients() {
    return Collections.unmodifiableMap(gradients);
  }

  /**
   * Everything that a checkpoint has beside the step.
   *
   * @return weights, first_moments, second_moments and, if they are kept, averages; each a list of
   *     views of the state itself, one per weight, in the weights' order
   */
  public ImmutableMap<String, List<FloatBuffer>> buffers() {
    begin();
    ImmutableMap.Builder<String, List<FloatBuffer>> kinds = ImmutableMap.builder();
    kinds.put("weights", values.stream().map(FloatBuffer::duplicate).toList());
    kinds.put("first_moments", adamW.firstMoments());
    kinds.put("second_moments", adamW.secondMoments());
    if (ema != null) {
      kinds.put("averages", ema.averages());
    }
    return kinds.buildOrThrow();
  }

  /**
   * Resumes after a number of updates.
   *
   * @param step how many had been done when what is in the {@link #buffers} now was there
   */
  public void resume(long step) {
    adamW.resume(step);
    if (ema != null) {
      ema.resume(step);
    }
  }

  /**
   * A checksum of everything that is not trained, with the names.
   *
   * @return for a checkpoint's settings
   */
  public String frozenSum() {
    CRC32C sum = new CRC32C();
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    for (Map.Entry<String, INDArray> entry : frozen.entrySet()) {
      sum.update(entry.getKey().getBytes(StandardCharsets.UTF_8));
      FloatBuffer rest = FloatBuffers.of(entry.getValue());
      while (rest.hasRemaining()) {
        FloatBuffer part = rest.slice();
        part.limit(Math.min(part.capacity(), bytes.capacity() / Float.BYTES));
        rest.position(rest.position() + part.limit());
        int length = part.limit() * Float.BYTES;
        bytes.asFloatBuffer().put(part);
        sum.update(bytes.clear().limit(length));
        bytes.clear();
      }
    }
    return String.format(Locale.ROOT, "%d parameters, %08x", frozen.size(), sum.getValue());
  }

  /** Names of the networks' trained weights. */
  ImmutableSet<String> names() {
    return weights.keySet();
  }
}

package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.DivergedException;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;
import org.tastemaker.diffusion.engine.graph.ResidentTraining.Kind;
import org.tastemaker.diffusion.model.Parameters;

/**
 * All that training changes: the trained weights, which live in their networks, and the gradient,
 * the optimizer's moments and the average of the weights, which live here.
 *
 * <p>A weight is known by its network's name and its own, such as {@code unet/conv_in.weight}.
 *
 * <p>One update is {@link #begin}, {@link #backward} for each batch, {@link #update}. Not
 * thread-safe.
 *
 * <p>All of it is on the host, except within {@link #resident} and {@link #atomically}: there it is
 * where the engine computes, if the engine's placement says so ({@link
 * org.tastemaker.diffusion.engine.Updates}). The host's weights are then those from before, for all
 * but the engine's own functions, until {@link #buffers}, {@link #withAverages} or the end brings
 * them up to date.
 */
public final class TrainingState {
  private final OptimizerOptions options;
  private final TrainedParameters parameters;
  private final HostTraining host;
  private boolean showsAverages;
  private @Nullable ResidentTraining resident;

  /** Whether the host has what is resident. */
  private boolean current = true;

  /** Whether what the host had before is to be gone back to. */
  private boolean keepsBefore;

  private @Nullable TrainingSnapshot before;

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
    parameters = TrainedParameters.of(networks, own);
    host = new HostTraining(options, parameters.weights());
  }

  /**
   * How many updates have been done.
   *
   * @return at least 0
   */
  public long step() {
    return host.adamW().updates();
  }

  /** Discards the gradient. */
  public void begin() {
    requireOwnWeights();
    host.begin();
    if (resident != null) {
      resident.begin();
    }
  }

  private void requireOwnWeights() {
    if (showsAverages) {
      throw new IllegalStateException(
          "the weights are exchanged with their averages; train after withAverages has returned");
    }
  }

  /**
   * Runs a network backward, and adds what it gives to the gradient.
   *
   * @param network whose function it is
   * @param function after its forward run
   * @param cotangents of its outputs, by name
   * @param inputs names of inputs, whose gradients are left out
   * @return the gradients of these inputs by name, and perhaps more; valid until the function's
   *     next backward run
   */
  public Map<String, INDArray> backward(
      String network,
      GraphFunction function,
      Map<String, INDArray> cotangents,
      Set<String> inputs) {
    Map<String, INDArray> found =
        resident == null ? function.backward(cotangents) : function.backward(cotangents, resident);
    found.forEach(
        (name, array) -> {
          String key = network + "/" + name;
          if (inputs.contains(name)) {
            return;
          }
          if (resident != null) {
            throw HostTraining.unknown(key); // else it would have kept it
          }
          host.add(key, array);
        });
    return found;
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
    Set<String> missing = Sets.difference(parameters.weights().keySet(), received());
    if (!missing.isEmpty()) {
      throw new IllegalStateException(
          where
              + ": "
              + missing.size()
              + " trained parameters are not in the graph and have no gradient, the first is "
              + missing.iterator().next()
              + ": leave them out of the trainable ones");
    }
    return resident == null ? host.update(where, rate) : updateResident(where, rate, resident);
  }

  private double updateResident(String where, double rate, ResidentTraining there) {
    double squares = there.squares();
    if (!Double.isFinite(squares)) {
      ImmutableList<String> names = names().asList();
      for (int i = 0; i < names.size(); i++) {
        double own = there.squares(i);
        if (!Double.isFinite(own)) {
          throw GradientClip.notFinite(where, names.get(i), own);
        }
      }
      throw GradientClip.notFinite(where, "all parameters", squares);
    }
    double norm = Math.sqrt(squares);
    GradientClip.requireSquares(where, options.maxGradientNorm(), norm);
    current = false;
    there.update(host.adamW().next(GradientClip.factor(options.maxGradientNorm(), norm), rate));
    Ema ema = host.ema();
    if (ema != null) {
      there.average(ema.nextShare());
    }
    return norm;
  }

  private Set<String> received() {
    if (resident == null) {
      return host.received();
    }
    ImmutableSet.Builder<String> all = ImmutableSet.builder();
    ImmutableList<String> names = names().asList();
    for (int i = 0; i < names.size(); i++) {
      if (resident.hasGradient(i)) {
        all.add(names.get(i));
      }
    }
    return all.build();
  }

  /**
   * Runs something while the weights hold their averages.
   *
   * @param action what to run
   * @throws IllegalStateException if the run keeps no average
   */
  public void withAverages(Runnable action) {
    Ema ema = host.ema();
    if (ema == null) {
      throw new IllegalStateException("there is no average of the weights: set the option ema");
    }
    begin();
    onHost(
        () -> {
          showsAverages = true;
          try {
            host.exchanged(ema, action);
          } finally {
            showsAverages = false;
          }
        });
  }

  /**
   * Runs something while all trained weights are 0, which is to say without an adapter.
   *
   * @param action what to run
   */
  public void asZeros(Runnable action) {
    if (resident == null) {
      host.asZeros(action);
    } else {
      resident.asZeros(action);
    }
  }

  // ---- Where it is

  /**
   * Runs updates where the engine computes, if it offers that. Everything is on the host again
   * afterwards, also if they fail: as it was after the last update.
   *
   * @param updates what to run
   */
  public void resident(Runnable updates) {
    boolean entered = resident == null && enter();
    try {
      updates.run();
    } finally {
      if (entered) {
        try {
          bringToHost();
        } finally {
          leave();
        }
      }
    }
  }

  /**
   * Runs updates as a whole or not at all: if one fails, everything is as it was before the first.
   * They are made where the engine computes, if it offers that, and the host keeps what there was;
   * otherwise a copy is kept.
   *
   * @param updates what to run
   */
  public void atomically(Runnable updates) {
    long step = step();
    boolean entered = resident == null && enter();
    TrainingSnapshot copy = entered ? null : new TrainingSnapshot(buffers().values());
    keepsBefore = entered;
    boolean done = false;
    try {
      updates.run();
      if (entered) {
        keepsBefore = false;
        bringToHost();
      }
      done = true;
    } finally {
      TrainingSnapshot kept = entered ? before : copy;
      keepsBefore = false;
      before = null;
      if (entered) {
        leave();
      }
      if (!done) {
        if (kept != null) {
          kept.restore();
        }
        resume(step);
      }
    }
  }

  private boolean enter() {
    requireOwnWeights();
    ImmutableList<INDArray> arrays = parameters.weights().values().asList();
    resident =
        parameters
            .engine()
            .flatMap(engine -> engine.train(arrays, host.ema() != null))
            .orElse(null);
    if (resident == null) {
      return false;
    }
    host.begin();
    try {
      send();
    } catch (RuntimeException | Error e) {
      leave();
      throw e;
    }
    return true;
  }

  private void leave() {
    if (resident != null) {
      resident.close();
      resident = null;
    }
    current = true;
  }

  /** Sends the host's state to where the engine computes, if it is to be there. */
  private void send() {
    if (resident != null) {
      ResidentTraining there = resident;
      host.buffers()
          .forEach(
              (kind, all) -> {
                for (int i = 0; i < all.size(); i++) {
                  there.upload(kind, i, all.get(i).duplicate());
                }
              });
      there.begin();
      current = true;
    }
  }

  /** Brings the host up to date. */
  private void bringToHost() {
    if (resident == null) {
      return;
    }
    if (keepsBefore && before == null) {
      before = new TrainingSnapshot(host.buffers().values());
    }
    if (current) {
      return;
    }
    ResidentTraining there = resident;
    host.buffers()
        .forEach(
            (kind, all) -> {
              for (int i = 0; i < all.size(); i++) {
                there.download(kind, i, all.get(i).duplicate());
              }
            });
    current = true;
  }

  /** Runs something while nothing is resident. */
  private void onHost(Runnable action) {
    if (resident == null) {
      action.run();
      return;
    }
    bringToHost();
    leave();
    try {
      action.run();
    } finally {
      // It was taken before; if it is not now, the training goes on here.
      boolean unused = enter();
    }
  }

  // ---- For checkpoints

  /**
   * The trained weights.
   *
   * @return the arrays themselves, by network and name, in order
   */
  public ImmutableMap<String, INDArray> weights() {
    return parameters.weights();
  }

  /**
   * The gradient that was added since {@link #begin}, on the host.
   *
   * @return one buffer per weight, by network and name, in the weights' order: the state's own
   */
  public Map<String, FloatBuffer> gradients() {
    Map<String, FloatBuffer> inOrder = host.gradients();
    if (resident != null) {
      int i = 0;
      for (FloatBuffer gradient : inOrder.values()) {
        resident.download(Kind.GRADIENTS, i++, gradient);
      }
    }
    return Collections.unmodifiableMap(inOrder);
  }

  /**
   * Everything that a checkpoint has beside the step.
   *
   * @return weights, first_moments, second_moments and, if they are kept, averages; each a list of
   *     views of the host's state itself, one per weight, in the weights' order
   */
  public ImmutableMap<String, List<FloatBuffer>> buffers() {
    begin();
    bringToHost();
    ImmutableMap.Builder<String, List<FloatBuffer>> kinds = ImmutableMap.builder();
    host.buffers().forEach((kind, all) -> kinds.put(kind.name().toLowerCase(Locale.ROOT), all));
    return kinds.buildOrThrow();
  }

  /**
   * Resumes after a number of updates, with what is in the {@link #buffers} now.
   *
   * @param step how many had been done when it was there
   */
  public void resume(long step) {
    host.resume(step);
    send();
  }

  /**
   * A checksum of everything that is not trained, with the names.
   *
   * @return for a checkpoint's settings
   */
  public String frozenSum() {
    return parameters.frozenSum();
  }

  /** Names of the networks' trained weights. */
  ImmutableSet<String> names() {
    return parameters.weights().keySet();
  }
}

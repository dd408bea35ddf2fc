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
  private final Residency place;

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
    place = new Residency(parameters, host);
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
    ResidentTraining resident = place.resident();
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
    ResidentTraining resident = place.resident();
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

  /** Adds to the gradient of a weight that no graph knows of; while all is on the host. */
  void add(String name, INDArray gradient) {
    if (place.resident() != null) {
      throw new IllegalStateException(name + " is updated on the host, but the state is not there");
    }
    host.add(name, gradient);
  }

  /**
   * Adds to the gradient of a weight what was computed elsewhere, bit for bit as {@link #backward}
   * adds it.
   *
   * @param name of the weight, as in {@link #weights}
   * @param gradient read by absolute index, as many elements as the weight has
   * @throws IllegalStateException if the updates are made where the engine computes
   */
  public void add(String name, FloatBuffer gradient) {
    if (place.resident() != null) {
      throw new IllegalStateException(
          "the gradient of "
              + name
              + " was computed elsewhere, but the updates are made where the engine computes: give"
              + " the model a placement whose updates are on the host");
    }
    host.add(name, gradient);
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
    ResidentTraining resident = place.resident();
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
    place.hostIsBehind();
    there.update(host.adamW().next(GradientClip.factor(options.maxGradientNorm(), norm), rate));
    Ema ema = host.ema();
    if (ema != null) {
      there.average(ema.nextShare());
    }
    return norm;
  }

  private Set<String> received() {
    ResidentTraining resident = place.resident();
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
    place.onHost(
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
    ResidentTraining resident = place.resident();
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
    requireOwnWeights();
    place.resident(updates);
  }

  /**
   * Runs updates as a whole or not at all: if one fails, everything is as it was before the first.
   * They are made where the engine computes, if it offers that, and the host keeps what there was;
   * otherwise a copy is kept.
   *
   * @param updates what to run
   */
  public void atomically(Runnable updates) {
    begin();
    place.atomically(updates);
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
    ResidentTraining resident = place.resident();
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
    place.bringToHost();
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
    place.send();
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

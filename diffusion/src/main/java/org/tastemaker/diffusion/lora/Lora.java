package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.BranchBuilder;
import org.tastemaker.diffusion.model.Parameters;

/**
 * One low-rank adapter of one network: {@code h = W x + (alpha / r) B A x} at each of its layers
 * (Hu et al., 2022, eq. 3, and section 4.1 for the scale).
 *
 * <p>As an {@link Adapter} it is for inference, and for training without dropout; {@link
 * LoraDropout} adds dropout, {@link LoraStack} puts several together. Its parameters are named
 * {@code lora.<name>.<unet or text_encoder>.<path of the layer>.down.weight} and {@code
 * .up.weight}, names that no parameter of a network or of another LoRA has.
 *
 * <p>Not thread-safe.
 */
public final class Lora implements Adapter, AutoCloseable {
  /**
   * How the down layers are initialised; the up layers are 0, so that a new LoRA changes nothing.
   */
  public enum Initialisation {
    /** Normal with the standard deviation 1 / rank, as PEFT's "gaussian". */
    GAUSSIAN,
    /** Uniform in +-1 / sqrt(fan in), as kohya's trainer and as PEFT by default. */
    KAIMING
  }

  /**
   * Hyper-parameters.
   *
   * @param rank r, at least 1; 4 to 32 are usual
   * @param alpha the branch is scaled by alpha / rank; greater than 0
   * @param dropout the share of the branch's inputs that {@link LoraDropout} sets to zero in
   *     training, in [0, 1)
   * @param initialisation of the down layers
   * @param targets the layers that get a branch
   * @param patterns layers with another rank or alpha
   */
  @RecordBuilder
  public record Options(
      int rank,
      double alpha,
      double dropout,
      Initialisation initialisation,
      LoraTargets targets,
      LoraPatterns patterns)
      implements LoraOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      if (rank < 1) {
        throw new IllegalArgumentException("rank must be at least 1, but was " + rank);
      }
      if (!(alpha > 0) || Double.isInfinite(alpha)) {
        throw new IllegalArgumentException("alpha must be positive and finite, but was " + alpha);
      }
      requireDropout(dropout);
      Objects.requireNonNull(initialisation, "initialisation == null");
      Objects.requireNonNull(targets, "targets == null");
      Objects.requireNonNull(patterns, "patterns == null: use LoraPatterns.none()");
    }

    /**
     * What diffusers' training script uses: rank 4, alpha 4, Gaussian, no dropout, the attention of
     * a U-Net.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(
          4, 4, 0, Initialisation.GAUSSIAN, LoraTargets.attention(), LoraPatterns.none());
    }

    /**
     * The defaults with another rank, and alpha equal to it, so that the branch is not scaled.
     *
     * @param rank at least 1
     * @return the options
     */
    public static Options ofRank(int rank) {
      return defaults().withRank(rank).withAlpha(rank);
    }

    static void requireDropout(double rate) {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException("dropout must be in [0, 1), but was " + rate);
      }
    }
  }

  private final String name;
  private final LoraNetwork network;
  private final ImmutableMap<String, LoraModule> modules;
  private final Parameters parameters;
  private final ImmutableList<LoraChange> changes;
  private final DataType type;
  private final double dropout;
  private final Predicate<String> trainable;
  private @Nullable LoraMerge merge;

  /** A LoRA over parameters of the modules' shapes and changes, whose owner it becomes. */
  Lora(
      String name,
      LoraNetwork network,
      ImmutableMap<String, LoraModule> modules,
      Parameters parameters,
      ImmutableList<LoraChange> changes,
      DataType type,
      double dropout) {
    this.name = name;
    this.network = network;
    this.modules = modules;
    this.parameters = parameters;
    this.changes = changes;
    this.type = type;
    this.dropout = dropout;
    this.trainable = parameters.specs()::containsKey;
  }

  /**
   * A new LoRA, which changes nothing before it is trained.
   *
   * @param name letters, digits, '-' and '_'; unique among the LoRAs that are used together
   * @param network the one that it adapts
   * @param base the network's parameters; read for their names, shapes and type only
   * @param options hyper-parameters
   * @param seed of the down layers
   * @return the LoRA, to be closed
   * @throws IllegalArgumentException if a target matches no layer of the network, or a pattern none
   *     of the chosen layers
   */
  public static Lora create(
      String name, LoraNetwork network, Parameters base, Options options, Seed seed) {
    LoraParameters.requireName(name);
    ImmutableMap<String, LoraModule> modules =
        options
            .targets()
            .modules(network, base, options.rank(), options.alpha(), options.patterns());
    Parameters parameters =
        Parameters.random(
            LoraParameters.specs(name, network, modules.values().asList()),
            seed,
            LoraParameters.type(base));
    for (LoraModule module : modules.values()) {
      String prefix = LoraParameters.prefix(name, network, module.path());
      // Uniform in +-1 / sqrt(fan in) is how parameters are drawn anyway.
      if (options.initialisation() == Initialisation.GAUSSIAN) {
        INDArray down = parameters.get(prefix + LoraParameters.DOWN);
        LoraParameters.gaussian(
            down, seed.split(prefix + LoraParameters.DOWN), 1.0 / module.rank());
      }
      parameters.get(prefix + LoraParameters.UP).assign(0);
    }
    return new Lora(
        name,
        network,
        modules,
        parameters,
        ImmutableList.of(),
        LoraParameters.type(base),
        options.dropout());
  }

  // ---- What it is

  /**
   * The LoRA's name.
   *
   * @return letters, digits, '-' and '_'
   */
  public String name() {
    return name;
  }

  /**
   * The network that the LoRA adapts.
   *
   * @return the network
   */
  public LoraNetwork network() {
    return network;
  }

  /**
   * The low-rank pairs that the LoRA adds, and where.
   *
   * @return by the layer's path, in the network's order
   */
  public ImmutableMap<String, LoraModule> modules() {
    return modules;
  }

  /**
   * What a file changes that is not a low-rank pair: DoRA, LoHa, LoKr, whole differences. Such a
   * LoRA acts only when it is merged ({@link #mergeInto}, with any weight), and cannot be trained
   * further.
   *
   * @return the kind, such as "LoHa", by the layer's path; empty for a LoRA of pairs alone
   */
  public ImmutableMap<String, String> mergedOnly() {
    return changes.stream()
        .collect(ImmutableMap.toImmutableMap(LoraChange::path, LoraChange::kind));
  }

  ImmutableList<LoraChange> changes() {
    return changes;
  }

  void requireTrainable() {
    requirePairs(
        "they cannot be trained further; merge it into the network, and train a new LoRA beside it");
  }

  /** Throws if there are layers that act only when they are merged. */
  void requirePairs(String otherwise) {
    if (!changes.isEmpty()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "LoRA \"%s\" has %s layers that are no low-rank pairs, such as \"%s\" (%s): %s",
              name,
              changes.size(),
              changes.get(0).path(),
              changes.get(0).kind(),
              otherwise));
    }
  }

  /**
   * The LoRA's parameters, for an optimizer.
   *
   * @return those that every graph with this adapter reads; owned by the LoRA
   */
  public Parameters parameters() {
    return parameters;
  }

  /**
   * The dropout that the LoRA was made for.
   *
   * @return in [0, 1); 0 for one that was read from a file
   */
  public double dropout() {
    return dropout;
  }

  /**
   * Whether a parameter belongs to this LoRA: what to train.
   *
   * @return the same predicate at each call, so that options with it are equal and hit the model's
   *     cache of functions
   * @throws IllegalStateException if it has layers that cannot be trained, see {@link #mergedOnly}
   */
  public Predicate<String> trainable() {
    requireTrainable();
    return trainable;
  }

  INDArray down(LoraModule module) {
    return parameters.get(parameter(module, LoraParameters.DOWN));
  }

  INDArray up(LoraModule module) {
    return parameters.get(parameter(module, LoraParameters.UP));
  }

  INDArray upBias(LoraModule module) {
    return parameters.get(parameter(module, LoraParameters.UP_BIAS));
  }

  /** A as in files: [r, in] or [r, in, kH, kW]. */
  INDArray torchDown(LoraModule module) {
    return parameters.torchLayout(parameter(module, LoraParameters.DOWN), down(module));
  }

  /** B as in files: [out, r] or [out, r, 1, 1]. */
  INDArray torchUp(LoraModule module) {
    return parameters.torchLayout(parameter(module, LoraParameters.UP), up(module));
  }

  private String parameter(LoraModule module, String end) {
    return LoraParameters.prefix(name, network, module.path()) + end;
  }

  /**
   * Checks that a network has all the layers that this LoRA adapts. While a graph is built, a LoRA
   * of another network is not an error: it has no effect. So check first.
   *
   * @param base the network's parameters
   * @throws LoraMismatchException if a layer is missing or of another shape
   */
  public void requireFits(Parameters base) {
    List<String> problems = new ArrayList<>();
    modules.values().forEach(module -> module.misfit(base).ifPresent(problems::add));
    for (LoraChange change : changes) {
      change.targets().stream()
          .filter(target -> !target.equals(base.specs().get(target.name())))
          .map(target -> "no parameter \"" + target.name() + "\" of shape " + target.shape())
          .forEach(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new LoraMismatchException(
          String.format(Locale.ROOT, "LoRA \"%s\" does not fit the network", name), problems);
    }
  }

  /**
   * A copy with parameters of its own, of the same names, which does not change when this one is
   * trained. It takes this one's place, and cannot be stacked with it.
   *
   * @return the copy, to be closed by the caller
   * @throws IllegalStateException if it has layers that are no pairs, see {@link #mergedOnly}
   */
  public Lora copy() {
    requirePairs("they cannot be copied; merge it into a copy of the network");
    return new Lora(name, network, modules, parameters.copy(), changes, type, dropout);
  }

  // ---- As a branch

  @Override
  public @Nullable Branch branch(Site site) {
    if (!hasBranch(site)) {
      return null;
    }
    return (layers, input, output) -> add(layers, site, input, output, 1);
  }

  /**
   * Whether a layer gets a branch.
   *
   * @throws IllegalStateException if the LoRA is merged: it would act twice
   */
  boolean hasBranch(Site site) {
    if (merge == null) {
      requirePairs("they act only when it is merged; call mergeInto, and build without it");
    }
    LoraModule module = modules.get(site.path());
    if (module == null) {
      return false;
    }
    if (merge != null) {
      throw new IllegalStateException(
          String.format(
                  Locale.ROOT,
                  "LoRA \"%s\" is merged into the weights and would act twice; unmerge it, or build the",
                  name)
              + " function without it");
    }
    ImmutableLongArray expected = module.weight().shape();
    if (site.weight().kind() != module.weight().kind() || !site.weight().shape().equals(expected)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "LoRA \"%s\": layer \"%s\" must have a weight of shape %s, but has %s",
              name,
              site.path(),
              expected,
              site.weight().shape()));
    }
    return true;
  }

  /** {@code output + weight (alpha / r) B A input}. */
  Tensor add(BranchBuilder layers, Site site, Tensor input, Tensor output, double weight) {
    LoraModule module = Objects.requireNonNull(modules.get(site.path()));
    String prefix = LoraParameters.prefix(name, network, site.path());
    return new LoraBranch(module, parameters, prefix, weight * module.scale())
        .add(layers, site, input, output);
  }

  // ---- Merged

  /**
   * Adds {@code weight (alpha / r) B A} to the network's own weights, in place, and {@code weight}
   * times whatever else the LoRA changes. Of DoRA that is the difference to the weights as they are
   * now, as in ComfyUI; PEFT multiplies B A by the weight instead, before the lengths of the rows
   * are set, which is the same for the weight 1.
   *
   * @param base the network's parameters
   * @param weight finite; 1 for the effect that the LoRA was trained for
   * @throws IllegalStateException if the LoRA is merged already
   * @throws LoraMismatchException if it does not fit, or changes a bias that a layer does not have;
   *     nothing has changed then
   * @throws IllegalArgumentException if the weight or a parameter is not finite; nothing has
   *     changed then
   */
  public void mergeInto(Parameters base, double weight) {
    requireMergeable(base, weight);
    LoraMerge all = new LoraMerge();
    try {
      for (LoraModule module : modules.values()) {
        INDArray target = base.get(module.weight().name());
        double factor = weight * module.scale();
        all.add(target, down(module), up(module), factor, module.isConvolution());
        if (module.bias()) {
          all.add(base.get(LoraParameters.bias(module.weight())), upBias(module), factor);
        }
      }
      for (LoraChange change : changes) {
        change
            .targets()
            .forEach(target -> all.add(base.get(target.name()), change, target, weight));
      }
    } catch (RuntimeException e) {
      all.close();
      throw e;
    }
    all.apply();
    merge = all;
  }

  void requireMergeable(Parameters base, double weight) {
    if (merge != null) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "LoRA \"%s\" is merged already; unmerge it first", name));
    }
    requireWeight(name, weight);
    requireFits(base);
    LoraMerge.requireBiases(name, modules.values(), base);
    if (LoraParameters.type(base) != type) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "LoRA \"%s\" is of type %s and cannot be merged into weights of type %s",
              name,
              type,
              LoraParameters.type(base)));
    }
    LoraMerge.requireFinite(parameters);
  }

  static void requireWeight(String name, double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "the weight of LoRA \"%s\" must be finite, but was %s", name, weight));
    }
  }

  /**
   * Subtracts from the network's weights what {@link #mergeInto} added, even if the LoRA has been
   * trained since.
   *
   * <p>Each weight w comes back to within {@code 2u |w| + u |d|}, up to terms of u squared, where d
   * is what was added and u = 2^-24 (for FLOAT): one rounding of w + d and one of its difference
   * with d.
   *
   * @throws IllegalStateException if the LoRA is not merged
   */
  public void unmerge() {
    if (merge == null) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "LoRA \"%s\" is not merged; call mergeInto first", name));
    }
    merge.undo();
    merge = null;
  }

  /**
   * Whether the LoRA is part of a network's weights.
   *
   * @return true between mergeInto and unmerge
   */
  public boolean isMerged() {
    return merge != null;
  }

  /**
   * Frees the parameters; functions that were built with the LoRA must not run any more. What has
   * been merged can no longer be unmerged.
   */
  @Override
  public void close() {
    if (merge != null) {
      merge.close();
      merge = null;
    }
    changes.forEach(LoraChange::close);
    parameters.close();
  }
}

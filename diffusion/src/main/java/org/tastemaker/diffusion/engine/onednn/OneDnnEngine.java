package org.tastemaker.diffusion.engine.onednn;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.Backend;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Halves;
import org.tastemaker.diffusion.engine.OpenMpThreads;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.Precision;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * {@code onednn}: graphs of type FLOAT as programs of oneDNN's primitives, in float32 or with
 * products in bfloat16.
 */
public final class OneDnnEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(OneDnnEngine.class);

  private final CompilerOptions options;
  private final @Nullable LongSupplier nanoTime;
  private final @Nullable Consumer<Profile> profiles;

  /** Whether oneDNN's natives are there: asked once, when the engine is first considered. */
  private static final class Natives {
    private static final Optional<String> MISSING = load();

    private static Optional<String> load() {
      try {
        new OneDnn().close();
        return Optional.empty();
      } catch (LinkageError e) {
        String why =
            "oneDNN does not load"
                + Backend.missingOneDnn().map(line -> ": " + line).orElse(": " + e);
        LOG.warn("{}. Without it graphs run on ND4J's own ops, several times slower", why);
        return Optional.of(why);
      }
    }
  }

  /** For the service loader. */
  public OneDnnEngine() {
    this(CompilerOptions.PLAIN, null, null);
  }

  private OneDnnEngine(
      CompilerOptions options,
      @Nullable LongSupplier nanoTime,
      @Nullable Consumer<Profile> profiles) {
    this.options = options;
    this.nanoTime = nanoTime;
    this.profiles = profiles;
  }

  /**
   * An engine whose functions are timed, to see which layers a run's time goes to. It is given to
   * the options in place of a named one.
   *
   * @param nanoTime the clock, such as {@code System::nanoTime}
   * @param profiles is given the profile of each function when the function is made; later runs add
   *     to it
   * @return the engine
   */
  public static Engine profiled(LongSupplier nanoTime, Consumer<Profile> profiles) {
    return new OneDnnEngine(CompilerOptions.PLAIN, nanoTime, profiles);
  }

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public int priority() {
    return 20;
  }

  @Override
  public Optional<String> whyNot() {
    return Natives.MISSING;
  }

  @Override
  public Optional<String> whyNot(GraphDefinition graph) {
    return graph.dataType() == DataType.FLOAT
        ? Halves.whyNot(graph)
        : Optional.of("it computes in FLOAT, not in " + graph.dataType());
  }

  /**
   * {@inheritDoc}
   *
   * <p>In bfloat16, linear layers and convolutions of 32 channels and more round their inputs and
   * weights to it before they multiply. Sums, attention, everything else, and what is kept in
   * memory are float32.
   *
   * @throws IllegalArgumentException also if the processor has no instructions for bfloat16
   */
  @Override
  public Engine on(Placement placement) {
    Engine unused = // for its checks of the rest
        Engine.super.on(placement.withPrecision(Precision.FLOAT32).withCheckpointing(false));
    boolean bfloat16 = placement.precision() == Precision.BFLOAT16;
    if (bfloat16 && whyNot().isEmpty() && !OneDnn.hasBfloat16Products()) {
      throw new IllegalArgumentException(
          "the engine \"onednn\" computes in bfloat16 only where the processor has instructions for"
              + " it (AVX-512 BF16 or AMX), and this one has none: compute in float32");
    }
    return new OneDnnEngine(
        new CompilerOptions(Set.of(), bfloat16, placement.checkpointing()), nanoTime, profiles);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof OneDnnEngine engine
        && options.equals(engine.options)
        && Objects.equals(nanoTime, engine.nanoTime)
        && Objects.equals(profiles, engine.profiles);
  }

  @Override
  public int hashCode() {
    return Objects.hash(options, nanoTime, profiles);
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    return create(graph, List.of());
  }

  /**
   * {@inheritDoc}
   *
   * <p>What is shared are frozen weights in the formats of convolutions and in bfloat16, where the
   * functions read the same arrays.
   */
  @Override
  public GraphFunction create(GraphDefinition graph, Collection<GraphFunction> siblings) {
    SharedWeights weights = weights(siblings);
    BatchPlan plan = BatchPlan.of(graph, OpenMpThreads.number());
    if (!plan.isWhole() && OpenMp.reachesOneDnn()) {
      Optional<DividedFunction> divided =
          DividedFunction.compile(graph, plan, options, weights, nanoTime);
      if (divided.isPresent()) {
        divided.get().profile().ifPresent(this::show);
        return divided.get();
      }
    }
    CompiledFunction function = new CompiledFunction(graph, options, weights, nanoTime);
    if (nanoTime != null) {
      show(function.profile());
    }
    return function;
  }

  /** Those of the siblings, which were made beside each other. */
  private static SharedWeights weights(Collection<GraphFunction> siblings) {
    for (GraphFunction each : siblings) {
      if (each instanceof SharingFunction sharing) {
        return sharing.weights();
      }
    }
    return new SharedWeights();
  }

  private void show(Profile profile) {
    if (profiles != null) {
      profiles.accept(profile);
    }
  }
}

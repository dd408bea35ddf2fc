package org.tastemaker.diffusion.engine;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.stream.StreamSupport;

/**
 * Where and in which numbers an engine computes.
 *
 * <pre>{@code
 * Engine engine = Engines.named("torch").on(Placement.of("cuda:0", "bfloat16"));
 * model.with(FunctionOptions.inference().withEngine(engine));
 * }</pre>
 *
 * @param devices at least one; a batch's images are shared out among several, which are then all of
 *     one kind
 * @param precision of the large products
 * @param checkpointing whether a function with gradients keeps only what stands between the
 *     network's blocks, and computes the rest again when the gradients are asked for: up to a third
 *     slower, half of the memory or less (Chen et al., "Training Deep Nets with Sublinear Memory
 *     Cost", 2016)
 * @param graphs whether a GPU's work is recorded once and then given to it in one piece (a CUDA
 *     graph), where that can be done: it spares the processor's time between small kernels, which
 *     counts in batches of one to four, and holds the memory of one run; no effect on a processor
 * @param updates where trained weights are updated
 */
@RecordBuilder
public record Placement(
    ImmutableList<Device> devices,
    Precision precision,
    boolean checkpointing,
    boolean graphs,
    Updates updates)
    implements PlacementBuilder.With {
  /** The first GPU that can run the engine, or else the processor; in float32. */
  public static final Placement AUTO =
      new Placement(ImmutableList.of(Device.AUTO), Precision.FLOAT32, false, false, Updates.AUTO);

  /**
   * Checks the devices.
   *
   * @param devices as above
   * @param precision as above
   * @param checkpointing as above
   * @param graphs as above
   * @param updates as above
   */
  public Placement {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("a placement needs at least one device");
    }
    if (devices.size() > 1
        && (devices.contains(Device.AUTO)
            || devices.stream().map(Device::kind).distinct().count() > 1)) {
      throw new IllegalArgumentException(
          "several devices must be of one kind and none of them auto, but were " + devices);
    }
    if (devices.get(0).kind() == Device.Kind.CUDA
        && ImmutableSet.copyOf(devices).size() < devices.size()) {
      throw new IllegalArgumentException("a GPU is there twice: " + devices);
    }
  }

  /**
   * A placement of names, as in a configuration.
   *
   * @param devices {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:n}, or several with commas
   *     between them
   * @param precision {@code float32}, {@code tf32} or {@code bfloat16}
   * @return the placement, without checkpointing and graphs
   * @throws IllegalArgumentException if a name is none of these
   */
  public static Placement of(String devices, String precision) {
    return new Placement(
        StreamSupport.stream(Splitter.on(',').split(devices).spliterator(), false)
            .map(Device::of)
            .collect(ImmutableList.toImmutableList()),
        Precision.of(precision),
        false,
        false,
        Updates.AUTO);
  }

  /**
   * Whether an engine that knows only the processor and float32 does as it says.
   *
   * @return whether every device is auto or the processor, the precision computes in float32 there,
   *     and nothing else is asked for
   */
  boolean isPlain() {
    return devices.size() == 1
        && devices.get(0).kind() != Device.Kind.CUDA
        && precision != Precision.BFLOAT16
        && !checkpointing
        && !graphs
        && updates != Updates.DEVICE;
  }
}

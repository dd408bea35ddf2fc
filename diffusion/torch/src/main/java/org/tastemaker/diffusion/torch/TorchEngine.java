package org.tastemaker.diffusion.torch;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * {@code torch}: graphs on LibTorch, on the CPU and on NVIDIA GPUs, in float32, TF32 and bfloat16.
 *
 * <p>Engines of different placements that come from one another share the weights that they have on
 * a device, as {@code Engines.named("torch")} and all that it gives do.
 */
public final class TorchEngine implements Engine {
  private final Placement placement;
  private final Weights weights;

  /** For the service loader. */
  public TorchEngine() {
    this(Placement.AUTO, new Weights());
  }

  private TorchEngine(Placement placement, Weights weights) {
    this.placement = placement;
    this.weights = weights;
  }

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public Optional<String> whyNot() {
    return Setup.whyNot(Device.AUTO);
  }

  @Override
  public Engine on(Placement other) {
    for (Device device : other.devices()) {
      Optional<String> why = Setup.whyNot(device);
      if (why.isPresent()) {
        throw new IllegalArgumentException(
            "the engine \"torch\" cannot compute on " + device + ": " + why.get());
      }
    }
    return new TorchEngine(other, weights);
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    Setup.advise();
    Numbers numbers = Numbers.of(graph.dataType(), placement.precision());
    Plan plan = Plan.of(graph, placement.checkpointing() && graph.isDifferentiable());
    List<Worker> workers = new ArrayList<>();
    try {
      for (Device device : devices()) {
        workers.add(worker(plan, device, numbers));
      }
      return new TorchFunction(
          graph,
          plan,
          workers,
          new MemoryGuard(() -> {}, rows -> {}),
          () -> Natives.configure(placement.precision()));
    } catch (RuntimeException e) {
      workers.forEach(Worker::close);
      throw e;
    }
  }

  private Worker worker(Plan plan, Device device, Numbers numbers) {
    var place = place(device);
    boolean shared = device.kind() == Device.Kind.CPU;
    return new Worker(
        plan,
        place,
        new LayerOps(numbers),
        weights.lease(place, numbers),
        new Masters(plan.leaves(), place, shared));
  }

  private ImmutableList<Device> devices() {
    return placement.devices().stream().map(Setup::resolve).collect(toImmutableList());
  }

  private static org.bytedeco.pytorch.Device place(Device device) {
    return device.kind() == Device.Kind.CUDA
        ? new org.bytedeco.pytorch.Device(DeviceType.CUDA, (byte) device.index())
        : new org.bytedeco.pytorch.Device(DeviceType.CPU);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TorchEngine engine
        && engine.weights == weights
        && engine.placement.equals(placement);
  }

  @Override
  public int hashCode() {
    return placement.hashCode();
  }

  @Override
  public String toString() {
    return name() + " on " + placement;
  }
}

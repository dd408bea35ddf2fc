package org.tastemaker.diffusion.torch;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/**
 * {@code torch}: graphs on LibTorch, on the CPU and on NVIDIA GPUs, in float32, TF32 and bfloat16.
 *
 * <p>Engines of different placements that come from one another share the weights that they have on
 * a device, as {@code Engines.named("torch")} and all that it gives do.
 */
public final class TorchEngine implements Engine {
  /** Numbers in one piece of an update: some 200 MB for what lies between them. */
  private static final long PIECE = 1 << 22;

  private final Placement placement;
  private final Weights weights;
  private final AtomicLong pools;

  /** For the service loader. */
  public TorchEngine() {
    this(Placement.AUTO, new Weights(), new AtomicLong());
  }

  private TorchEngine(Placement placement, Weights weights, AtomicLong pools) {
    this.placement = placement;
    this.weights = weights;
    this.pools = pools;
  }

  @Override
  public String name() {
    return "torch";
  }

  /**
   * The first choice on a GPU; on the processor the last, for what only it can do, such as
   * bfloat16: onednn is faster there.
   */
  @Override
  public int priority() {
    Device.Kind asked = placement.devices().get(0).kind();
    boolean cuda =
        asked == Device.Kind.CUDA
            || (asked == Device.Kind.AUTO
                && Setup.devices().stream().anyMatch(it -> it.kind() == Device.Kind.CUDA));
    return cuda ? 30 : 5;
  }

  @Override
  public Optional<String> whyNot() {
    return Setup.whyNot(Device.AUTO);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if a device cannot be used; the message has what mends it
   */
  @Override
  public Engine on(Placement other) {
    for (Device device : other.devices()) {
      Optional<String> why = Setup.whyNot(device);
      if (why.isPresent()) {
        throw new IllegalArgumentException(
            "the engine \"torch\" cannot compute on " + device + ": " + why.get());
      }
    }
    boolean cuda = other.devices().stream().anyMatch(device -> device.kind() == Device.Kind.CUDA);
    if (other.graphs() && cuda && !Natives.hasCudaRuntime()) {
      throw new IllegalArgumentException(
          "CUDA graphs need the classes of CUDA's runtime; add "
              + Artifacts.cudaRuntime(Loader.getPlatform())
              + ", or leave graphs off");
    }
    return new TorchEngine(other, weights, pools);
  }

  @Override
  public GraphFunction create(GraphDefinition graph) {
    ImmutableList<String> unused = Setup.advise(); // in the log, once
    ImmutableList<Device> devices =
        placement.devices().stream().map(Setup::resolve).collect(toImmutableList());
    Numbers numbers = Numbers.of(graph.dataType(), placement.precision());
    Plan plan = Plan.of(graph, placement.checkpointing() && graph.isDifferentiable());
    boolean cuda = devices.get(0).kind() == Device.Kind.CUDA;
    Runnable beforeRun = () -> Natives.configure(placement.precision(), cuda);
    MemoryGuard memory = new MemoryGuard(cuda ? Natives::releaseCudaCache : () -> {}, rows -> {});
    List<Worker> workers = new ArrayList<>();
    try {
      memory.run(() -> devices.forEach(device -> workers.add(worker(plan, device, numbers))));
      boolean recorded = placement.graphs() && cuda && Natives.hasCudaRuntime();
      if (recorded && devices.size() == 1 && graph.dataType() == DataType.FLOAT) {
        return recorded(graph, plan, workers.get(0), memory, beforeRun);
      }
      return new TorchFunction(graph, plan, workers, memory, beforeRun);
    } catch (RuntimeException e) {
      workers.forEach(Worker::close);
      throw e instanceof MemoryGuard.OutOfMemory noMemory ? noMemory.report(false) : e;
    }
  }

  @Override
  public Optional<ResidentTraining> train(ImmutableList<INDArray> parameters, boolean averages) {
    Device device = Setup.resolve(placement.devices().get(0));
    boolean cuda = device.kind() == Device.Kind.CUDA;
    boolean wanted =
        switch (placement.updates()) {
          case AUTO -> cuda;
          case HOST -> false;
          case DEVICE -> true;
        };
    MemoryGuard memory = new MemoryGuard(cuda ? Natives::releaseCudaCache : () -> {}, rows -> {});
    return wanted
        ? Optional.of(
            new TorchTraining(parameters, averages, place(device), weights, memory, PIECE))
        : Optional.empty();
  }

  private GraphFunction recorded(
      GraphDefinition graph, Plan plan, Worker worker, MemoryGuard memory, Runnable beforeRun) {
    Capture capture = new CudaCapture(worker.device().index(), pools);
    try {
      return new GraphedFunction(graph, plan, worker, memory, beforeRun, capture);
    } catch (RuntimeException e) {
      capture.close();
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
        new Masters(plan.leaves(), place, shared, weights));
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

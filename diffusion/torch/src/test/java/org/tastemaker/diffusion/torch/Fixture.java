package org.tastemaker.diffusion.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.Precision;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** A small graph with all that parts and checkpoints have to do with, and functions of it. */
final class Fixture {
  static final int ROWS = 5;

  private final Random random = new Random(3);
  final Map<String, INDArray> weights = new HashMap<>();
  final INDArray x = array(ROWS, 4, 6, 6);
  final INDArray t = array(ROWS, 8);
  final INDArray cotangent = array(ROWS, 4, 6, 6);

  private INDArray array(long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    for (long i = 0; i < array.length(); i++) {
      array.data().put(i, random.nextGaussian() * 0.3);
    }
    return array;
  }

  private Tensor weight(Ops ops, String name, boolean trainable, long... shape) {
    return ops.parameter(name, weights.computeIfAbsent(name, n -> array(shape)), trainable);
  }

  /** Two blocks with a skip connection past both, a time embedding and a dropout mask. */
  GraphDefinition graph(boolean trainable) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor image = ops.input("x", trainable, x.shape());
    Tensor time = ops.linear("time", ops.input("t", false, t.shape()), w(ops, trainable), null);
    Tensor h = image;
    for (int i = 0; i < 2; i++) {
      String block = "blocks." + i + ".";
      Tensor kernel = weight(ops, block + "kernel", trainable && i == 1, 3, 3, 4, 4);
      Tensor scale = weight(ops, block + "scale", trainable, 4);
      Tensor shift = weight(ops, block + "shift", false, 4);
      Tensor y = ops.groupNorm(block + "norm", h, scale, shift, 2, 1e-5);
      y = ops.conv2d(block + "conv", ops.silu(block + "act", y), kernel, null, 1, Padding.all(1));
      h = ops.add(block + "sum", h, ops.addToPixels(block + "time", y, time));
    }
    INDArray mask = weights.computeIfAbsent("mask", n -> array(ROWS, 4, 6, 6));
    Tensor masked = ops.multiply("masked", h, ops.constant("mask", mask));
    return GraphDefinition.of(ops, Map.of("out", ops.add("skip", masked, image)));
  }

  private Tensor w(Ops ops, boolean trainable) {
    return weight(ops, "time.weight", trainable, 4, 8);
  }

  /** Allows so many rows at a time, and remembers what was asked for. */
  static final class Limit implements IntConsumer {
    int rows = Integer.MAX_VALUE;
    final List<Integer> asked = new ArrayList<>();
    private int runs = -1;
    private int rowsThen;

    /** Allows fewer rows after some runs. */
    void lessAfter(int moreRuns, int rowsAfterThem) {
      runs = moreRuns;
      rowsThen = rowsAfterThem;
    }

    @Override
    public void accept(int count) {
      asked.add(count);
      if (runs >= 0 && runs-- == 0) {
        rows = rowsThen;
      }
      if (count > rows) {
        throw new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 GiB\nstack");
      }
    }
  }

  TorchFunction function(
      Weights store, boolean checkpointing, int devices, boolean shared, Limit limit) {
    return function(store, graph(true), checkpointing, devices, shared, limit);
  }

  TorchFunction function(
      Weights store,
      GraphDefinition graph,
      boolean checkpointing,
      int devices,
      boolean shared,
      Limit limit) {
    Numbers numbers = Numbers.of(DataType.FLOAT, Precision.FLOAT32);
    Plan plan = Plan.of(graph, checkpointing);
    List<Worker> workers = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      Device cpu = new Device(DeviceType.CPU);
      workers.add(
          new Worker(
              plan,
              cpu,
              new LayerOps(numbers),
              store.lease(cpu, numbers),
              new Masters(plan.leaves(), cpu, shared, store)));
    }
    return new TorchFunction(graph, plan, workers, new MemoryGuard(() -> {}, limit), () -> {});
  }
}

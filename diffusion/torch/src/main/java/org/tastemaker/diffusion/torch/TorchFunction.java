package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;

/**
 * A graph run by LibTorch, layer by layer. Each call returns the same map of the same arrays.
 *
 * <ol>
 *   <li>The batch's rows are shared out among the devices, in order. Where a device's memory does
 *       not hold its share, it takes it in parts; the first run that fails for memory halves them.
 *   <li>Each part is run forward: a {@link Tape}. One part for each device, and its tape is kept
 *       for the backward half; more, and the backward half runs each forward once more.
 *   <li>The parts' gradients are summed on the host, in the order of the rows, so that the sum does
 *       not depend on which device was first.
 * </ol>
 */
@SuppressWarnings("try") // scopes are there to be closed
final class TorchFunction implements GraphFunction {
  private static final Logger LOG = LoggerFactory.getLogger(TorchFunction.class);

  private final Plan plan;
  private final ImmutableList<Worker> workers;
  private final Optional<Rows> rows;
  private final MemoryGuard memory;
  private final Runnable beforeRun;
  private final boolean differentiable;
  private final ImmutableMap<String, HostArray> outputs;
  private final ImmutableMap<String, HostArray> gradients;
  private final Map<String, INDArray> outputArrays;
  private final Map<String, INDArray> gradientArrays;
  private final List<Part> parts = new ArrayList<>();
  private boolean stale;
  private int partRows;

  /** Some rows on a device: their inputs there, and their tape while there is one. */
  private static final class Part implements AutoCloseable {
    private final Worker worker;
    private final int from;
    private final int count;
    private final @Nullable Tensor[] inputs; // by leaf
    private final boolean[] owned;
    private @Nullable Tape tape;

    private Part(Worker worker, int from, int count, int leaves) {
      this.worker = worker;
      this.from = from;
      this.count = count;
      this.inputs = new Tensor[leaves];
      this.owned = new boolean[leaves];
    }

    private void closeTape() {
      if (tape != null) {
        tape.close();
        tape = null;
      }
    }

    @Override
    public void close() {
      closeTape();
      for (int i = 0; i < inputs.length; i++) {
        Tensor input = inputs[i];
        if (owned[i] && input != null) {
          input.close();
        }
        inputs[i] = null;
      }
    }
  }

  /**
   * Makes a graph runnable.
   *
   * @param graph to be run
   * @param plan of it
   * @param workers one for each device; the function closes them
   * @param memory what is done when there is too little
   * @param beforeRun sets LibTorch's switches, before every run
   */
  TorchFunction(
      GraphDefinition graph,
      Plan plan,
      List<Worker> workers,
      MemoryGuard memory,
      Runnable beforeRun) {
    this.plan = plan;
    this.workers = ImmutableList.copyOf(workers);
    this.memory = memory;
    this.beforeRun = beforeRun;
    this.differentiable = graph.isDifferentiable();
    this.rows = Rows.of(graph);
    this.partRows = rows.map(all -> ceil(all.count(), workers.size())).orElse(0);
    outputs = hosts(graph.outputs());
    gradients = differentiable ? hosts(graph.differentiable()) : ImmutableMap.of();
    outputArrays = arrays(outputs);
    gradientArrays = arrays(gradients);
  }

  private static ImmutableMap<String, HostArray> hosts(
      ImmutableMap<String, org.tastemaker.diffusion.engine.graph.Tensor> tensors) {
    ImmutableMap.Builder<String, HostArray> hosts = ImmutableMap.builder();
    tensors.forEach((name, tensor) -> hosts.put(name, HostArray.of(tensor)));
    return hosts.buildOrThrow();
  }

  private static Map<String, INDArray> arrays(Map<String, HostArray> hosts) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    hosts.forEach((name, host) -> arrays.put(name, host.array()));
    return Collections.unmodifiableMap(arrays);
  }

  private static int ceil(int a, int b) {
    return (a + b - 1) / b;
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    beforeRun.run();
    for (Worker worker : workers) {
      if (stale) {
        worker.frozen().refresh();
      }
      worker.masters().refresh();
    }
    stale = false;
    fitted(
        () -> {
          cut(inputs);
          boolean keep = differentiable && parts.size() <= workers.size();
          // 1. All devices get their work before the first answer is waited for.
          for (Part part : parts) {
            part.tape = tape(part, keep);
            if (parts.size() > workers.size()) {
              read(part);
              part.closeTape();
            }
          }
          // 2. The answers.
          for (Part part : parts) {
            if (part.tape != null) {
              read(part);
              if (!keep) {
                part.closeTape();
              }
            }
          }
        });
    return outputArrays;
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    beforeRun.run();
    fitted(
        () -> {
          gradients.values().forEach(HostArray::clear);
          for (Part part : parts) {
            if (part.tape == null) {
              part.tape = tape(part, true);
            }
            try {
              backward(part, part.tape, cotangents);
            } finally {
              part.closeTape();
            }
          }
        });
    return gradientArrays;
  }

  private Tape tape(Part part, boolean keep) {
    memory.beforeRows().accept(part.count);
    return new Tape(part.worker, part.inputs, keep);
  }

  /** Runs something; with fewer rows at a time, as long as there is too little memory. */
  private void fitted(Runnable run) {
    while (true) {
      try {
        memory.run(run);
        return;
      } catch (MemoryGuard.OutOfMemory e) {
        parts.forEach(Part::closeTape);
        memory.release();
        if (rows.isEmpty() || partRows == 1) {
          throw e.report(rows.isPresent());
        }
        partRows = ceil(partRows, 2);
        LOG.info("too little memory for the batch: {} rows at a time from now on", partRows);
        recut();
      }
    }
  }

  /** Shares the rows out, and sends the inputs. */
  private void cut(Map<String, INDArray> inputs) {
    closeParts();
    int count = rows.map(Rows::count).orElse(1);
    int size = rows.isPresent() ? partRows : 1;
    for (int from = 0, i = 0; from < count; from += size, i++) {
      Worker worker = workers.get(i % workers.size());
      Part part = new Part(worker, from, Math.min(size, count - from), plan.leaves().size());
      parts.add(part);
      for (int leaf = 0; leaf < plan.leaves().size(); leaf++) {
        fill(part, leaf, inputs);
      }
    }
  }

  private void fill(Part part, int number, Map<String, INDArray> inputs) {
    Leaf leaf = plan.leaves().get(number);
    String name = leaf.tensor().name();
    boolean sliced = rows.map(r -> r.sliced().contains(name)).orElse(false);
    switch (leaf.role()) {
      case FROZEN -> {}
      case TRAINABLE, CONSTANT -> {
        Tensor master = part.worker.masters().get(number);
        part.owned[number] = sliced;
        part.inputs[number] = sliced ? master.narrow(0, part.from, part.count) : master;
      }
      case INPUT -> {
        INDArray array = inputs.get(name);
        if (array == null) {
          throw new IllegalArgumentException("no input \"" + name + "\"");
        }
        try (PointerScope scope = new PointerScope();
            AutoGradMode noGradients = new AutoGradMode(false)) {
          Tensor host = HostArrays.view(array);
          Tensor mine = sliced ? host.narrow(0, part.from, part.count) : host;
          mine = mine.clone().to(part.worker.device(), mine.scalar_type());
          if (mine.dim() == 4) {
            mine = mine.contiguous(MemoryFormat.ChannelsLast);
          }
          part.inputs[number] = mine.retainReference();
          part.owned[number] = true;
        }
        if (leaf.tensor().differentiable()) {
          Tensor input = part.inputs[number];
          if (input != null) {
            input.set_requires_grad(true);
          }
        }
      }
    }
  }

  /** Cuts the parts that there are into smaller ones, with the inputs that they have. */
  private void recut() {
    List<Part> before = List.copyOf(parts);
    parts.clear();
    int i = 0;
    for (Part old : before) {
      for (int from = 0; from < old.count; from += partRows, i++) {
        Worker worker = workers.get(i % workers.size());
        int count = Math.min(partRows, old.count - from);
        Part part = new Part(worker, old.from + from, count, old.inputs.length);
        parts.add(part);
        for (int leaf = 0; leaf < old.inputs.length; leaf++) {
          move(old, from, part, leaf);
        }
      }
    }
    before.forEach(Part::close);
  }

  private void move(Part old, int from, Part part, int number) {
    Leaf leaf = plan.leaves().get(number);
    Tensor input = old.inputs[number];
    if (input == null || leaf.role() != Leaf.Role.INPUT) {
      fill(part, number, Map.of());
      return;
    }
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      Tensor rowsOfIt = input.detach().narrow(0, from, part.count).clone();
      part.inputs[number] =
          rowsOfIt.to(part.worker.device(), rowsOfIt.scalar_type()).retainReference();
      part.owned[number] = true;
    }
    Tensor moved = part.inputs[number];
    if (leaf.tensor().differentiable() && moved != null) {
      moved.set_requires_grad(true);
    }
  }

  private void read(Part part) {
    Tape tape = part.tape;
    if (tape != null) {
      outputs.forEach(
          (name, host) -> {
            Integer number = plan.outputs().get(name);
            if (number != null) {
              host.write(part.from, part.count, tape.output(number), rows.isPresent());
            }
          });
    }
  }

  private void backward(Part part, Tape tape, Map<String, INDArray> given) {
    @Nullable Tensor[] cotangents = new Tensor[plan.size()];
    try {
      // 1. Cotangents, in the types of the outputs.
      plan.outputs()
          .forEach(
              (name, number) -> {
                INDArray array = given.get(name);
                if (array != null && plan.differentiable()[number]) {
                  cotangents[number] = cotangent(part, array, tape.output(number));
                }
              });
      // 2. The tape.
      tape.backward(cotangents);
      // 3. Gradients: rows of an input's, a share of a parameter's.
      for (int number = 0; number < plan.leaves().size(); number++) {
        Tensor gradient = cotangents[number];
        Leaf leaf = plan.leaves().get(number);
        HostArray host = gradients.get(leaf.tensor().name());
        if (gradient != null && host != null) {
          if (leaf.role() == Leaf.Role.INPUT) {
            host.write(part.from, part.count, gradient, rows.isPresent());
          } else {
            host.add(gradient);
          }
        }
      }
    } finally {
      for (Tensor cotangent : cotangents) {
        if (cotangent != null) {
          cotangent.close();
        }
      }
    }
  }

  private Tensor cotangent(Part part, INDArray array, Tensor output) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      Tensor host = HostArrays.view(array);
      Tensor mine = rows.isPresent() ? host.narrow(0, part.from, part.count) : host;
      return mine.clone().to(part.worker.device(), output.scalar_type()).retainReference();
    }
  }

  @Override
  public void parametersChanged() {
    stale = true;
  }

  /** How many rows are run at a time on a device, once memory has decided; 0 if they cannot be. */
  int partRows() {
    return partRows;
  }

  private void closeParts() {
    parts.forEach(Part::close);
    parts.clear();
  }

  @Override
  public void close() {
    closeParts();
    workers.forEach(Worker::close);
    outputs.values().forEach(HostArray::close);
    gradients.values().forEach(HostArray::close);
  }

  /** An array of the function's own, and its memory as a tensor. */
  private record HostArray(INDArray array, Tensor tensor) implements AutoCloseable {
    static HostArray of(org.tastemaker.diffusion.engine.graph.Tensor like) {
      INDArray array = Nd4j.create(like.dataType(), like.shape().toArray());
      return new HostArray(array, HostArrays.view(array));
    }

    void clear() {
      try (AutoGradMode noGradients = new AutoGradMode(false)) {
        tensor.zero_();
      }
    }

    /** Sets some rows. */
    void write(int from, int count, Tensor value, boolean byRows) {
      try (PointerScope scope = new PointerScope();
          AutoGradMode noGradients = new AutoGradMode(false)) {
        Tensor mine = byRows ? tensor.narrow(0, from, count) : tensor.narrow(0, 0, tensor.size(0));
        mine.copy_(value);
      }
    }

    /** Adds to all of it. */
    void add(Tensor value) {
      try (PointerScope scope = new PointerScope();
          AutoGradMode noGradients = new AutoGradMode(false)) {
        Tensor here = value.cpu();
        Tensor sum = tensor.add(here);
        tensor.narrow(0, 0, tensor.size(0)).copy_(sum);
      }
    }

    @Override
    public void close() {
      tensor.close();
      array.close();
    }
  }
}

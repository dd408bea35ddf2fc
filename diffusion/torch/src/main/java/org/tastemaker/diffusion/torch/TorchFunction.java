package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/**
 * A graph run by LibTorch, layer by layer. Each call returns the same map of the same arrays.
 *
 * <ol>
 *   <li>The batch's rows are shared out among the devices, in order. Where a device's memory does
 *       not hold its share, it takes it in parts; the first run that fails for memory halves them.
 *   <li>Each part is run forward: a {@link Tape}. One part for each device, and its tape is kept
 *       for the backward half; more, and the backward half runs each forward once more.
 *   <li>The parts' gradients are summed on the host, or by a training on the first device, in the
 *       order of the rows, so that the sum does not depend on which device was first.
 * </ol>
 */
@SuppressWarnings("try") // scopes are there to be closed
final class TorchFunction implements GraphFunction {
  private static final Logger LOG = LoggerFactory.getLogger(TorchFunction.class);

  private final GraphDefinition graph;
  private final Plan plan;
  private final ImmutableList<Worker> workers;
  private final Optional<Rows> rows;
  private final MemoryGuard memory;
  private final Runnable beforeRun;
  private final boolean differentiable;
  private final ImmutableMap<String, HostArray> outputs;
  private final ImmutableMap<String, INDArray> outputArrays;

  private final HostGradients gradients;
  private final List<Part> parts = new ArrayList<>();
  private @Nullable TorchResidence residence;
  private boolean stale;
  private int partRows;

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
    this.graph = graph;
    this.plan = plan;
    this.workers = ImmutableList.copyOf(workers);
    this.memory = memory;
    this.beforeRun = beforeRun;
    this.differentiable = graph.isDifferentiable();
    this.rows = Rows.of(graph);
    this.partRows = rows.map(all -> ceil(all.count(), workers.size())).orElse(0);
    outputs = HostArray.of(graph.outputs());
    outputArrays = HostArray.arrays(outputs);
    gradients = new HostGradients(graph.differentiable());
  }

  private static int ceil(int a, int b) {
    return (a + b - 1) / b;
  }

  // ---- Forward

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    Map<String, Tensor> given = new LinkedHashMap<>();
    try {
      inputs.forEach((name, array) -> given.put(name, HostArrays.view(array)));
      run(given, true, name -> Objects.requireNonNull(outputs.get(name)).tensor());
    } finally {
      given.values().forEach(Tensor::close);
    }
    return outputArrays;
  }

  /**
   * Computes the outputs.
   *
   * @param inputs by name, all rows, on any device
   * @param copied whether the inputs may change before the backward half
   * @param results where each output is written, all rows
   */
  void run(Map<String, Tensor> inputs, boolean copied, Function<String, Tensor> results) {
    beforeRun.run();
    for (Worker worker : workers) {
      if (stale) {
        worker.frozen().refresh();
      }
      worker.masters().refresh();
    }
    stale = false;
    closeParts();
    fitted(
        () -> {
          if (parts.isEmpty()) {
            cut(inputs, copied || differentiable);
          }
          boolean together = parts.size() <= workers.size();
          // 1. All devices get their work before the first answer is waited for.
          for (Part part : parts) {
            start(part, differentiable && together);
            if (!together) {
              read(part, results);
              part.closeTape();
            }
          }
          // 2. The answers.
          if (together) {
            parts.forEach(part -> read(part, results));
          }
          if (!differentiable) {
            closeParts();
          }
        });
  }

  /** Shares the rows out, and sends the inputs. */
  private void cut(Map<String, Tensor> inputs, boolean copied) {
    int count = rows.map(Rows::count).orElse(1);
    int size = rows.isPresent() ? partRows : 1;
    try {
      for (int from = 0; from < count; from += size) {
        Part part = addPart(from, Math.min(size, count - from));
        for (int leaf = 0; leaf < plan.leaves().size(); leaf++) {
          Tensor input = inputs.get(plan.leaves().get(leaf).tensor().name());
          fill(part, leaf, input, rows.isPresent() ? from : -1, copied);
        }
      }
    } catch (RuntimeException e) {
      closeParts(); // all of them, or none
      throw e;
    }
  }

  private Part addPart(int from, int count) {
    Part part = new Part(workers.get(parts.size() % workers.size()), from, count);
    parts.add(part);
    return part;
  }

  private void fill(Part part, int number, @Nullable Tensor input, int offset, boolean copied) {
    Leaf leaf = plan.leaves().get(number);
    switch (leaf.role()) {
      case FROZEN -> {}
      case TRAINABLE, CONSTANT ->
          part.master(
              number, rows.map(r -> r.sliced().contains(leaf.tensor().name())).orElse(false));
      case INPUT -> {
        if (input == null) {
          throw new IllegalArgumentException("no input \"" + leaf.tensor().name() + "\"");
        }
        part.input(number, input, offset, copied);
      }
    }
  }

  private void start(Part part, boolean keep) {
    memory.beforeRows().accept(part.count());
    part.run(keep);
  }

  private void read(Part part, Function<String, Tensor> results) {
    Tape tape = Objects.requireNonNull(part.tape());
    plan.outputs().forEach((name, number) -> write(part, tape.output(number), results.apply(name)));
  }

  /** Sets a part's rows of a tensor that has them all. */
  private void write(Part part, Tensor value, Tensor all) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      Tensor mine = rows.isPresent() ? all.narrow(0, part.from(), part.count()) : all.detach();
      mine.copy_(value);
    }
  }

  // ---- Backward

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    Map<String, INDArray> result = gradients.all();
    differentiate(cotangents, result, null);
    return result;
  }

  @Override
  public Map<String, INDArray> backward(
      Map<String, INDArray> cotangents, ResidentTraining training) {
    if (!(training instanceof TorchTraining here)) {
      return GraphFunction.super.backward(cotangents, training);
    }
    Map<String, INDArray> result = gradients.without(plan, here);
    differentiate(cotangents, result, here);
    return result;
  }

  private void differentiate(
      Map<String, INDArray> cotangents,
      Map<String, INDArray> result,
      @Nullable TorchTraining training) {
    if (parts.isEmpty()) {
      throw new IllegalStateException(
          "the last run's inputs were lost for lack of memory; call forward again");
    }
    beforeRun.run();
    result.keySet().forEach(name -> gradients.get(name).clear());
    int[] done = {0}; // rows that have been added: they are not run again if memory runs out
    fitted(
        () -> {
          boolean together = parts.size() <= workers.size();
          List<Given> given = new ArrayList<>();
          try {
            // 1. All devices get their work before the first answer is waited for.
            for (Part part : parts) {
              if (part.from() < done[0]) {
                continue;
              }
              if (part.tape() == null) {
                start(part, true);
              }
              try {
                given.add(differentiate(part, Objects.requireNonNull(part.tape()), cotangents));
              } finally {
                part.closeTape();
              }
              if (!together) {
                collect(given, training);
                done[0] = part.from() + part.count();
              }
            }
            // 2. The answers, in the order of the rows.
            collect(given, training);
          } finally {
            given.forEach(Given::close);
          }
        });
  }

  /** What a part's backward half gave, by number. */
  private record Given(Part part, @Nullable Tensor[] gradients) implements AutoCloseable {
    @Override
    public void close() {
      for (int i = 0; i < gradients.length; i++) {
        Tensor gradient = gradients[i];
        if (gradient != null) {
          gradient.close();
          gradients[i] = null;
        }
      }
    }
  }

  private Given differentiate(Part part, Tape tape, Map<String, INDArray> given) {
    @Nullable Tensor[] cotangents = new Tensor[plan.size()];
    Given result = new Given(part, cotangents);
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
      tape.backward(false, cotangents);
      return result;
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  /** Adds gradients up, and frees them: rows of an input's, a share of a parameter's. */
  private void collect(List<Given> given, @Nullable TorchTraining training) {
    for (Given each : given) {
      for (int number = 0; number < plan.leaves().size(); number++) {
        Tensor gradient = each.gradients()[number];
        Leaf leaf = plan.leaves().get(number);
        if (gradient == null || !graph.differentiable().containsKey(leaf.tensor().name())) {
          continue;
        }
        if (training != null && training.holds(leaf.array())) {
          training.add(Objects.requireNonNull(leaf.array()), gradient);
        } else {
          HostArray host = gradients.get(leaf.tensor().name());
          if (leaf.role() == Leaf.Role.INPUT) {
            write(each.part(), gradient, host.tensor());
          } else {
            host.add(gradient);
          }
        }
      }
      each.close();
    }
    given.clear();
  }

  private Tensor cotangent(Part part, INDArray array, Tensor output) {
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      Tensor host = HostArrays.view(array);
      Tensor mine = rows.isPresent() ? host.narrow(0, part.from(), part.count()) : host;
      return mine.clone().to(part.worker().device(), output.scalar_type()).retainReference();
    }
  }

  // ---- Memory

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
        try {
          memory.run(this::recut);
        } catch (MemoryGuard.OutOfMemory again) {
          throw again.report(true);
        }
      }
    }
  }

  /** Cuts the parts that there are into smaller ones, with the inputs that they have. */
  private void recut() {
    List<Part> before = List.copyOf(parts);
    parts.clear();
    try {
      for (Part old : before) {
        for (int from = 0; from < old.count(); from += partRows) {
          Part part = addPart(old.from() + from, Math.min(partRows, old.count() - from));
          for (int leaf = 0; leaf < plan.leaves().size(); leaf++) {
            fill(part, leaf, old.input(leaf), from, true);
          }
        }
      }
    } catch (RuntimeException e) {
      closeParts();
      throw e;
    } finally {
      before.forEach(Part::close);
    }
  }

  /** How many rows are run at a time on a device, once memory has decided; 0 if they cannot be. */
  int partRows() {
    return partRows;
  }

  // ---- The rest

  @Override
  public void parametersChanged() {
    stale = true;
  }

  @Override
  public Optional<Residence> residence() {
    if (workers.size() != 1 || graph.dataType() != DataType.FLOAT) {
      return Optional.empty();
    }
    if (residence == null) {
      residence =
          new TorchResidence(
              graph,
              workers.get(0).device(),
              0,
              Runnable::run,
              (inputs, results) -> run(inputs, false, name -> results.get(name)));
    }
    return Optional.of(residence);
  }

  private void closeParts() {
    parts.forEach(Part::close);
    parts.clear();
  }

  @Override
  public void close() {
    closeParts();
    if (residence != null) {
      residence.close();
    }
    workers.forEach(Worker::close);
    outputs.values().forEach(HostArray::close);
    gradients.close();
  }
}

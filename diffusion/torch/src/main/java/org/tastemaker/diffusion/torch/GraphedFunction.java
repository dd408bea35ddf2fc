package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/**
 * A graph on one GPU whose forward and backward halves are recorded and replayed, each as one CUDA
 * graph.
 *
 * <p>All that a half reads and writes lies where it always does: inputs and outputs in the
 * residence, cotangents and gradients here, weights in {@link Weights} and {@link Masters}, which
 * write new numbers to the old places. The tape of the recorded forward half is kept, since the
 * recorded backward half reads what it saved.
 */
@SuppressWarnings("try") // scopes are there to be closed
final class GraphedFunction implements GraphFunction {
  private final Plan plan;
  private final Worker worker;
  private final Runnable beforeRun;
  private final Capture capture;
  private final MemoryGuard memory;
  private final boolean differentiable;
  private final TorchResidence residence;
  private final Part part;
  private final ImmutableMap<String, Tensor> cotangents; // by output
  private final ImmutableMap<Integer, Tensor> gradients; // by leaf
  private final ImmutableMap<String, HostArray> outputHosts;
  private final ImmutableMap<String, HostArray> gradientHosts;
  private final ImmutableMap<String, INDArray> outputArrays;
  private final ImmutableMap<String, INDArray> gradientArrays;
  private int moves;
  private final Captured forward;
  private final Captured backward;
  private boolean stale;

  /**
   * Makes a graph runnable.
   *
   * @param graph to be run, of type FLOAT
   * @param plan of it
   * @param worker the GPU; the function closes it
   * @param memory tells a lack of memory from other failures
   * @param beforeRun sets LibTorch's switches, before every run
   * @param capture records; the function closes it
   */
  GraphedFunction(
      GraphDefinition graph,
      Plan plan,
      Worker worker,
      MemoryGuard memory,
      Runnable beforeRun,
      Capture capture) {
    this.plan = plan;
    this.worker = worker;
    this.beforeRun = beforeRun;
    this.capture = capture;
    this.memory = memory;
    this.differentiable = graph.isDifferentiable();
    residence =
        new TorchResidence(
            graph,
            worker.device(),
            capture.stream(),
            this::inStream,
            (inputs, outputs) -> runForward());
    outputHosts = HostArray.of(graph.outputs());
    gradientHosts = differentiable ? HostArray.of(graph.differentiable()) : ImmutableMap.of();
    outputArrays = HostArray.arrays(outputHosts);
    gradientArrays = HostArray.arrays(gradientHosts);

    // 1. The inputs, which are always the same tensors, and the masters for now.
    moves = worker.masters().moves();
    part = new Part(worker, 0, 1);
    for (int i = 0; i < plan.leaves().size(); i++) {
      Leaf leaf = plan.leaves().get(i);
      switch (leaf.role()) {
        case FROZEN -> {}
        case TRAINABLE, CONSTANT -> part.master(i, false);
        case INPUT -> part.input(i, residence.tensor(leaf.tensor().name()), -1, false);
      }
    }
    // 2. Cotangents and gradients.
    ImmutableMap.Builder<String, Tensor> byOutput = ImmutableMap.builder();
    ImmutableMap.Builder<Integer, Tensor> byLeaf = ImmutableMap.builder();
    if (differentiable) {
      plan.outputs()
          .forEach(
              (name, number) -> {
                if (plan.differentiable()[number]) {
                  byOutput.put(name, zeros(residence.tensor(name)));
                }
              });
      for (int i = 0; i < plan.leaves().size(); i++) {
        if (plan.differentiable()[i]) {
          HostArray host =
              Objects.requireNonNull(gradientHosts.get(plan.leaves().get(i).tensor().name()));
          byLeaf.put(i, zeros(host.tensor()));
        }
      }
    }
    cotangents = byOutput.buildOrThrow();
    gradients = byLeaf.buildOrThrow();
    forward =
        new Captured(
            "forward", capture, outputHosts.keySet().stream().map(residence::tensor).toList());
    backward = new Captured("backward", capture, gradients.values().asList());
  }

  private Tensor zeros(Tensor like) {
    try (PointerScope scope = new PointerScope()) {
      Tensor here = like.detach().clone().to(worker.device(), like.scalar_type());
      return here.zero_().retainReference();
    }
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    inStream(
        () -> {
          inputs.forEach((name, array) -> copy(array, residence.tensor(name)));
          runForward();
          outputHosts.forEach((name, host) -> copy(residence.tensor(name), host.tensor()));
        });
    return outputArrays;
  }

  /** A batch that is recorded is never taken in parts: too little memory is the end of it. */
  private void inStream(Runnable work) {
    try {
      memory.run(() -> capture.inStream(work));
    } catch (MemoryGuard.OutOfMemory e) {
      // A replay makes no tape: the next run starts from the beginning.
      forward.forget();
      backward.forget();
      part.closeTape();
      throw e.report(false);
    }
  }

  /** In the stream. */
  private void runForward() {
    beforeRun.run();
    if (stale) {
      worker.frozen().refresh();
      stale = false;
    }
    refreshMasters();
    forward.run(
        () -> {
          Tape tape = part.run(differentiable);
          plan.outputs()
              .forEach((name, number) -> copy(tape.output(number), residence.tensor(name)));
          if (!differentiable) {
            part.closeTape();
          }
        });
  }

  /** What was recorded reads the masters that there were then. */
  private void refreshMasters() {
    int unused = worker.masters().refresh();
    if (moves != worker.masters().moves()) {
      moves = worker.masters().moves();
      forward.forget();
      backward.forget();
      part.closeTape();
      for (int i = 0; i < plan.leaves().size(); i++) {
        Leaf.Role role = plan.leaves().get(i).role();
        if (role == Leaf.Role.TRAINABLE || role == Leaf.Role.CONSTANT) {
          part.master(i, false);
        }
      }
    }
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> given) {
    differentiate(given, null);
    return gradientArrays;
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> given, ResidentTraining training) {
    if (!(training instanceof TorchTraining here)) {
      return GraphFunction.super.backward(given, training);
    }
    differentiate(given, here);
    ImmutableMap.Builder<String, INDArray> rest = ImmutableMap.builder();
    gradients
        .keySet()
        .forEach(
            number -> {
              Leaf leaf = plan.leaves().get(number);
              String name = leaf.tensor().name();
              if (!here.holds(leaf.array())) {
                rest.put(name, Objects.requireNonNull(gradientArrays.get(name)));
              }
            });
    return rest.buildOrThrow();
  }

  private void differentiate(Map<String, INDArray> given, @Nullable TorchTraining training) {
    beforeRun.run();
    inStream(
        () -> {
          cotangents.forEach(
              (name, tensor) -> {
                INDArray array = given.get(name);
                if (array == null) {
                  clear(tensor);
                } else {
                  copy(array, tensor);
                }
              });
          backward.run(this::runBackward);
          gradients.forEach(
              (number, tensor) -> {
                Leaf leaf = plan.leaves().get(number);
                if (training != null && training.holds(leaf.array())) {
                  training.add(Objects.requireNonNull(leaf.array()), tensor);
                } else {
                  copy(
                      tensor,
                      Objects.requireNonNull(gradientHosts.get(leaf.tensor().name())).tensor());
                }
              });
        });
  }

  private void runBackward() {
    Tape tape = Objects.requireNonNull(part.tape());
    @Nullable Tensor[] all = new Tensor[plan.size()];
    try {
      cotangents.forEach(
          (name, tensor) -> {
            int number = Objects.requireNonNull(plan.outputs().get(name));
            Tensor cotangent = tensor.to(tape.output(number).scalar_type());
            all[number] = cotangent;
          });
      tape.backward(true, all);
      gradients.forEach(
          (number, result) -> {
            Tensor gradient = all[number];
            if (gradient == null) {
              clear(result);
            } else {
              copy(gradient, result);
            }
          });
    } finally {
      for (Tensor each : all) {
        if (each != null) {
          each.close();
        }
      }
    }
  }

  private static void copy(INDArray from, Tensor to) {
    try (Tensor view = HostArrays.view(from)) {
      copy(view, to);
    }
  }

  private static void copy(Tensor from, Tensor to) {
    try (AutoGradMode noGradients = new AutoGradMode(false)) {
      to.copy_(from);
    }
  }

  private static void clear(Tensor tensor) {
    try (AutoGradMode noGradients = new AutoGradMode(false)) {
      tensor.zero_();
    }
  }

  @Override
  public void parametersChanged() {
    stale = true;
  }

  @Override
  public Optional<Residence> residence() {
    return Optional.of(residence);
  }

  /** Whether the halves that have been run often enough are replayed. */
  ImmutableList<Boolean> recorded() {
    return ImmutableList.of(forward.isRecorded(), backward.isRecorded());
  }

  @Override
  public void close() {
    forward.close();
    backward.close();
    part.close();
    residence.close();
    cotangents.values().forEach(Tensor::close);
    gradients.values().forEach(Tensor::close);
    outputHosts.values().forEach(HostArray::close);
    gradientHosts.values().forEach(HostArray::close);
    worker.close();
    capture.close();
  }
}

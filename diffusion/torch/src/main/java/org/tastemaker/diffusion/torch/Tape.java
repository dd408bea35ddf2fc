package org.tastemaker.diffusion.torch;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * One forward run of some rows on one device, and what is kept of it for one backward run.
 *
 * <p>With one segment LibTorch's autograd records the run. With several (gradient checkpointing)
 * nothing is recorded; what passes from segment to segment is kept, and the backward half, from the
 * last segment to the first, runs each again while autograd records it.
 */
@SuppressWarnings("try") // scopes and modes are there to be closed
final class Tape implements AutoCloseable {
  private final Worker worker;
  private final Plan plan;
  private final boolean recorded;
  private final boolean[] owned;
  private final @Nullable Tensor[] values;

  /**
   * Runs forward.
   *
   * @param worker the device
   * @param inputs tensors of the leaves that are no frozen weights, by number; they stay the
   *     caller's and must outlive the tape
   * @param differentiable whether {@link #backward} may be called
   */
  Tape(Worker worker, @Nullable Tensor[] inputs, boolean differentiable) {
    this.worker = worker;
    this.plan = worker.plan();
    this.recorded = differentiable && plan.segments().size() == 1;
    this.values = new Tensor[plan.size()];
    this.owned = new boolean[plan.size()];
    System.arraycopy(inputs, 0, values, 0, inputs.length);
    try {
      for (Plan.Segment segment : plan.segments()) {
        run(segment, values, owned, recorded);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** An output, in the type in which its layer left it; the tape's. */
  Tensor output(int number) {
    return value(values, number);
  }

  private static Tensor value(@Nullable Tensor[] values, int number) {
    Tensor value = values[number];
    if (value == null) {
      throw new IllegalStateException("tensor " + number + " was freed, or never made");
    }
    return value;
  }

  private void run(
      Plan.Segment segment, @Nullable Tensor[] values, boolean[] owned, boolean record) {
    try (AutoGradMode mode = new AutoGradMode(record)) {
      for (Plan.Step step : plan.steps().subList(segment.from(), segment.to())) {
        try (PointerScope scope = new PointerScope()) {
          Tensor[] inputs = worker.inputs(step, values);
          values[step.output()] = worker.ops().apply(step.layer(), inputs).retainReference();
          owned[step.output()] = true;
        }
        step.last().forEach(number -> free(values, owned, number));
      }
    }
  }

  private static void free(@Nullable Tensor[] values, boolean[] owned, int number) {
    Tensor value = values[number];
    if (value != null && owned[number]) {
      value.close();
    }
    values[number] = null;
    owned[number] = false;
  }

  /**
   * Runs backward.
   *
   * @param retain whether the tape can be run backward again; otherwise it is of no use afterwards
   * @param cotangents of some outputs, by number, of the outputs' types; on return those of leaves,
   *     where there are any. What is put in belongs to the caller, who closes all of it
   */
  void backward(boolean retain, @Nullable Tensor[] cotangents) {
    for (Plan.Segment segment : plan.segments().reverse()) {
      List<Integer> outputs =
          segment.makes().stream()
              .filter(number -> plan.differentiable()[number] && cotangents[number] != null)
              .toList();
      List<Integer> inputs =
          segment.reads().stream().filter(number -> plan.differentiable()[number]).toList();
      if (outputs.isEmpty()) {
        continue;
      }
      if (recorded) {
        differentiate(retain, values, outputs, inputs, cotangents);
      } else {
        rerun(segment, outputs, inputs, cotangents);
      }
    }
  }

  /** Runs a segment again, from copies of what it reads that autograd does not look behind. */
  private void rerun(
      Plan.Segment segment,
      List<Integer> outputs,
      List<Integer> inputs,
      @Nullable Tensor[] cotangents) {
    @Nullable Tensor[] again = new Tensor[plan.size()];
    boolean[] made = new boolean[plan.size()];
    try {
      for (int number : segment.reads()) {
        Tensor value = value(values, number);
        again[number] = value;
        if (plan.differentiable()[number] && number >= plan.leaves().size()) {
          Tensor cut = value.detach();
          cut.set_requires_grad(true);
          again[number] = cut;
          made[number] = true;
        }
      }
      run(segment, again, made, true);
      differentiate(false, again, outputs, inputs, cotangents);
    } finally {
      for (int number = 0; number < made.length; number++) {
        if (made[number]) {
          free(again, made, number);
        }
      }
    }
  }

  private void differentiate(
      boolean retain,
      @Nullable Tensor[] values,
      List<Integer> outputs,
      List<Integer> inputs,
      @Nullable Tensor[] cotangents) {
    try (PointerScope scope = new PointerScope()) {
      TensorVector of = new TensorVector();
      TensorVector by = new TensorVector();
      TensorVector with = new TensorVector();
      outputs.forEach(number -> of.push_back(value(values, number)));
      outputs.forEach(number -> with.push_back(value(cotangents, number)));
      inputs.forEach(number -> by.push_back(value(values, number)));
      TensorVector gradients =
          torch.grad(of, by, with, new BoolOptional(retain), /* create_graph= */ false, true);
      for (int i = 0; i < inputs.size(); i++) {
        Tensor gradient = gradients.get(i); // the vector's
        if (gradient.defined()) {
          add(cotangents, inputs.get(i), gradient);
        }
      }
    }
    // What a segment makes has all its readers behind it.
    for (int number : outputs) {
      Tensor cotangent = value(cotangents, number);
      cotangents[number] = null;
      cotangent.close();
    }
  }

  /** Autograd may give one tensor for two inputs, so nothing is added in place. */
  private static void add(@Nullable Tensor[] cotangents, int number, Tensor gradient) {
    Tensor before = cotangents[number];
    Tensor sum = before == null ? new Tensor(gradient) : before.add(gradient);
    cotangents[number] = sum.retainReference();
    if (before != null) {
      before.close();
    }
  }

  @Override
  public void close() {
    for (int number = 0; number < values.length; number++) {
      if (owned[number]) {
        free(values, owned, number);
      }
    }
  }
}

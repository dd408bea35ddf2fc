package org.tastemaker.diffusion.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Leaf;

/** Some rows of a batch on a device: their inputs there, and their tape while there is one. */
@SuppressWarnings("try") // scopes are there to be closed
final class Part implements AutoCloseable {
  private final Worker worker;
  private final int from;
  private final int count;
  private final @Nullable Tensor[] inputs; // by leaf
  private final boolean[] owned;
  private @Nullable Tape tape;

  /**
   * A part without inputs.
   *
   * @param worker the device
   * @param from the first row
   * @param count how many
   */
  Part(Worker worker, int from, int count) {
    this.worker = worker;
    this.from = from;
    this.count = count;
    int leaves = worker.plan().leaves().size();
    this.inputs = new Tensor[leaves];
    this.owned = new boolean[leaves];
  }

  int from() {
    return from;
  }

  int count() {
    return count;
  }

  Worker worker() {
    return worker;
  }

  /**
   * Takes this part's rows of an input.
   *
   * @param number of the leaf
   * @param all every row, or from another part some that have these among them
   * @param offset of this part's first row in it; less than 0 if the tensor has no rows
   * @param copied whether the part must have memory of its own
   */
  void input(int number, Tensor all, int offset, boolean copied) {
    Leaf leaf = worker.plan().leaves().get(number);
    try (PointerScope scope = new PointerScope();
        AutoGradMode noGradients = new AutoGradMode(false)) {
      Tensor mine = offset < 0 ? all : all.narrow(0, offset, count);
      // With a count of changes of its own: the next inputs are put into the same memory, which a
      // tape that is replayed is meant to read.
      mine = mine.variable_data();
      if (copied) {
        mine = mine.clone().to(worker.device(), mine.scalar_type());
        if (mine.dim() == 4) {
          mine = mine.contiguous(MemoryFormat.ChannelsLast);
        }
      }
      if (leaf.tensor().differentiable()) {
        mine.set_requires_grad(true);
      }
      inputs[number] = mine.retainReference();
      owned[number] = true;
    }
  }

  /** Takes a master, or this part's rows of it. */
  void master(int number, boolean sliced) {
    Tensor master = worker.masters().get(number);
    inputs[number] = sliced ? master.narrow(0, from, count) : master;
    owned[number] = sliced;
  }

  /** An input that was given; null for a frozen weight. */
  @Nullable Tensor input(int number) {
    return inputs[number];
  }

  /** The tape, if there is one. */
  @Nullable Tape tape() {
    return tape;
  }

  /** Runs forward. */
  Tape run(boolean differentiable) {
    closeTape();
    Tape made = new Tape(worker, inputs, differentiable);
    tape = made;
    return made;
  }

  void closeTape() {
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

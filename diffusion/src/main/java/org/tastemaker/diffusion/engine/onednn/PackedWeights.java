package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;

import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A function's frozen weights in the formats that its primitives ask for. The parts of the function
 * share them, and so do its siblings: see {@link SharedWeights}. They are made at the function's
 * first run and again after {@code parametersChanged}.
 */
final class PackedWeights implements AutoCloseable {
  private final SharedWeights shared;
  private final boolean keep;
  private final Packing packing = new Packing();
  private final List<PackedWeight> used = new ArrayList<>();
  private final List<PackedWeight> added = new ArrayList<>();
  private boolean compiled;
  private boolean ran;
  private long madeAfter = -1;

  /**
   * None yet.
   *
   * @param shared where those of siblings are found
   * @param keep whether there are to be any, but for {@link #corner}'s
   */
  PackedWeights(SharedWeights shared, boolean keep) {
    this.shared = shared;
    this.keep = keep;
  }

  /**
   * A parameter that does not change from run to run.
   *
   * @param name of its tensor
   * @param array where it is
   * @param plain the same memory
   */
  record Frozen(String name, INDArray array, Buffer plain) {}

  boolean keep() {
    return keep;
  }

  SharedWeights shared() {
    return shared;
  }

  // ---- While the function is compiled

  /**
   * Where a weight lies in a format.
   *
   * @param dims of its own layout
   * @param strides of that layout
   * @param layout the format
   */
  synchronized Buffer get(Frozen weight, long[] dims, long[] strides, dnnl_memory_desc layout) {
    PackedWeight.Source source = source(weight, PackedWeight.Source.WHOLE, dims, strides);
    Buffer known = find(source, layout);
    if (known != null) {
      return known;
    }
    program().begin(Program.Part.FORWARD, "WEIGHTS", weight.name());
    int from = packing.steps().size();
    return pack(source, from, program().strided(weight.plain(), dims, strides), layout);
  }

  private static PackedWeight.Source source(
      Frozen weight, int corner, long[] dims, long... strides) {
    return new PackedWeight.Source(
        weight.array(),
        corner,
        ImmutableLongArray.copyOf(dims),
        ImmutableLongArray.copyOf(strides));
  }

  private @Nullable Buffer find(PackedWeight.Source source, dnnl_memory_desc layout) {
    for (PackedWeight each : used) {
      if (each.is(source, layout)) {
        return each.buffer();
      }
    }
    PackedWeight other = shared.acquire(source, layout);
    if (other == null) {
      return null;
    }
    used.add(other);
    return other.buffer();
  }

  /** A new one, by the steps from some index on and a copy of what they lead to. */
  private Buffer pack(
      PackedWeight.Source source, int from, Operand plain, dnnl_memory_desc layout) {
    Operand one = new Operand(program().dnn().copy(layout), Buffer.lasting(OneDnn.bytes(layout)));
    program().reorder(plain, one);
    List<Step> steps = packing.steps();
    PackedWeight weight = new PackedWeight(source, one, steps.subList(from, steps.size()), packing);
    used.add(weight);
    added.add(weight);
    return one.buffer();
  }

  /**
   * Where the 2 x 2 kernel lies that {@link UpsampledConvolutionKernel} has for a corner: sums of
   * the taps of a 3 x 3 kernel.
   *
   * @param weight the kernel, [3, 3, in, out]
   * @param layout the format, of [out, in, 2, 2]
   */
  synchronized Buffer corner(
      Frozen weight, long in, long out, int corner, dnnl_memory_desc layout) {
    long tap = in * out;
    long[] dims = {out, in, 2, 2};
    long[] strides = {1, out, 2 * tap, tap};
    PackedWeight.Source source = source(weight, corner, dims, strides);
    Buffer known = find(source, layout);
    if (known != null) {
      return known;
    }
    Buffer sums = Buffer.scratch(4 * tap * Float.BYTES); // [2, 2, in, out]
    program().begin(Program.Part.FORWARD, "WEIGHTS", weight.name() + " of corner " + corner);
    int from = packing.steps().size();
    for (int down = 0; down < 2; down++) {
      for (int right = 0; right < 2; right++) {
        sumTaps(
            weight.plain(),
            sums,
            tap,
            2 * down + right,
            taps(corner / 2, down),
            taps(corner % 2, right));
      }
    }
    return pack(source, from, program().strided(sums, dims, strides), layout);
  }

  /** The taps of three, in a row or column, that fall on the first or second pixel of two. */
  private static int[] taps(int corner, int pixel) {
    return corner == 0
        ? pixel == 0 ? new int[] {0} : new int[] {1, 2}
        : pixel == 0 ? new int[] {0, 1} : new int[] {2};
  }

  private void sumTaps(Buffer plain, Buffer sums, long tap, int place, int[] rows, int[] columns) {
    Operand sum = tap(sums, tap, place);
    boolean first = true;
    for (int row : rows) {
      for (int column : columns) {
        Operand term = tap(plain, tap, 3 * row + column);
        if (first) {
          program().reorder(term, sum);
        } else {
          program().binary(dnnl_binary_add, sum, term, sum);
        }
        first = false;
      }
    }
  }

  private Operand tap(Buffer buffer, long tap, int index) {
    return new Operand(program().dnn().dense(tap), buffer, index * tap * Float.BYTES);
  }

  /**
   * Where a weight lies in bfloat16, in its own order.
   *
   * @param count of its numbers
   */
  synchronized Buffer halved(Frozen weight, long count) {
    long[] dims = {count};
    long[] strides = {1};
    return get(weight, dims, strides, program().dnn().strided(dnnl_bf16, dims, strides));
  }

  private Program program() {
    return packing.program();
  }

  /**
   * Gives every weight that was not there before its place, once all are known. Those that were
   * there stay where they are.
   */
  synchronized void place() {
    added.forEach(PackedWeight::place);
    packing.place();
    shared.publish(added);
    added.clear();
    compiled = true;
    packing.release();
  }

  // ---- At each run

  /** Runs the forward half, for which the weights are made if they were not or have changed. */
  void forward(Runnable run) {
    if (!ran) {
      shared.changed(); // siblings may have made some before the arrays got the present numbers
      ran = true;
    }
    while (!shared.readIfCurrent(madeAfter, run)) {
      madeAfter = shared.make(used);
    }
  }

  /** Runs the backward half, with the weights that are there. */
  void backward(Runnable run) {
    shared.read(run);
  }

  void changed() {
    shared.changed();
  }

  @Override
  public synchronized void close() {
    shared.release(used);
    used.clear();
    added.clear();
    if (!compiled) {
      compiled = true;
      packing.release();
    }
  }
}

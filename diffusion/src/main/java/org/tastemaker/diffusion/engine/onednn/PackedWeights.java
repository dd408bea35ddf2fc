package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;

/**
 * Frozen weights in the formats that primitives ask for. The parts of a function share them; they
 * are made at the first run and again after {@code parametersChanged}.
 */
final class PackedWeights implements AutoCloseable {
  private final Resources owned = new Resources();
  private final Program program = new Program(owned.add(new OneDnn()));
  private final Map<String, List<Operand>> packed = new HashMap<>();
  private final boolean keep;
  private boolean current;

  /**
   * None yet.
   *
   * @param keep whether there are to be any, but for {@link #corner}'s
   */
  PackedWeights(boolean keep) {
    this.keep = keep;
  }

  boolean keep() {
    return keep;
  }

  /**
   * Where a weight lies in a format.
   *
   * @param name of its tensor
   * @param plain where it is, in its own layout
   * @param dims of that layout
   * @param strides of that layout
   * @param layout the format
   */
  synchronized Buffer get(
      String name, Buffer plain, long[] dims, long[] strides, dnnl_memory_desc layout) {
    Buffer known = find(name, layout);
    return known == null ? pack(name, program.strided(plain, dims, strides), layout) : known;
  }

  private @Nullable Buffer find(String name, dnnl_memory_desc layout) {
    for (Operand each : packed.getOrDefault(name, List.of())) {
      if (OneDnn.same(each.layout(), layout)) {
        return each.buffer();
      }
    }
    return null;
  }

  private Buffer pack(String name, Operand plain, dnnl_memory_desc layout) {
    Operand one = new Operand(program.dnn().copy(layout), Buffer.lasting(OneDnn.bytes(layout)));
    program.begin(Program.Part.FORWARD, "WEIGHTS", name);
    program.reorder(plain, one);
    packed.computeIfAbsent(name, key -> new ArrayList<>()).add(one);
    return one.buffer();
  }

  /**
   * Where the 2 x 2 kernel lies that {@link UpsampledConvolutionKernel} has for a corner: sums of
   * the taps of a 3 x 3 kernel.
   *
   * @param name of the kernel's tensor, [3, 3, in, out]
   * @param plain where it is
   * @param layout the format, of [out, in, 2, 2]
   */
  synchronized Buffer corner(
      String name, Buffer plain, long in, long out, int corner, dnnl_memory_desc layout) {
    String key = name + " of corner " + corner;
    Buffer known = find(key, layout);
    if (known != null) {
      return known;
    }
    long tap = in * out;
    Buffer sums = Buffer.scratch(4 * tap * Float.BYTES); // [2, 2, in, out]
    program.begin(Program.Part.FORWARD, "WEIGHTS", key);
    for (int down = 0; down < 2; down++) {
      for (int right = 0; right < 2; right++) {
        sumTaps(
            plain, sums, tap, 2 * down + right, taps(corner / 2, down), taps(corner % 2, right));
      }
    }
    long[] dims = {out, in, 2, 2};
    return pack(key, program.strided(sums, dims, 1, out, 2 * tap, tap), layout);
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
          program.reorder(term, sum);
        } else {
          program.binary(dnnl_binary_add, sum, term, sum);
        }
        first = false;
      }
    }
  }

  private Operand tap(Buffer buffer, long tap, int index) {
    return new Operand(program.dnn().dense(tap), buffer, index * tap * Float.BYTES);
  }

  /**
   * Where a weight lies in bfloat16, in its own order.
   *
   * @param name of its tensor
   * @param plain where it is
   * @param count of its numbers
   */
  synchronized Buffer halved(String name, Buffer plain, long count) {
    long[] dims = {count};
    long[] strides = {1};
    return get(name, plain, dims, strides, program.dnn().strided(dnnl_bf16, dims, strides));
  }

  /** Gives every weight its place, once all are known. */
  void place() {
    owned.add(Arena.of(steps()));
    steps().forEach(Step::bind);
  }

  private List<Step> steps() {
    return program.steps(Program.Part.FORWARD);
  }

  /** Makes the weights if they were not made, or have changed since. */
  void refresh() {
    if (!current) {
      steps().forEach(Step::run);
      current = true;
    }
  }

  void changed() {
    current = false;
  }

  @Override
  public void close() {
    owned.close();
  }
}

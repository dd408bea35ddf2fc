package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * Frozen weights in the formats that primitives ask for. The parts of a function share them; they
 * are made at the first run and again after {@code parametersChanged}.
 */
final class PackedWeights implements AutoCloseable {
  private final Resources owned = new Resources();
  private final Program program = new Program(owned.add(new OneDnn()));
  private final Map<String, List<Operand>> packed = new HashMap<>();
  private boolean current;

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
    List<Operand> known = packed.computeIfAbsent(name, key -> new ArrayList<>());
    for (Operand each : known) {
      if (OneDnn.same(each.layout(), layout)) {
        return each.buffer();
      }
    }
    Operand one = new Operand(program.dnn().copy(layout), Buffer.lasting(OneDnn.bytes(layout)));
    program.begin(Program.Part.FORWARD, "WEIGHTS", name);
    program.reorder(program.strided(plain, dims, strides), one);
    known.add(one);
    return one.buffer();
  }

  /**
   * Where a weight lies in bfloat16, in its own order.
   *
   * @param name of its tensor
   * @param plain where it is
   * @param count of its numbers
   */
  Buffer halved(String name, Buffer plain, long count) {
    long[] dims = {count};
    long[] strides = {1};
    synchronized (this) {
      return get(name, plain, dims, strides, program.dnn().strided(dnnl_bf16, dims, strides));
    }
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

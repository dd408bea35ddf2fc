package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;

import com.google.common.collect.Maps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Runs a oneDNN primitive, with arguments that are built once. */
final class PrimitiveStep extends Step {
  /** Those of forward primitives; what a backward one writes nobody asks. */
  private static final Set<Integer> WRITTEN =
      Set.of(DNNL_ARG_DST, DNNL_ARG_MEAN, DNNL_ARG_VARIANCE, DNNL_ARG_WORKSPACE);

  private final OneDnn dnn;
  private final dnnl_primitive primitive;
  private final Map<Integer, Operand> operands;
  private final List<Buffer> buffers = new ArrayList<>();
  private final int count;
  private dnnl_exec_arg_t args;

  /**
   * A step.
   *
   * @param operands by the number of the argument in {@code dnnl_types.h}
   * @param scratchpad shared by all steps; it grows to what the primitive asks for
   */
  PrimitiveStep(
      String kind,
      String layer,
      OneDnn dnn,
      dnnl_primitive_desc desc,
      Map<Integer, Operand> operands,
      Buffer scratchpad) {
    super(kind, layer);
    this.dnn = dnn;
    this.primitive = dnn.primitive(desc);
    operands.values().forEach(operand -> buffers.add(operand.buffer()));
    Map<Integer, Operand> all = new HashMap<>(operands);
    dnnl_memory_desc layout = OneDnn.layout(desc, dnnl_query_scratchpad_md);
    if (OneDnn.bytes(layout) > 0) {
      scratchpad.grow(OneDnn.bytes(layout));
      all.put(DNNL_ARG_SCRATCHPAD, new Operand(layout, scratchpad));
      buffers.add(scratchpad);
    }
    this.operands = Map.copyOf(all);
    this.count = this.operands.size();
    this.args = new dnnl_exec_arg_t(count);
  }

  private PrimitiveStep(PrimitiveStep other, UnaryOperator<Buffer> others) {
    super(other.kind(), other.layer());
    this.dnn = other.dnn;
    this.primitive = other.primitive;
    this.operands = Map.copyOf(Maps.transformValues(other.operands, operand -> operand.on(others)));
    other.buffers.forEach(buffer -> buffers.add(others.apply(buffer)));
    this.count = other.count;
    this.args = new dnnl_exec_arg_t(count);
  }

  @Override
  List<Buffer> buffers() {
    return buffers;
  }

  @Override
  List<Buffer> written() {
    return operands.entrySet().stream()
        .filter(entry -> WRITTEN.contains(entry.getKey()))
        .map(entry -> entry.getValue().buffer())
        .toList();
  }

  @Override
  Step on(UnaryOperator<Buffer> others) {
    return new PrimitiveStep(this, others);
  }

  @Override
  void bind() {
    int i = 0;
    for (Map.Entry<Integer, Operand> entry : operands.entrySet()) {
      Operand operand = entry.getValue();
      args.position(i++)
          .arg(entry.getKey())
          .memory(dnn.memory(operand.layout(), operand.buffer().address() + operand.offset()));
    }
    args = args.position(0);
  }

  @Override
  void run() {
    dnn.execute(primitive, count, args);
  }
}

package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of a function while it is compiled, and the operations that kernels compose them of.
 *
 * <p>There are two lists, the forward half and the backward half. A step goes to the end of the
 * list that {@link #begin} chose.
 */
final class Program {
  /** Which list. */
  enum Part {
    FORWARD,
    BACKWARD
  }

  private static final Logger LOG = LoggerFactory.getLogger(Program.class);

  /** With fewer, the conversion takes as long as what it saves. */
  private static final long FEWEST_COLUMNS = 32;

  private final OneDnn dnn;
  private final boolean halves;
  private final Map<Buffer, Buffer> halved = new HashMap<>();
  private final List<Step> forward = new ArrayList<>();
  private final List<Step> backward = new ArrayList<>();
  private final Buffer scratchpad = Buffer.lasting(0);
  private final Buffer ones = Buffer.lasting(0);
  private Part part = Part.FORWARD;
  private String kind = "";
  private String layer = "";

  Program(OneDnn dnn) {
    this(dnn, false);
  }

  /**
   * An empty program.
   *
   * @param halves whether large products are computed in bfloat16; all else, their sums too, is
   *     float32
   */
  Program(OneDnn dnn, boolean halves) {
    this.dnn = dnn;
    this.halves = halves;
  }

  OneDnn dnn() {
    return dnn;
  }

  List<Step> steps(Part which) {
    return switch (which) {
      case FORWARD -> forward;
      case BACKWARD -> backward;
    };
  }

  /** Says what the next steps belong to. */
  void begin(Part part, String kind, String layer) {
    this.part = part;
    this.kind = part == Part.BACKWARD ? kind + " backward" : kind;
    this.layer = layer;
  }

  /** Emits steps into another list. */
  void in(Part other, Runnable emission) {
    Part before = part;
    part = other;
    emission.run();
    part = before;
  }

  void emit(Step step) {
    steps(part).add(step);
  }

  String kind() {
    return kind;
  }

  String layer() {
    return layer;
  }

  // ---- Buffers

  /** A new buffer for a tensor of these dimensions. */
  static Buffer floats(long... dims) {
    return Buffer.scratch(Shapes.count(dims) * Float.BYTES);
  }

  Operand dense(Buffer buffer, long... dims) {
    return new Operand(dnn.dense(dims), buffer);
  }

  Operand strided(Buffer buffer, long[] dims, long... strides) {
    return new Operand(dnn.strided(dims, strides), buffer);
  }

  /** A tensor in the layout of this package. */
  Operand tensor(Buffer buffer, long... shape) {
    return strided(buffer, shape, Shapes.strides(shape));
  }

  /** A tensor of ones. */
  Operand ones(long... dims) {
    ones.grow(Shapes.count(dims) * Float.BYTES);
    return dense(ones, dims);
  }

  Buffer ones() {
    return ones;
  }

  // ---- Numbers of 16 bits

  /** Whether a product of so many columns in and out is computed in bfloat16. */
  boolean halves(long in, long out) {
    return halves && Math.min(in, out) >= FEWEST_COLUMNS;
  }

  /** A buffer's floats in bfloat16. In the forward half, where nothing changes, one copy does. */
  Buffer halved(Buffer source, long count) {
    return part == Part.FORWARD
        ? halved.computeIfAbsent(source, key -> halfCopy(source, count))
        : halfCopy(source, count);
  }

  private Buffer halfCopy(Buffer source, long count) {
    Buffer half = Buffer.scratch(count * Short.BYTES);
    long[] dims = {count};
    reorder(dense(source, count), half(half, dims, 1));
    return half;
  }

  /** What a buffer of bfloat16 holds. */
  Operand half(Buffer buffer, long[] dims, long... strides) {
    return new Operand(dnn.strided(dnnl_bf16, dims, strides), buffer);
  }

  // ---- Linear algebra

  /**
   * {@code destination = postOps(source weights + bias)}; the last two dimensions are multiplied.
   */
  void matmul(
      Operand source,
      Operand weights,
      @Nullable Operand bias,
      Operand destination,
      List<PostOp> postOps) {
    dnnl_primitive_attr attr = dnn.attributes(postOps);
    dnnl_memory_desc biasLayout = bias == null ? null : bias.layout();
    dnnl_primitive_desc desc =
        dnn.describe(
            "matrix product",
            d ->
                dnnl_matmul_primitive_desc_create(
                    d,
                    dnn.engine(),
                    source.layout(),
                    weights.layout(),
                    biasLayout,
                    destination.layout(),
                    attr));
    Map<Integer, Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, source);
    operands.put(DNNL_ARG_WEIGHTS, weights);
    operands.put(DNNL_ARG_DST, destination);
    if (bias != null) {
      operands.put(DNNL_ARG_BIAS, bias);
    }
    primitive(desc, operands, postOps);
  }

  /** {@code [B, n, c]} summed over its middle dimension. */
  void sumMiddle(Buffer source, Buffer destination, long batch, long n, long c) {
    matmul(
        ones(batch, 1, n),
        dense(source, batch, n, c),
        null,
        dense(destination, batch, 1, c),
        List.of());
  }

  // ---- Elementwise

  /** {@code destination = a op b}, where b is broadcast along its dimensions of size 1. */
  void binary(int algorithm, Operand a, Operand b, Operand destination, PostOp... postOps) {
    dnnl_primitive_attr attr = dnn.attributes(List.of(postOps));
    dnnl_primitive_desc desc =
        dnn.describe(
            "binary operation",
            d ->
                dnnl_binary_primitive_desc_create(
                    d,
                    dnn.engine(),
                    algorithm,
                    a.layout(),
                    b.layout(),
                    destination.layout(),
                    attr));
    primitive(
        desc,
        Map.of(DNNL_ARG_SRC_0, a, DNNL_ARG_SRC_1, b, DNNL_ARG_DST, destination),
        List.of(postOps));
  }

  void add(Buffer a, Buffer b, Buffer destination, long count) {
    binary(dnnl_binary_add, dense(a, count), dense(b, count), dense(destination, count));
  }

  /** {@code destination = f(source)}, for buffers of {@code count} floats. */
  void eltwise(
      int algorithm, double alpha, double beta, Buffer source, Buffer destination, long count) {
    dnnl_memory_desc flat = dnn.dense(count);
    dnnl_primitive_desc desc = eltwiseDesc(algorithm, alpha, beta, flat);
    primitive(
        desc,
        Map.of(
            DNNL_ARG_SRC, new Operand(flat, source), DNNL_ARG_DST, new Operand(flat, destination)),
        List.of());
  }

  /** {@code sourceGradient = gradient f'(source)}. */
  void eltwiseBackward(
      int algorithm,
      double alpha,
      double beta,
      Buffer source,
      Buffer gradient,
      Buffer sourceGradient,
      long count) {
    dnnl_memory_desc flat = dnn.dense(count);
    dnnl_primitive_desc forward = eltwiseDesc(algorithm, alpha, beta, flat);
    dnnl_primitive_attr attr = dnn.attributes(List.of());
    dnnl_primitive_desc desc =
        dnn.describe(
            "eltwise backward",
            d ->
                dnnl_eltwise_backward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    algorithm,
                    flat,
                    flat,
                    flat,
                    (float) alpha,
                    (float) beta,
                    forward,
                    attr));
    primitive(
        desc,
        Map.of(
            DNNL_ARG_SRC,
            new Operand(flat, source),
            DNNL_ARG_DIFF_DST,
            new Operand(flat, gradient),
            DNNL_ARG_DIFF_SRC,
            new Operand(flat, sourceGradient)),
        List.of());
  }

  private dnnl_primitive_desc eltwiseDesc(
      int algorithm, double alpha, double beta, dnnl_memory_desc flat) {
    dnnl_primitive_attr attr = dnn.attributes(List.of());
    return dnn.describe(
        "eltwise",
        d ->
            dnnl_eltwise_forward_primitive_desc_create(
                d,
                dnn.engine(),
                dnnl_forward_training,
                algorithm,
                flat,
                flat,
                (float) alpha,
                (float) beta,
                attr));
  }

  // ---- Copies

  /** Copies between two layouts of the same dimensions. */
  void reorder(Operand from, Operand to, PostOp... postOps) {
    dnnl_primitive_attr attr = dnn.attributes(List.of(postOps));
    dnnl_primitive_desc desc =
        dnn.describe(
            "reorder",
            d ->
                dnnl_reorder_primitive_desc_create(
                    d, from.layout(), dnn.engine(), to.layout(), dnn.engine(), attr));
    primitive(desc, Map.of(DNNL_ARG_FROM, from, DNNL_ARG_TO, to), List.of(postOps));
  }

  void copy(Buffer from, Buffer to, long count) {
    reorder(dense(from, count), dense(to, count));
  }

  /** A loop in Java. */
  void loop(List<Buffer> buffers, LoopStep.Body body) {
    emit(new LoopStep(kind, layer, buffers, body));
  }

  void primitive(dnnl_primitive_desc desc, Map<Integer, Operand> operands, List<PostOp> postOps) {
    Map<Integer, Operand> all = new HashMap<>(operands);
    for (int i = 0; i < postOps.size(); i++) {
      Operand operand = postOps.get(i).operand();
      if (operand != null) {
        all.put(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (i + 1) | DNNL_ARG_SRC_1, operand);
      }
    }
    if (LOG.isDebugEnabled()) {
      LOG.debug("{} \"{}\": {}", kind, layer, OneDnn.implementation(desc));
    }
    emit(new PrimitiveStep(kind, layer, dnn, desc, all, scratchpad));
  }
}

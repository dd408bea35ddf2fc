package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_diff_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Convolutions: oneDNN's, on images with their channels last and with weights in the format that
 * each primitive asks for.
 *
 * <p>Frozen weights are reordered after {@code parametersChanged}; trainable ones at each run,
 * which costs about one percent of the convolution itself.
 */
final class ConvolutionKernel implements Kernel {
  private final LayerScope layer;
  private final long[] weightDims;
  private final long[] weightStrides;
  private final long[] strides;
  private final long[] before;
  private final long[] after;
  private final boolean halves;

  /** What is written is float32, what is read may be bfloat16. */
  private final dnnl_memory_desc source;

  private final dnnl_memory_desc destination;
  private final dnnl_memory_desc readSource;
  private final dnnl_memory_desc readGradient;
  private final dnnl_memory_desc anyWeights;
  private final dnnl_primitive_attr attr;
  private final List<PostOp> residual;
  private final dnnl_primitive_desc forward;
  private static final long[] NO_DILATION = {0, 0};

  ConvolutionKernel(LayerScope layer) {
    this.layer = layer;
    OneDnn dnn = layer.dnn();
    long[] w = layer.shape(1); // [kH, kW, in, out]
    weightDims = new long[] {w[3], w[2], w[0], w[1]};
    weightStrides = new long[] {1, w[3], w[1] * w[2] * w[3], w[2] * w[3]};
    int stride = layer.whole("stride");
    strides = new long[] {stride, stride};
    before = new long[] {layer.whole("top"), layer.whole("left")};
    after = new long[] {layer.whole("bottom"), layer.whole("right")};
    halves = layer.program().halves(w[2], w[3]);
    int type = halves ? dnnl_bf16 : dnnl_f32;
    source = dnn.strided(layer.shape(0), Shapes.strides(layer.shape(0)));
    destination = dnn.strided(layer.shape(), Shapes.strides(layer.shape()));
    readSource = dnn.strided(type, layer.shape(0), Shapes.strides(layer.shape(0)));
    readGradient = dnn.strided(type, layer.shape(), Shapes.strides(layer.shape()));
    anyWeights = dnn.anyOf(type, weightDims);
    attr = dnn.attributes(List.of());
    residual = layer.residual(destination);
    dnnl_primitive_attr forwardAttr = residual.isEmpty() ? attr : dnn.attributes(residual);
    dnnl_memory_desc bias = hasBias() ? dnn.dense(w[3]) : null;
    forward =
        dnn.describe(
            "convolution",
            d ->
                dnnl_convolution_forward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_forward_training,
                    dnnl_convolution_direct,
                    readSource,
                    anyWeights,
                    bias,
                    destination,
                    strides,
                    NO_DILATION,
                    before,
                    after,
                    forwardAttr));
  }

  private boolean hasBias() {
    return layer.inputCount() > 2;
  }

  @Override
  public void forward() {
    Map<Integer, Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, new Operand(readSource, read(layer.input(0), layer.shape(0))));
    operands.put(
        DNNL_ARG_WEIGHTS,
        packed(OneDnn.layout(forward, dnnl_query_weights_md), Program.Part.FORWARD));
    if (hasBias()) {
      operands.put(DNNL_ARG_BIAS, layer.program().dense(layer.input(2), weightDims[0]));
    }
    operands.put(DNNL_ARG_DST, new Operand(destination, layer.output()));
    layer.program().primitive(forward, operands, residual);
  }

  @Override
  public void backward(Buffer gradient) {
    if (layer.wants(0)) {
      backwardData(gradient);
    }
    boolean wantsBias = hasBias() && layer.wants(2);
    if (layer.wants(1)) {
      backwardWeights(gradient, wantsBias);
    } else if (wantsBias) {
      long out = weightDims[0];
      long rows = Shapes.count(layer.shape()) / out;
      Buffer db = layer.target(2);
      layer
          .program()
          .matmul(
              layer.program().ones(1, rows),
              layer.program().dense(gradient, rows, out),
              null,
              layer.program().dense(db, 1, out),
              List.of());
      layer.contribute(2, db);
    }
  }

  private void backwardData(Buffer gradient) {
    OneDnn dnn = layer.dnn();
    dnnl_primitive_desc desc =
        dnn.describe(
            "convolution backward",
            d ->
                dnnl_convolution_backward_data_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_convolution_direct,
                    source,
                    anyWeights,
                    readGradient,
                    strides,
                    NO_DILATION,
                    before,
                    after,
                    forward,
                    attr));
    Buffer dx = layer.target(0);
    layer
        .program()
        .primitive(
            desc,
            Map.of(
                DNNL_ARG_DIFF_DST,
                new Operand(readGradient, read(gradient, layer.shape())),
                DNNL_ARG_WEIGHTS,
                packed(OneDnn.layout(desc, dnnl_query_weights_md), Program.Part.BACKWARD),
                DNNL_ARG_DIFF_SRC,
                new Operand(source, dx)),
            List.of());
    layer.contribute(0, dx);
  }

  private void backwardWeights(Buffer gradient, boolean wantsBias) {
    OneDnn dnn = layer.dnn();
    dnnl_memory_desc anyGradient = dnn.any(weightDims);
    dnnl_memory_desc biasLayout = wantsBias ? dnn.dense(weightDims[0]) : null;
    dnnl_primitive_desc desc =
        dnn.describe(
            "convolution weight gradient",
            d ->
                dnnl_convolution_backward_weights_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_convolution_direct,
                    readSource,
                    anyGradient,
                    biasLayout,
                    readGradient,
                    strides,
                    NO_DILATION,
                    before,
                    after,
                    forward,
                    attr));
    dnnl_memory_desc layout = OneDnn.layout(desc, dnnl_query_diff_weights_md);
    Operand own = new Operand(layout, Buffer.scratch(OneDnn.bytes(layout)));
    Map<Integer, Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, new Operand(readSource, read(layer.input(0), layer.shape(0))));
    operands.put(DNNL_ARG_DIFF_DST, new Operand(readGradient, read(gradient, layer.shape())));
    operands.put(DNNL_ARG_DIFF_WEIGHTS, own);
    Buffer db = wantsBias ? layer.target(2) : null;
    if (db != null) {
      operands.put(DNNL_ARG_DIFF_BIAS, layer.program().dense(db, weightDims[0]));
    }
    layer.program().primitive(desc, operands, List.of());
    Buffer dw = layer.target(1);
    layer.program().reorder(own, plainWeights(dw));
    layer.contribute(1, dw);
    if (db != null) {
      layer.contribute(2, db);
    }
  }

  private Buffer read(Buffer image, long... shape) {
    return halves ? layer.program().halved(image, Shapes.count(shape)) : image;
  }

  private Operand plainWeights(Buffer buffer) {
    return layer.program().strided(buffer, weightDims, weightStrides);
  }

  /** The weights in a primitive's format. */
  private Operand packed(dnnl_memory_desc layout, Program.Part part) {
    if (layer.isFrozen(1)) {
      return layer.packed(1, weightDims, weightStrides, layout);
    }
    Operand packed = new Operand(layout, Buffer.scratch(OneDnn.bytes(layout)));
    layer
        .program()
        .in(part, () -> layer.program().reorder(plainWeights(layer.parameter(1)), packed));
    return packed;
  }
}

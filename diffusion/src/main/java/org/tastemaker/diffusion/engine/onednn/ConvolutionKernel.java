package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_diff_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Convolutions: oneDNN's, with weights in the format that each primitive asks for.
 *
 * <p>Frozen weights are reordered after {@code parametersChanged}; trainable ones at each run,
 * which costs about one percent of the convolution itself.
 */
final class ConvolutionKernel implements Kernel {
  private final LayerScope layer;
  private final Program program;
  private final long[] weightDims;
  private final long[] weightStrides;
  private final boolean halves;
  private final List<PostOp> residual;
  private final Convolution convolution;

  ConvolutionKernel(LayerScope layer) {
    this.layer = layer;
    program = layer.program();
    long[] w = layer.shape(1); // [kH, kW, in, out]
    weightDims = new long[] {w[3], w[2], w[0], w[1]};
    weightStrides = new long[] {1, w[3], w[1] * w[2] * w[3], w[2] * w[3]};
    halves = program.halves(w[2], w[3]);
    residual = layer.residual(layer.dnn().strided(layer.shape(), Shapes.strides(layer.shape())));
    convolution =
        new Convolution(
            layer.dnn(),
            new Convolution.Sizes(
                layer.shape(0),
                weightDims,
                layer.shape(),
                layer.whole("stride"),
                new long[] {layer.whole("top"), layer.whole("left")},
                new long[] {layer.whole("bottom"), layer.whole("right")}),
            hasBias(),
            halves,
            residual);
  }

  private boolean hasBias() {
    return layer.inputCount() > 2;
  }

  @Override
  public void forward() {
    Map<Integer, Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, image());
    operands.put(DNNL_ARG_WEIGHTS, packed(convolution.forward()));
    if (hasBias()) {
      operands.put(DNNL_ARG_BIAS, program.dense(layer.input(2), weightDims[0]));
    }
    operands.put(DNNL_ARG_DST, new Operand(convolution.result(), layer.output()));
    program.primitive(convolution.forward(), operands, residual);
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
      Buffer db = layer.target(2);
      program.sumMiddle(gradient, db, 1, Shapes.count(layer.shape()) / out, out);
      layer.contribute(2, db);
    }
  }

  private void backwardData(Buffer gradient) {
    dnnl_primitive_desc desc = convolution.backwardData();
    Buffer dx = layer.target(0);
    program.primitive(
        desc,
        Map.of(
            DNNL_ARG_DIFF_DST,
            gradient(gradient),
            DNNL_ARG_WEIGHTS,
            packed(desc),
            DNNL_ARG_DIFF_SRC,
            new Operand(convolution.image(), dx)),
        List.of());
    layer.contribute(0, dx);
  }

  private void backwardWeights(Buffer gradient, boolean wantsBias) {
    dnnl_primitive_desc desc = convolution.backwardWeights(wantsBias);
    dnnl_memory_desc layout = OneDnn.layout(desc, dnnl_query_diff_weights_md);
    Operand own = new Operand(layout, Buffer.scratch(OneDnn.bytes(layout)));
    Map<Integer, Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, image());
    operands.put(DNNL_ARG_DIFF_DST, gradient(gradient));
    operands.put(DNNL_ARG_DIFF_WEIGHTS, own);
    Buffer db = wantsBias ? layer.target(2) : null;
    if (db != null) {
      operands.put(DNNL_ARG_DIFF_BIAS, program.dense(db, weightDims[0]));
    }
    program.primitive(desc, operands, List.of());
    Buffer dw = layer.target(1);
    program.reorder(own, program.strided(dw, weightDims, weightStrides));
    layer.contribute(1, dw);
    if (db != null) {
      layer.contribute(2, db);
    }
  }

  private Operand image() {
    return new Operand(convolution.imageRead(), read(layer.input(0), layer.shape(0)));
  }

  private Operand gradient(Buffer gradient) {
    return new Operand(convolution.gradientRead(), read(gradient, layer.shape()));
  }

  private Buffer read(Buffer image, long... shape) {
    return halves ? program.halved(image, Shapes.count(shape)) : image;
  }

  /** The weights in a primitive's format. */
  private Operand packed(dnnl_primitive_desc desc) {
    return layer.packed(1, weightDims, weightStrides, OneDnn.layout(desc, dnnl_query_weights_md));
  }
}

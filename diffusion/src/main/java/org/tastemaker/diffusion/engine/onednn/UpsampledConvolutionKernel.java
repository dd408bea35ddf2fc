package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * A 3 x 3 convolution of an upsampled image, whose weights are frozen: four of 2 x 2 of the image
 * itself, one for each corner of the pixels that one became. Three taps of a row fall on two
 * pixels, so the weights of taps that fall on the same one are summed once:
 *
 * <pre>
 *   corner 0 (left, top):      w0 on the pixel before,  w1 + w2 on the pixel
 *   corner 1 (right, bottom):  w0 + w1 on the pixel,    w2 on the pixel after
 * </pre>
 *
 * <p>It takes four ninths of the products, and the upsampled image is never made.
 */
final class UpsampledConvolutionKernel implements Kernel {
  private static final long[] ONES = {1, 1};
  private static final long[] NO_DILATION = {0, 0};

  private final LayerScope layer;
  private final LayerScope upsampling;
  private final long in;
  private final long out;
  private final boolean halves;
  private final long[] shape; // of the image, [B, in, H, W]
  private final long[] cornerShape; // of a corner's result, [B, out, H, W]
  private final dnnl_memory_desc source;
  private final dnnl_memory_desc readSource;
  private final dnnl_memory_desc destination;
  private final dnnl_memory_desc readGradient;
  private final dnnl_memory_desc anyWeights;
  private final dnnl_primitive_attr attr;

  /**
   * A kernel.
   *
   * @param layer the convolution
   * @param upsampling the layer before it
   */
  UpsampledConvolutionKernel(LayerScope layer, LayerScope upsampling) {
    this.layer = layer;
    this.upsampling = upsampling;
    OneDnn dnn = layer.dnn();
    in = layer.shape(1)[2];
    out = layer.shape(1)[3];
    halves = layer.program().halves(in, out);
    shape = upsampling.shape(0);
    cornerShape = new long[] {shape[0], out, shape[2], shape[3]};
    int type = halves ? dnnl_bf16 : dnnl_f32;
    source = dnn.strided(shape, Shapes.strides(shape));
    readSource = dnn.strided(type, shape, Shapes.strides(shape));
    destination = dnn.strided(cornerShape, Shapes.strides(cornerShape));
    readGradient = dnn.strided(type, cornerShape, Shapes.strides(cornerShape));
    anyWeights = dnn.anyOf(type, out, in, 2, 2);
    attr = dnn.attributes(List.of());
  }

  /** How far a corner's 2 x 2 pixels reach over the image's edges, before or after. */
  private static long[] before(int corner) {
    return new long[] {1 - corner / 2, 1 - corner % 2};
  }

  private static long[] after(int corner) {
    return new long[] {corner / 2, corner % 2};
  }

  private dnnl_primitive_desc forward(int corner) {
    OneDnn dnn = layer.dnn();
    dnnl_memory_desc bias = layer.inputCount() > 2 ? dnn.dense(out) : null;
    return dnn.describe(
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
                ONES,
                NO_DILATION,
                before(corner),
                after(corner),
                attr));
  }

  @Override
  public void forward() {
    Program program = layer.program();
    for (int corner = 0; corner < 4; corner++) {
      dnnl_primitive_desc desc = forward(corner);
      Buffer result = Program.floats(cornerShape);
      Map<Integer, Operand> operands = new HashMap<>();
      operands.put(DNNL_ARG_SRC, new Operand(readSource, read(upsampling.input(0), shape)));
      operands.put(DNNL_ARG_WEIGHTS, weights(desc, corner));
      if (layer.inputCount() > 2) {
        operands.put(DNNL_ARG_BIAS, program.dense(layer.input(2), out));
      }
      operands.put(DNNL_ARG_DST, new Operand(destination, result));
      program.primitive(desc, operands, List.of());
      program.reorder(rows(result), corner(layer.output(), corner));
    }
  }

  @Override
  public void backward(Buffer gradient) {
    if (layer.inputCount() > 2 && layer.wants(2)) {
      Program program = layer.program();
      long rows = Shapes.count(layer.shape()) / out;
      Buffer db = layer.target(2);
      program.matmul(
          program.ones(1, rows),
          program.dense(gradient, rows, out),
          null,
          program.dense(db, 1, out),
          List.of());
      layer.contribute(2, db);
    }
    if (upsampling.wants(0)) {
      backwardData(gradient);
    }
  }

  private void backwardData(Buffer gradient) {
    OneDnn dnn = layer.dnn();
    Program program = layer.program();
    Buffer dx = upsampling.target(0);
    for (int i = 0; i < 4; i++) {
      int corner = i;
      dnnl_primitive_desc forward = forward(corner);
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
                      ONES,
                      NO_DILATION,
                      before(corner),
                      after(corner),
                      forward,
                      attr));
      Buffer g = Program.floats(cornerShape);
      program.reorder(corner(gradient, corner), rows(g));
      Buffer part = corner == 0 ? dx : Program.floats(shape);
      program.primitive(
          desc,
          Map.of(
              DNNL_ARG_DIFF_DST,
              new Operand(readGradient, read(g, cornerShape)),
              DNNL_ARG_WEIGHTS,
              weights(desc, corner),
              DNNL_ARG_DIFF_SRC,
              new Operand(source, part)),
          List.of());
      if (corner > 0) {
        program.add(dx, part, dx, Shapes.count(shape));
      }
    }
    upsampling.contribute(0, dx);
  }

  private Operand weights(dnnl_primitive_desc desc, int corner) {
    return layer.packedCorner(1, corner, OneDnn.layout(desc, dnnl_query_weights_md));
  }

  private Buffer read(Buffer image, long... imageShape) {
    return halves ? layer.program().halved(image, Shapes.count(imageShape)) : image;
  }

  // ---- The corners of the large image [B, 2H, 2W, out], read as [B H, 2, W, 2, out]

  private Operand rows(Buffer result) {
    return layer.program().dense(result, shape[0] * shape[2], shape[3], out);
  }

  private Operand corner(Buffer large, int corner) {
    long width = shape[3];
    long down = corner / 2;
    long right = corner % 2;
    long offset = 2 * down * width * out + right * out;
    dnnl_memory_desc layout =
        layer
            .dnn()
            .strided(
                new long[] {shape[0] * shape[2], width, out},
                new long[] {4 * width * out, 2 * out, 1});
    return new Operand(layout, large, offset * Float.BYTES);
  }
}

package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * A 3 x 3 convolution of an upsampled image, whose weights are frozen: four of 2 x 2 of the image
 * itself, one for each corner of the two by two pixels that each pixel became. Of three taps in a
 * row, two fall on the same pixel, and their weights are summed beforehand:
 *
 * <pre>
 *   corner 0 (left, top):      w0 on the pixel before,  w1 + w2 on the pixel
 *   corner 1 (right, bottom):  w0 + w1 on the pixel,    w2 on the pixel after
 * </pre>
 *
 * <p>It takes four ninths of the multiplications, and the upsampled image is never made.
 */
final class UpsampledConvolutionKernel implements Kernel {
  private static final int CORNERS = 4;

  private final LayerScope layer;
  private final LayerScope upsampling;
  private final Program program;
  private final long out;
  private final boolean halves;
  private final long[] shape; // of the image, [B, in, H, W]
  private final long[] cornerShape; // of a corner's result, [B, out, H, W]
  private final Convolution[] corners = new Convolution[CORNERS];

  /**
   * A kernel.
   *
   * @param layer the convolution
   * @param upsampling the layer before it
   */
  UpsampledConvolutionKernel(LayerScope layer, LayerScope upsampling) {
    this.layer = layer;
    this.upsampling = upsampling;
    program = layer.program();
    long in = layer.shape(1)[2];
    out = layer.shape(1)[3];
    halves = program.halves(in, out);
    shape = upsampling.shape(0);
    cornerShape = new long[] {shape[0], out, shape[2], shape[3]};
    long[] weights = {out, in, 2, 2};
    for (int corner = 0; corner < CORNERS; corner++) {
      long[] after = {corner / 2, corner % 2};
      long[] before = {1 - after[0], 1 - after[1]};
      corners[corner] =
          new Convolution(
              layer.dnn(),
              new Convolution.Sizes(shape, weights, cornerShape, 1, before, after),
              hasBias(),
              halves,
              List.of());
    }
  }

  private boolean hasBias() {
    return layer.inputCount() > 2;
  }

  @Override
  public void forward() {
    for (int corner = 0; corner < CORNERS; corner++) {
      Convolution convolution = corners[corner];
      Buffer result = Program.floats(cornerShape);
      Map<Integer, Operand> operands = new HashMap<>();
      operands.put(
          DNNL_ARG_SRC, new Operand(convolution.imageRead(), read(upsampling.input(0), shape)));
      operands.put(DNNL_ARG_WEIGHTS, weights(convolution.forward(), corner));
      if (hasBias()) {
        operands.put(DNNL_ARG_BIAS, program.dense(layer.input(2), out));
      }
      operands.put(DNNL_ARG_DST, new Operand(convolution.result(), result));
      program.primitive(convolution.forward(), operands, List.of());
      program.reorder(rows(result), corner(layer.output(), corner));
    }
  }

  @Override
  public void backward(Buffer gradient) {
    if (hasBias() && layer.wants(2)) {
      Buffer db = layer.target(2);
      program.sumMiddle(gradient, db, 1, Shapes.count(layer.shape()) / out, out);
      layer.contribute(2, db);
    }
    if (upsampling.wants(0)) {
      backwardData(gradient);
    }
  }

  private void backwardData(Buffer gradient) {
    Buffer dx = upsampling.target(0);
    for (int corner = 0; corner < CORNERS; corner++) {
      Convolution convolution = corners[corner];
      dnnl_primitive_desc desc = convolution.backwardData();
      Buffer g = Program.floats(cornerShape);
      program.reorder(corner(gradient, corner), rows(g));
      Buffer part = corner == 0 ? dx : Program.floats(shape);
      program.primitive(
          desc,
          Map.of(
              DNNL_ARG_DIFF_DST,
              new Operand(convolution.gradientRead(), read(g, cornerShape)),
              DNNL_ARG_WEIGHTS,
              weights(desc, corner),
              DNNL_ARG_DIFF_SRC,
              new Operand(convolution.image(), part)),
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
    return halves ? program.halved(image, Shapes.count(imageShape)) : image;
  }

  // ---- The corners of the large image [B, 2H, 2W, out], read as [B H, 2, W, 2, out]

  private Operand rows(Buffer result) {
    return program.dense(result, shape[0] * shape[2], shape[3], out);
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

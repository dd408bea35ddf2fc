package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/**
 * Linear layers, and convolutions of one pixel, which are linear layers over the channels: matrix
 * products on rows.
 *
 * <p>With rows x [R, in], weights W [out, in] and the gradient g [R, out]:
 *
 * <pre>
 *   y = x W^T + b      dx = g W      dW = g^T x      db = 1^T g
 * </pre>
 *
 * <p>The weights are read where they are: oneDNN multiplies by them as fast as by weights in its
 * own format, at the sizes of these models. A convolution's weights are [in, out] in memory, the
 * transpose.
 */
final class LinearKernel implements Kernel {
  private final LayerScope layer;
  private final boolean transposed;
  private final long in;
  private final long out;
  private final long rows;

  LinearKernel(LayerScope layer) {
    this.layer = layer;
    this.transposed = layer.kind() == Kind.LINEAR;
    if (transposed) {
      layer.requireRows(0);
      in = layer.shape(1)[1];
      out = layer.shape(1)[0];
    } else {
      in = layer.shape(1)[2];
      out = layer.shape(1)[3];
    }
    rows = Shapes.count(layer.shape(0)) / in;
  }

  static boolean isPointwise(LayerScope layer) {
    long[] weight = layer.shape(1);
    return weight[0] == 1
        && weight[1] == 1
        && layer.whole("stride") == 1
        && layer.whole("top") == 0
        && layer.whole("bottom") == 0
        && layer.whole("left") == 0
        && layer.whole("right") == 0;
  }

  @Override
  public void forward() {
    Program program = layer.program();
    Operand bias = layer.inputCount() > 2 ? program.dense(layer.input(2), 1, out) : null;
    program.matmul(
        program.dense(layer.input(0), rows, in),
        weights(),
        bias,
        program.dense(layer.output(), rows, out),
        List.of());
  }

  @Override
  public void backward(Buffer gradient) {
    Program program = layer.program();
    Operand g = program.dense(gradient, rows, out);
    if (layer.wants(0)) {
      Operand w = weights();
      Operand wT =
          transposed
              ? program.dense(w.buffer(), out, in)
              : program.strided(w.buffer(), new long[] {out, in}, 1, out);
      Sink dx = new Sink(layer, 0);
      program.matmul(g, wT, null, program.dense(dx.buffer(), rows, in), dx.postOps());
      dx.done();
    }
    if (layer.wants(1)) {
      Sink dw = new Sink(layer, 1);
      Buffer x = layer.input(0);
      if (transposed) {
        program.matmul(
            program.strided(gradient, new long[] {out, rows}, 1, out),
            program.dense(x, rows, in),
            null,
            program.dense(dw.buffer(), out, in),
            dw.postOps());
      } else {
        program.matmul(
            program.strided(x, new long[] {in, rows}, 1, in),
            g,
            null,
            program.dense(dw.buffer(), in, out),
            dw.postOps());
      }
      dw.done();
    }
    if (layer.inputCount() > 2 && layer.wants(2)) {
      Sink db = new Sink(layer, 2);
      program.matmul(
          program.ones(1, rows), g, null, program.dense(db.buffer(), 1, out), db.postOps());
      db.done();
    }
  }

  private Operand weights() {
    return transposed
        ? layer.program().strided(layer.input(1), new long[] {in, out}, 1, in)
        : layer.program().dense(layer.parameter(1), in, out);
  }

  /** Where a matrix product leaves a part of a gradient: added in place if that is possible. */
  static final class Sink {
    private final LayerScope layer;
    private final int input;
    private final @Nullable Buffer accumulator;
    private final Buffer buffer;

    Sink(LayerScope layer, int input) {
      this.layer = layer;
      this.input = input;
      this.accumulator = layer.accumulator(input);
      this.buffer = accumulator == null ? layer.target(input) : accumulator;
    }

    Buffer buffer() {
      return buffer;
    }

    /** What a product must do to its result: something first, then the sum if there is one. */
    List<PostOp> postOps(PostOp... first) {
      List<PostOp> all = new ArrayList<>(List.of(first));
      if (accumulator != null) {
        all.add(PostOp.sum());
      }
      return all;
    }

    void done() {
      if (accumulator == null) {
        layer.contribute(input, buffer);
      }
    }
  }
}

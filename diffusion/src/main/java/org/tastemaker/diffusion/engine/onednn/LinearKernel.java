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
 *
 * <p>In bfloat16, x, W and g are rounded to it before they are multiplied; y, the gradients and the
 * bias stay float32.
 */
final class LinearKernel implements Kernel, ColumnProduct {
  private final LayerScope layer;
  private final boolean transposed;
  private final long in;
  private final long out;
  private final long rows;
  private final boolean halves;

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
    halves = layer.program().halves(in, out);
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
    Operand y = layer.program().dense(layer.output(), rows, out);
    columns(0, out, y, layer.residual(y.layout()));
  }

  @Override
  public void columns(long begin, long count, Operand y, List<PostOp> postOps) {
    Program program = layer.program();
    program.begin(Program.Part.FORWARD, layer.kind().name(), layer.layer().name());
    Buffer x = halves ? halved(layer.input(0), in) : layer.input(0);
    Operand w =
        transposed
            ? operand(weightBuffer(), new long[] {in, count}, 1, in)
            : operand(weightBuffer(), new long[] {in, count}, out, 1);
    long size = halves ? Short.BYTES : Float.BYTES;
    Operand bias = null;
    if (layer.inputCount() > 2) {
      Operand whole = program.dense(layer.input(2), 1, count);
      bias = new Operand(whole.layout(), whole.buffer(), begin * Float.BYTES);
    }
    program.matmul(
        operand(x, new long[] {rows, in}, in, 1),
        new Operand(w.layout(), w.buffer(), begin * size * (transposed ? in : 1)),
        bias,
        y,
        postOps);
  }

  @Override
  public void backward(Buffer gradient) {
    Program program = layer.program();
    Buffer g = halves && (layer.wants(0) || layer.wants(1)) ? halved(gradient, out) : gradient;
    if (layer.wants(0)) {
      Sink dx = new Sink(layer, 0);
      program.matmul(
          operand(g, new long[] {rows, out}, out, 1),
          transposedWeights(),
          null,
          program.dense(dx.buffer(), rows, in),
          dx.postOps());
      dx.done();
    }
    if (layer.wants(1)) {
      Sink dw = new Sink(layer, 1);
      Buffer x = halves ? halved(layer.input(0), in) : layer.input(0);
      if (transposed) {
        program.matmul(
            operand(g, new long[] {out, rows}, 1, out),
            operand(x, new long[] {rows, in}, in, 1),
            null,
            program.dense(dw.buffer(), out, in),
            dw.postOps());
      } else {
        program.matmul(
            operand(x, new long[] {in, rows}, 1, in),
            operand(g, new long[] {rows, out}, out, 1),
            null,
            program.dense(dw.buffer(), in, out),
            dw.postOps());
      }
      dw.done();
    }
    if (layer.inputCount() > 2 && layer.wants(2)) {
      Sink db = new Sink(layer, 2);
      program.matmul(
          program.ones(1, rows),
          program.dense(gradient, rows, out),
          null,
          program.dense(db.buffer(), 1, out),
          db.postOps());
      db.done();
    }
  }

  /** A factor of a product: floats, or what {@link #halved} made of them. */
  private Operand operand(Buffer buffer, long[] dims, long... strides) {
    return halves
        ? layer.program().half(buffer, dims, strides)
        : layer.program().strided(buffer, dims, strides);
  }

  private Buffer halved(Buffer buffer, long columns) {
    return layer.program().halved(buffer, rows * columns);
  }

  private Operand transposedWeights() { // [out, in]
    long[] dims = {out, in};
    return transposed
        ? operand(weightBuffer(), dims, in, 1)
        : operand(weightBuffer(), dims, 1, out);
  }

  private Buffer weightBuffer() {
    if (halves && layer.leaf(1) != null) {
      return layer.halved(1);
    }
    Buffer plain = transposed ? layer.input(1) : layer.parameter(1);
    return halves ? layer.program().halved(plain, in * out) : plain;
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

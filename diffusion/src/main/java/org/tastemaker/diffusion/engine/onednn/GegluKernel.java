package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_mul;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;

import java.util.List;

/**
 * The gated GELU: with the halves a and b of each row, {@code y = a gelu(b)}, {@code da = g
 * gelu(b)} and {@code db = (g a) gelu'(b)}.
 *
 * <p>The halves are first copied into buffers of their own: oneDNN's elementwise primitives are two
 * hundred times slower on rows with gaps. After a linear layer they are two products instead, and
 * where no gradient is wanted, the products apply the gate themselves.
 */
final class GegluKernel implements Kernel {
  private final LayerScope layer;
  private final long rows;
  private final long half;
  private final long count;
  private final Buffer a;
  private final Buffer b;

  GegluKernel(LayerScope layer) {
    layer.requireRows(0);
    this.layer = layer;
    long[] shape = layer.shape(0);
    half = shape[shape.length - 1] / 2;
    count = Shapes.count(shape) / 2;
    rows = count / half;
    a = Program.floats(count);
    b = Program.floats(count);
  }

  @Override
  public void forward() {
    Program program = layer.program();
    ColumnProduct linear = layer.gated();
    Buffer gate = Program.floats(count);
    Operand rowsOfGate = program.dense(gate, rows, half);
    if (linear != null && !layer.isDifferentiable()) {
      PostOp gelu = PostOp.eltwise(dnnl_eltwise_gelu_erf, 0, 0);
      linear.columns(half, half, rowsOfGate, List.of(gelu));
      Operand y = program.dense(layer.output(), rows, half);
      linear.columns(0, half, y, List.of(PostOp.binary(dnnl_binary_mul, rowsOfGate)));
      return;
    }
    if (linear != null) {
      linear.columns(0, half, program.dense(a, rows, half), List.of());
      linear.columns(half, half, program.dense(b, rows, half), List.of());
      program.begin(Program.Part.FORWARD, layer.kind().name(), layer.layer().name());
    } else {
      program.reorder(part(layer.input(0), 0), program.dense(a, rows, half));
      program.reorder(part(layer.input(0), 1), program.dense(b, rows, half));
    }
    program.eltwise(dnnl_eltwise_gelu_erf, 0, 0, b, gate, count);
    multiply(a, gate, layer.output());
  }

  @Override
  public void backward(Buffer gradient) {
    Program program = layer.program();
    Buffer dx = layer.target(0);
    Buffer gate = Program.floats(count);
    Buffer da = Program.floats(count);
    program.eltwise(dnnl_eltwise_gelu_erf, 0, 0, b, gate, count);
    multiply(gradient, gate, da);
    program.reorder(program.dense(da, rows, half), part(dx, 0));
    Buffer dGate = Program.floats(count);
    Buffer db = Program.floats(count);
    multiply(gradient, a, dGate);
    program.eltwiseBackward(dnnl_eltwise_gelu_erf, 0, 0, b, dGate, db, count);
    program.reorder(program.dense(db, rows, half), part(dx, 1));
    layer.contribute(0, dx);
  }

  private void multiply(Buffer left, Buffer right, Buffer product) {
    Program program = layer.program();
    program.binary(
        dnnl_binary_mul,
        program.dense(left, count),
        program.dense(right, count),
        program.dense(product, count));
  }

  private Operand part(Buffer whole, int index) {
    return new Operand(
        layer.dnn().strided(new long[] {rows, half}, new long[] {2 * half, 1}),
        whole,
        index * half * Float.BYTES);
  }
}

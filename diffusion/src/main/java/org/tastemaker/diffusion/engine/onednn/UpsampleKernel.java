package org.tastemaker.diffusion.engine.onednn;

import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * Nearest-neighbour upsampling by two: four copies of each pixel; its gradient is the sum of the
 * four. The output [B, 2H, 2W, C] is read as [B H, 2, W, 2, C].
 */
final class UpsampleKernel implements Kernel {
  private final LayerScope layer;
  private final long channels;
  private final long width;
  private final long[] dims;

  UpsampleKernel(LayerScope layer) {
    this.layer = layer;
    long[] shape = layer.shape(0);
    channels = shape[1];
    width = shape[3];
    dims = new long[] {shape[0] * shape[2], width, channels};
  }

  @Override
  public void forward() {
    Program program = layer.program();
    for (int corner = 0; corner < 4; corner++) {
      program.reorder(program.dense(layer.input(0), dims), corner(layer.output(), corner));
    }
  }

  @Override
  public void backward(Buffer gradient) {
    Program program = layer.program();
    Buffer dx = layer.target(0);
    program.reorder(corner(gradient, 0), program.dense(dx, dims));
    long count = Shapes.count(dims);
    for (int corner = 1; corner < 4; corner++) {
      Buffer part = Program.floats(dims);
      program.reorder(corner(gradient, corner), program.dense(part, dims));
      program.add(dx, part, dx, count);
    }
    layer.contribute(0, dx);
  }

  private Operand corner(Buffer large, int corner) {
    dnnl_memory_desc layout =
        layer.dnn().strided(dims, new long[] {4 * width * channels, 2 * channels, 1});
    long down = corner / 2;
    long right = corner % 2;
    return new Operand(
        layout, large, (down * 2 * width * channels + right * channels) * Float.BYTES);
  }
}

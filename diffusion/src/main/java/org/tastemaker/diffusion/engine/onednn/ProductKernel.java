package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_mul;

/** The product of two tensors of one shape: {@code da = g b} and {@code db = g a}. */
final class ProductKernel implements Kernel {
  private final LayerScope layer;
  private final long count;

  ProductKernel(LayerScope layer) {
    this.layer = layer;
    this.count = Shapes.count(layer.shape(0));
  }

  @Override
  public void forward() {
    multiply(layer.input(0), layer.input(1), layer.output());
  }

  @Override
  public void backward(Buffer gradient) {
    for (int i = 0; i < 2; i++) {
      if (layer.wants(i)) {
        Buffer part = layer.target(i);
        multiply(gradient, layer.input(1 - i), part);
        layer.contribute(i, part);
      }
    }
  }

  private void multiply(Buffer a, Buffer b, Buffer product) {
    Program program = layer.program();
    program.binary(
        dnnl_binary_mul,
        program.dense(a, count),
        program.dense(b, count),
        program.dense(product, count));
  }
}

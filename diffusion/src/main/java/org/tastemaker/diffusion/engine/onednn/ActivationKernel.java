package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_clip_v2;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_swish;

/** Functions of one number: oneDNN's eltwise. */
final class ActivationKernel implements Kernel {
  private final LayerScope layer;
  private final int algorithm;
  private final double alpha;
  private final double beta;
  private final long count;

  ActivationKernel(LayerScope layer) {
    this.layer = layer;
    this.count = Shapes.count(layer.shape(0));
    switch (layer.kind()) {
      case SILU -> {
        algorithm = dnnl_eltwise_swish;
        alpha = 1;
        beta = 0;
      }
      case QUICK_GELU -> {
        algorithm = dnnl_eltwise_swish;
        alpha = 1.702;
        beta = 0;
      }
      case GELU -> {
        algorithm = dnnl_eltwise_gelu_erf;
        alpha = 0;
        beta = 0;
      }
      case SCALE -> {
        algorithm = dnnl_eltwise_linear;
        alpha = layer.layer().attribute("factor");
        beta = 0;
      }
      case CLAMP -> {
        algorithm = dnnl_eltwise_clip_v2;
        alpha = layer.layer().attribute("low");
        beta = layer.layer().attribute("high");
      }
      default -> throw new IllegalArgumentException(layer.kind() + " is not an activation");
    }
  }

  @Override
  public void forward() {
    layer.program().eltwise(algorithm, alpha, beta, layer.input(0), layer.output(), count);
  }

  @Override
  public void backward(Buffer gradient) {
    Buffer dx = layer.target(0);
    layer.program().eltwiseBackward(algorithm, alpha, beta, layer.input(0), gradient, dx, count);
    layer.contribute(0, dx);
  }
}

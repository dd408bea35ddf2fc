package org.tastemaker.diffusion.engine.onednn;

/** Which kernel computes which layer. */
final class Kernels {
  private Kernels() {}

  /**
   * The kernel of a layer.
   *
   * @throws OneDnn.Unsupported if there is none for its shapes
   */
  static Kernel of(LayerScope layer) {
    return switch (layer.kind()) {
      case LINEAR -> new LinearKernel(layer);
      case CONV2D -> convolution(layer);
      case GROUP_NORM -> new GroupNormKernel(layer);
      case LAYER_NORM -> new LayerNormKernel(layer);
      case SILU, GELU, QUICK_GELU, SCALE, CLAMP -> new ActivationKernel(layer);
      case GEGLU -> new GegluKernel(layer);
      case ATTENTION -> new AttentionKernel(layer);
      case UPSAMPLE -> new UpsampleKernel(layer);
      case CONCAT, SLICE -> new PartKernel(layer);
      case ADD, ADD_TO_PIXELS, ADD_TO_BATCH -> new SumKernel(layer);
      case TO_TOKENS, TO_IMAGE -> new ReshapeKernel(layer);
      case MULTIPLY -> new ProductKernel(layer);
      case EMBEDDING -> new EmbeddingKernel(layer);
      case TIMESTEP_EMBEDDING -> new TimestepKernel(layer);
    };
  }

  private static Kernel convolution(LayerScope layer) {
    LayerScope upsampling = layer.upsampling();
    if (upsampling != null) {
      return new UpsampledConvolutionKernel(layer, upsampling);
    }
    return LinearKernel.isPointwise(layer) ? new LinearKernel(layer) : new ConvolutionKernel(layer);
  }
}

package org.tastemaker.diffusion.model;

import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * What a {@link UNetPath} is made of: residual blocks, which the timestep enters, and transformers,
 * which read the text.
 */
record UNetBlocks(UNetConfig config, Layers net) {
  /** The epsilon of the norm before a transformer; it is not the residual blocks' norm_eps. */
  private static final double TRANSFORMER_NORM_EPS = 1e-6;

  private static final double LAYER_NORM_EPS = 1e-5;

  /** x + conv(silu(norm(conv(silu(norm(x))) + time))), with x through a 1 x 1 convolution. */
  Tensor resnet(String path, Tensor x, Tensor time, int out) {
    Tensor h = net.groupNorm(path + ".norm1", x, config.normNumGroups(), config.normEps());
    h = silu(path + ".act1", h);
    h = net.conv2d(path + ".conv1", h, out, 3); // [B, out, H, W]
    Tensor shift = net.linear(path + ".time_emb_proj", time, out, true); // [B, out]
    h = net.ops().addToPixels(path + ".time_emb", h, shift);
    h = net.groupNorm(path + ".norm2", h, config.normNumGroups(), config.normEps());
    h = silu(path + ".act2", h);
    h = net.conv2d(path + ".conv2", h, out, 3);
    Tensor shortcut = x.dim(1) == out ? x : net.conv2d(path + ".conv_shortcut", x, out, 1);
    return net.ops().add(path + ".add", shortcut, h);
  }

  /** The pixels as tokens, through transformer blocks that read the text, and back. */
  Tensor transformer(String path, Tensor x, Tensor text, int level) {
    long channels = x.dim(1);
    boolean linear = config.useLinearProjection();
    Tensor h = net.groupNorm(path + ".norm", x, config.normNumGroups(), TRANSFORMER_NORM_EPS);
    if (!linear) {
      h = net.conv2d(path + ".proj_in", h, channels, 1);
    }
    h = net.ops().toTokens(path + ".tokens", h); // [B, H W, C]
    if (linear) {
      h = net.linear(path + ".proj_in", h, channels, true);
    }
    for (int i = 0; i < config.transformerLayers().get(level); i++) {
      String block = path + ".transformer_blocks." + i;
      h = transformerBlock(block, h, text, config.heads().get(level));
    }
    if (linear) {
      h = net.linear(path + ".proj_out", h, channels, true);
    }
    h = net.ops().toImage(path + ".image", h, x.dim(2), x.dim(3)); // [B, C, H, W]
    if (!linear) {
      h = net.conv2d(path + ".proj_out", h, channels, 1);
    }
    return net.ops().add(path + ".add", h, x);
  }

  private Tensor transformerBlock(String path, Tensor x, Tensor text, int heads) {
    // 1. Self-attention: every pixel reads every pixel.
    Tensor normed = net.layerNorm(path + ".norm1", x, LAYER_NORM_EPS); // [B, M, C]
    Tensor h = net.ops().add(path + ".add1", attention(path + ".attn1", normed, normed, heads), x);
    // 2. Cross-attention: every pixel reads the text.
    normed = net.layerNorm(path + ".norm2", h, LAYER_NORM_EPS);
    h = net.ops().add(path + ".add2", attention(path + ".attn2", normed, text, heads), h);
    // 3. Each pixel by itself.
    normed = net.layerNorm(path + ".norm3", h, LAYER_NORM_EPS);
    Tensor wide = net.linear(path + ".ff.net.0.proj", normed, 8 * x.dim(2), true); // [B, M, 8 C]
    Tensor gated = net.ops().geglu(path + ".ff.net.0", wide); // [B, M, 4 C]
    return net.ops().add(path + ".add3", net.linear(path + ".ff.net.2", gated, x.dim(2), true), h);
  }

  private Tensor attention(String path, Tensor x, Tensor context, int heads) {
    long channels = x.dim(2);
    Tensor query = net.linear(path + ".to_q", x, channels, false); // [B, M, C]
    Tensor key = net.linear(path + ".to_k", context, channels, false); // [B, N, C]
    Tensor value = net.linear(path + ".to_v", context, channels, false); // [B, N, C]
    Tensor mixed = net.ops().attention(path, query, key, value, heads, null); // [B, M, C]
    return net.linear(path + ".to_out.0", mixed, channels, true);
  }

  private Tensor silu(String name, Tensor x) {
    return net.ops().silu(name, x);
  }
}

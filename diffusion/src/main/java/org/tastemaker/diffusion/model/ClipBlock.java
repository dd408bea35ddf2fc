package org.tastemaker.diffusion.model;

import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * One layer of a CLIP transformer: self-attention and a two-layer network, each behind a layer norm
 * and each with a residual connection. Text and image towers are made of the same.
 *
 * @param heads of the attention, a divisor of the tokens' size
 * @param intermediateSize the width of the two-layer network
 * @param act its activation
 * @param epsilon of the norms
 */
record ClipBlock(int heads, int intermediateSize, ClipTextConfig.Activation act, double epsilon) {
  static ClipBlock of(ClipTextConfig config) {
    return new ClipBlock(
        config.numAttentionHeads(),
        config.intermediateSize(),
        config.hiddenAct(),
        config.layerNormEps());
  }

  static ClipBlock of(ClipVisionConfig config) {
    return new ClipBlock(
        config.numAttentionHeads(),
        config.intermediateSize(),
        config.hiddenAct(),
        config.layerNormEps());
  }

  /** [B, N, C] to [B, N, C]; a text has a mask, [N, N], an image none. */
  Tensor apply(Layers net, String path, Tensor x, @Nullable Tensor mask) {
    long size = x.dim(2);
    String attn = path + ".self_attn";
    Tensor normed = net.layerNorm(path + ".layer_norm1", x, epsilon);
    Tensor query = net.linear(attn + ".q_proj", normed, size, true); // [B, N, C]
    Tensor key = net.linear(attn + ".k_proj", normed, size, true);
    Tensor value = net.linear(attn + ".v_proj", normed, size, true);
    Tensor h = net.ops().attention(attn, query, key, value, heads, mask);
    h = net.linear(attn + ".out_proj", h, size, true);
    x = net.ops().add(path + ".add1", x, h);

    normed = net.layerNorm(path + ".layer_norm2", x, epsilon);
    h = net.linear(path + ".mlp.fc1", normed, intermediateSize, true);
    h =
        act == ClipTextConfig.Activation.QUICK_GELU
            ? net.ops().quickGelu(path + ".mlp.act", h)
            : net.ops().geluExact(path + ".mlp.act", h);
    h = net.linear(path + ".mlp.fc2", h, size, true);
    return net.ops().add(path + ".add2", x, h);
  }
}

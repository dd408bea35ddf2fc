package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * What a {@link ClipVisionModel} computes.
 *
 * @param config of the network
 * @param net its layers
 */
record ClipVisionNetwork(ClipVisionConfig config, Layers net) {
  /** {@link ClipVisionModel#function}. */
  GraphDefinition embeds(int batch, boolean differentiable) {
    String prefix = ClipVisionModel.PREFIX;
    Ops ops = net.ops();
    Tensor pixels =
        ops.input(
            ClipVisionModel.PIXEL_VALUES,
            differentiable,
            batch,
            ClipVisionConfig.CHANNELS,
            config.imageSize(),
            config.imageSize()); // [B, 3, S, S]

    // 1. Each patch becomes a token; the class token stands before them.
    Tensor patches =
        net.patches(
            prefix + "embeddings.patch_embedding",
            pixels,
            config.hiddenSize(),
            config.patchSize()); // [B, C, S / P, S / P]
    Tensor tokens = ops.toTokens(prefix + "embeddings.tokens", patches); // [B, N, C]
    Tensor h =
        ops.concat(prefix + "embeddings.room", 1, zeros("room", batch, 1), tokens); // [B, 1 + N, C]
    h = ops.addToBatch(prefix + "embeddings", h, rows());
    h = net.layerNorm(prefix + "pre_layrnorm", h, config.layerNormEps()); // spelt so in files

    // 2. The layers, in which every token sees every other.
    ClipBlock block = ClipBlock.of(config);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      h = block.apply(net, prefix + "encoder.layers." + i, h, null);
    }

    // 3. The class token stands for the image.
    Tensor first = ops.slice(prefix + "class", h, 1, 0, 1); // [B, 1, C]
    Tensor pooled = net.layerNorm(prefix + "post_layernorm", first, config.layerNormEps());
    Tensor embeds =
        net.linear(ClipVisionModel.PROJECTION, pooled, config.projectionDim(), false); // [B, 1, P]
    return GraphDefinition.of(
        ops,
        ImmutableMap.of(
            ClipVisionModel.IMAGE_EMBEDS, embeds, ClipVisionModel.POOLER_OUTPUT, pooled));
  }

  /** What is added to the tokens of every image: the positions, and in the first row the class. */
  private Tensor rows() {
    String path = ClipVisionModel.PREFIX + "embeddings.";
    Ops ops = net.ops();
    int patches = config.patches();
    Tensor first = net.token(path + "class_embedding", config.hiddenSize()); // [1, C]
    Tensor positions =
        net.table(path + "position_embedding", patches + 1, config.hiddenSize()); // [1 + N, C]
    Tensor padded = ops.concat(path + "class", 0, first, zeros("rows", patches)); // [1 + N, C]
    return ops.add(path + "rows", positions, padded);
  }

  private Tensor zeros(String name, long... shape) {
    long[] all = Arrays.copyOf(shape, shape.length + 1);
    all[shape.length] = config.hiddenSize();
    return net.ops()
        .constant(
            ClipVisionModel.PREFIX + "embeddings.zeros." + name,
            Nd4j.create(net.ops().dataType(), all));
  }
}

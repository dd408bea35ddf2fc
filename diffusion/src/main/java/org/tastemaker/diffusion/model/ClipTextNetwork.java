package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableMap;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * What a {@link ClipTextModel} computes.
 *
 * @param config of the network
 * @param net its layers
 */
record ClipTextNetwork(ClipTextConfig config, Layers net) {
  /** {@link ClipTextModel#function}. */
  GraphDefinition last(int batch, int length, int clipSkip) {
    return last(batch, length, clipSkip, net.ops().causalMask("causal_mask", length));
  }

  /** The same with a mask, [N, N]. */
  GraphDefinition last(int batch, int length, int clipSkip, Tensor mask) {
    Tensor h = embedded(batch, length); // [B, N, C]
    h = layers(h, 0, config.numHiddenLayers() - clipSkip, mask);
    return GraphDefinition.of(
        net.ops(), ImmutableMap.of(ClipTextModel.LAST_HIDDEN_STATE, normed(h)));
  }

  /** {@link ClipTextModel#hiddenStates}. */
  GraphDefinition hidden(int batch, int length, int leftOut) {
    return hidden(batch, length, leftOut, net.ops().causalMask("causal_mask", length));
  }

  /** The same with a mask, [N, N]. */
  GraphDefinition hidden(int batch, int length, int leftOut, Tensor mask) {
    int all = config.numHiddenLayers();
    Tensor hidden = layers(embedded(batch, length), 0, all - leftOut, mask); // [B, N, C]
    if (!config.projected()) {
      return GraphDefinition.of(net.ops(), ImmutableMap.of(ClipTextModel.HIDDEN_STATE, hidden));
    }
    Tensor last = normed(layers(hidden, all - leftOut, all, mask));
    Tensor projected =
        net.linear(ClipTextModel.PROJECTION, last, config.projectionDim(), false); // [B, N, P]
    return GraphDefinition.of(
        net.ops(),
        ImmutableMap.of(ClipTextModel.HIDDEN_STATE, hidden, ClipTextModel.TEXT_EMBEDS, projected));
  }

  private Tensor embedded(int batch, int length) {
    Ops ops = net.ops();
    Tensor ids = ops.intInput(ClipTextModel.INPUT_IDS, batch, length);

    // Tokens and positions.
    Tensor tokens =
        net.table(
            ClipTextModel.PREFIX + "embeddings.token_embedding",
            config.vocabSize(),
            config.hiddenSize());
    Tensor positions =
        net.table(
            ClipTextModel.PREFIX + "embeddings.position_embedding",
            config.maxPositionEmbeddings(),
            config.hiddenSize());
    if (length < config.maxPositionEmbeddings()) {
      positions =
          ops.slice(
              ClipTextModel.PREFIX + "embeddings.positions", positions, 0, 0, length); // [N, C]
    }
    Tensor h =
        ops.embedding(
            ClipTextModel.PREFIX + "embeddings.token_embedding", ids, tokens); // [B, N, C]
    return ops.addToBatch(ClipTextModel.PREFIX + "embeddings", h, positions);
  }

  /** Some of the layers. */
  private Tensor layers(Tensor x, int from, int to, Tensor mask) {
    ClipBlock block = ClipBlock.of(config);
    Tensor h = x;
    for (int i = from; i < to; i++) {
      h = block.apply(net, ClipTextModel.PREFIX + "encoder.layers." + i, h, mask);
    }
    return h;
  }

  /** The last norm, whichever layer comes last. */
  private Tensor normed(Tensor h) {
    return net.layerNorm(ClipTextModel.PREFIX + "final_layer_norm", h, config.layerNormEps());
  }
}

package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;
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
  /**
   * {@link ClipTextModel#function}.
   *
   * @param mask [N, N]; null for that of a text, in which a token sees itself and those before it
   */
  GraphDefinition last(int batch, int length, int clipSkip, @Nullable Tensor mask) {
    Tensor h = embedded(batch, length); // [B, N, C]
    h = layers(h, 0, config.numHiddenLayers() - clipSkip, orCausal(mask, length));
    return GraphDefinition.of(
        net.ops(), ImmutableMap.of(ClipTextModel.LAST_HIDDEN_STATE, normed(h)));
  }

  /**
   * {@link ClipTextModel#hiddenStates}.
   *
   * @param mask as for {@link #last}
   */
  GraphDefinition hidden(int batch, int length, int leftOut, @Nullable Tensor mask) {
    int all = config.numHiddenLayers();
    Tensor h = embedded(batch, length); // [B, N, C]
    Tensor seen = orCausal(mask, length);
    Tensor hidden = layers(h, 0, all - leftOut, seen);
    if (!config.projected()) {
      return GraphDefinition.of(net.ops(), ImmutableMap.of(ClipTextModel.HIDDEN_STATE, hidden));
    }
    Tensor last = normed(layers(hidden, all - leftOut, all, seen));
    Tensor projected =
        net.linear(ClipTextModel.PROJECTION, last, config.projectionDim(), false); // [B, N, P]
    return GraphDefinition.of(
        net.ops(),
        ImmutableMap.of(ClipTextModel.HIDDEN_STATE, hidden, ClipTextModel.TEXT_EMBEDS, projected));
  }

  private Tensor orCausal(@Nullable Tensor mask, int length) {
    return mask == null ? net.ops().causalMask("causal_mask", length) : mask;
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

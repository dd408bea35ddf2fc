package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_accurate;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_forward_primitive_desc_create;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention: batched matrix products in which the heads are strides, and a softmax.
 *
 * <p>With the weights {@code P = softmax(s Q K^T + mask)} of each head and the gradient g:
 *
 * <pre>
 *   y = P V         dV = P^T g      dP = g V^T      dS = P (dP - rowsum(dP P))
 *   dQ = s dS K     dK = s dS^T Q
 * </pre>
 *
 * <p>The weights take batch * heads * N * M floats. Up to {@link #TILE_BYTES} they are kept for the
 * backward half; beyond, the rows of the queries are taken in tiles of that size, one after the
 * other, and the backward half computes each tile's weights again (Rabe and Staats, "Self-attention
 * Does Not Need O(n^2) Memory", 2021).
 */
final class AttentionKernel implements Kernel {
  /** About what the caches near the cores hold. */
  static final long TILE_BYTES = 8L << 20;

  private final LayerScope layer;
  private final long batch;
  private final long heads;
  private final long queries;
  private final long keys;
  private final long size;
  private final double scale;
  private final List<Tile> tiles = new ArrayList<>();
  private final @Nullable Buffer kept;

  /** Some elements of the batch and some rows of their queries. */
  private record Tile(long batchBegin, long batchSize, long rowBegin, long rows) {}

  AttentionKernel(LayerScope layer) {
    this.layer = layer;
    batch = layer.shape(0)[0];
    queries = layer.shape(0)[1];
    keys = layer.shape(1)[1];
    heads = layer.whole("heads");
    size = layer.shape(0)[2] / heads;
    scale = layer.layer().attribute("scale");
    long perRow = heads * keys * Float.BYTES;
    long rows = Math.max(1, Math.min(queries, TILE_BYTES / perRow));
    long elements = rows < queries ? 1 : Math.max(1, Math.min(batch, TILE_BYTES / perRow / rows));
    for (long b = 0; b < batch; b += elements) {
      for (long n = 0; n < queries; n += rows) {
        tiles.add(new Tile(b, Math.min(elements, batch - b), n, Math.min(rows, queries - n)));
      }
    }
    kept = tiles.size() == 1 ? Program.floats(batch, heads, queries, keys) : null;
  }

  @Override
  public void forward() {
    for (Tile tile : tiles) {
      Operand weights = weights(tile);
      layer
          .program()
          .matmul(
              weights, heads(layer.input(2), tile), null, rows(layer.output(), tile), List.of());
    }
  }

  /** Emits the steps that compute a tile's P. */
  private Operand weights(Tile tile) {
    Program program = layer.program();
    long[] dims = {tile.batchSize, heads, tile.rows, keys};
    Operand scores = program.dense(kept == null ? Program.floats(dims) : kept, dims);
    List<PostOp> postOps = new ArrayList<>();
    postOps.add(PostOp.eltwise(dnnl_eltwise_linear, scale, 0));
    if (layer.inputCount() > 3) {
      Operand mask =
          new Operand(
              layer.dnn().dense(1, 1, tile.rows, keys),
              layer.input(3),
              tile.rowBegin * keys * Float.BYTES);
      postOps.add(PostOp.binary(dnnl_binary_add, mask));
    }
    program.matmul(
        rows(layer.input(0), tile), transposedHeads(layer.input(1), tile), null, scores, postOps);
    dnnl_primitive_desc softmax = softmax(scores.layout());
    program.primitive(softmax, Map.of(DNNL_ARG_SRC, scores, DNNL_ARG_DST, scores), List.of());
    return scores;
  }

  private dnnl_primitive_desc softmax(dnnl_memory_desc layout) {
    OneDnn dnn = layer.dnn();
    dnnl_primitive_attr attr = dnn.attributes(List.of());
    return dnn.describe(
        "softmax",
        d ->
            dnnl_softmax_forward_primitive_desc_create(
                d,
                dnn.engine(),
                dnnl_forward_training,
                dnnl_softmax_accurate,
                layout,
                layout,
                3,
                attr));
  }

  @Override
  public void backward(Buffer gradient) {
    // Each is written tile by tile, so it cannot be added to what other layers contributed.
    @Nullable Buffer[] targets = new Buffer[3];
    for (int i = 0; i < 3; i++) {
      targets[i] = layer.wants(i) ? layer.target(i) : null;
    }
    for (Tile tile : tiles) {
      backward(tile, gradient, targets[0], targets[1], targets[2]);
    }
    for (int i = 0; i < 3; i++) {
      Buffer target = targets[i];
      if (target != null) {
        layer.contribute(i, target);
      }
    }
  }

  private void backward(
      Tile tile, Buffer gradient, @Nullable Buffer dq, @Nullable Buffer dk, @Nullable Buffer dv) {
    Program program = layer.program();
    long[] dims = {tile.batchSize, heads, tile.rows, keys};
    long[] transposedDims = {tile.batchSize, heads, keys, tile.rows};
    long[] transposed = {heads * tile.rows * keys, tile.rows * keys, 1, keys};
    Operand p = kept == null ? weights(tile) : program.dense(kept, dims);
    // The first tile of an element of the batch writes dK and dV, the others add to them.
    List<PostOp> sum = tile.rowBegin == 0 ? List.of() : List.of(PostOp.sum());
    Operand g = rows(gradient, tile);
    if (dv != null) {
      program.matmul(
          program.strided(p.buffer(), transposedDims, transposed), g, null, heads(dv, tile), sum);
    }
    if (dq == null && dk == null) {
      return;
    }
    Operand dp = program.dense(Program.floats(dims), dims);
    program.matmul(g, transposedHeads(layer.input(2), tile), null, dp, List.of());
    softmaxBackward(p, dp);
    PostOp scaled = PostOp.eltwise(dnnl_eltwise_linear, scale, 0);
    if (dq != null) {
      program.matmul(dp, heads(layer.input(1), tile), null, rows(dq, tile), List.of(scaled));
    }
    if (dk != null) {
      List<PostOp> postOps = new ArrayList<>(List.of(scaled));
      postOps.addAll(sum);
      program.matmul(
          program.strided(dp.buffer(), transposedDims, transposed),
          rows(layer.input(0), tile),
          null,
          heads(dk, tile),
          postOps);
    }
  }

  /** Turns dP into dS, in place. */
  private void softmaxBackward(Operand p, Operand dp) {
    OneDnn dnn = layer.dnn();
    dnnl_primitive_attr attr = dnn.attributes(List.of());
    dnnl_primitive_desc forward = softmax(p.layout());
    dnnl_primitive_desc desc =
        dnn.describe(
            "softmax backward",
            d ->
                dnnl_softmax_backward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_softmax_accurate,
                    p.layout(),
                    p.layout(),
                    p.layout(),
                    3,
                    forward,
                    attr));
    layer
        .program()
        .primitive(
            desc, Map.of(DNNL_ARG_DST, p, DNNL_ARG_DIFF_DST, dp, DNNL_ARG_DIFF_SRC, dp), List.of());
  }

  // ---- Heads as strides

  /** A tile's rows of [B, queries, C], as [b, heads, n, size]. */
  private Operand rows(Buffer buffer, Tile tile) {
    long channels = heads * size;
    return new Operand(
        layer
            .dnn()
            .strided(
                new long[] {tile.batchSize, heads, tile.rows, size},
                new long[] {queries * channels, size, channels, 1}),
        buffer,
        (tile.batchBegin * queries + tile.rowBegin) * channels * Float.BYTES);
  }

  /** A tile's part of [B, keys, C], as [b, heads, keys, size]. */
  private Operand heads(Buffer buffer, Tile tile) {
    long channels = heads * size;
    return new Operand(
        layer
            .dnn()
            .strided(
                new long[] {tile.batchSize, heads, keys, size},
                new long[] {keys * channels, size, channels, 1}),
        buffer,
        tile.batchBegin * keys * channels * Float.BYTES);
  }

  private Operand transposedHeads(Buffer buffer, Tile tile) {
    long channels = heads * size;
    return new Operand(
        layer
            .dnn()
            .strided(
                new long[] {tile.batchSize, heads, size, keys},
                new long[] {keys * channels, size, 1, channels}),
        buffer,
        tile.batchBegin * keys * channels * Float.BYTES);
  }
}

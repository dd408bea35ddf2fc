package org.tastemaker.diffusion.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
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
import org.tastemaker.diffusion.engine.OpenMpThreads;

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
 * <p>The weights take batch * heads * N * M floats. If they are few they are kept for the backward
 * half; else they are computed in tiles that the caches hold, one after the other, and the backward
 * half computes each tile's again (Rabe and Staats, "Self-attention Does Not Need O(n^2) Memory",
 * 2021), from copies of keys and values in which each head's lie together.
 *
 * <p>In bfloat16, Q, K, V, P, g and dS are rounded to it where there are tiles. What products and
 * softmax compute before that, y and the gradients are float32.
 */
final class AttentionKernel implements Kernel {
  private final LayerScope layer;
  private final long batch;
  private final long heads;
  private final long queries;
  private final long keys;
  private final long size;
  private final double scale;
  private final List<AttentionTile> tiles;
  private final @Nullable Buffer kept;
  private final boolean halves;

  AttentionKernel(LayerScope layer) {
    this.layer = layer;
    batch = layer.shape(0)[0];
    queries = layer.shape(0)[1];
    keys = layer.shape(1)[1];
    heads = layer.whole("heads");
    size = layer.shape(0)[2] / heads;
    scale = layer.layer().attribute("scale");
    tiles = AttentionTile.of(batch, heads, queries, keys, OpenMpThreads.number());
    kept = tiles.size() == 1 ? Program.floats(batch, heads, queries, keys) : null;
    halves = tiles.size() > 1 && layer.program().halves(size, size);
  }

  @Override
  public void forward() {
    Program program = layer.program();
    Buffer q = rounded(layer.input(0), batch, queries, heads, size);
    Columns keysAcross = transposed(layer.input(1));
    Columns values = columns(layer.input(2));
    for (AttentionTile tile : tiles) {
      Operand p = weights(tile, rows(q, tile), keysAcross.of(tile), halves);
      program.matmul(p, values.of(tile), null, floatRows(layer.output(), tile), List.of());
    }
  }

  /** Emits the steps that compute a tile's P from its rows of Q and its K^T. */
  private Operand weights(
      AttentionTile tile, Operand rows, Operand transposedKeys, boolean rounded) {
    Program program = layer.program();
    long[] dims = {tile.batchSize(), tile.heads(), tile.rows(), keys};
    Operand scores = program.dense(kept == null ? Program.floats(dims) : kept, dims);
    List<PostOp> postOps = new ArrayList<>();
    postOps.add(PostOp.eltwise(dnnl_eltwise_linear, scale, 0));
    if (layer.inputCount() > 3) {
      Operand mask =
          new Operand(
              layer.dnn().dense(1, 1, tile.rows(), keys),
              layer.input(3),
              tile.rowBegin() * keys * Float.BYTES);
      postOps.add(PostOp.binary(dnnl_binary_add, mask));
    }
    program.matmul(rows, transposedKeys, null, scores, postOps);
    Operand weights = rounded ? factor(Buffer.scratch(bytes(dims)), dims) : scores;
    program.primitive(
        softmax(scores.layout(), weights.layout()),
        Map.of(DNNL_ARG_SRC, scores, DNNL_ARG_DST, weights),
        List.of());
    return weights;
  }

  private dnnl_primitive_desc softmax(dnnl_memory_desc scores, dnnl_memory_desc weights) {
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
                scores,
                weights,
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
    Buffer q = rounded(layer.input(0), batch, queries, heads, size);
    Buffer g = rounded(gradient, batch, queries, heads, size);
    Columns keysAcross = transposed(layer.input(1));
    Columns keysDown = columns(layer.input(1));
    Columns valuesAcross = transposed(layer.input(2));
    Buffer dq = targets[0];
    KeyGradient dk = targets[1] == null ? null : new KeyGradient(targets[1]);
    KeyGradient dv = targets[2] == null ? null : new KeyGradient(targets[2]);
    for (AttentionTile tile : tiles) {
      long[] dims = {tile.batchSize(), tile.heads(), tile.rows(), keys};
      Operand p =
          kept == null
              ? weights(tile, rows(q, tile), keysAcross.of(tile), false)
              : layer.program().dense(kept, dims);
      if (dv != null) {
        Operand weights = factor(rounded(p.buffer(), dims), dims);
        dv.add(tile, weights, rows(g, tile), flippedRows(g, tile), List.of());
      }
      if (dq == null && dk == null) {
        continue;
      }
      Operand ds = softmaxBackward(p, rows(g, tile), valuesAcross.of(tile), dims);
      PostOp scaled = PostOp.eltwise(dnnl_eltwise_linear, scale, 0);
      if (dq != null) {
        layer.program().matmul(ds, keysDown.of(tile), null, floatRows(dq, tile), List.of(scaled));
      }
      if (dk != null) {
        dk.add(tile, ds, rows(q, tile), flippedRows(q, tile), List.of(scaled));
      }
    }
    if (dk != null) {
      dk.done();
    }
    if (dv != null) {
      dv.done();
    }
    for (int i = 0; i < 3; i++) {
      Buffer target = targets[i];
      if (target != null) {
        layer.contribute(i, target);
      }
    }
  }

  /** dS from P and dP = g V^T; where nothing is rounded, in the place of dP. */
  private Operand softmaxBackward(Operand p, Operand g, Operand transposedValues, long[] dims) {
    Program program = layer.program();
    OneDnn dnn = layer.dnn();
    Operand dp = program.dense(Program.floats(dims), dims);
    program.matmul(g, transposedValues, null, dp, List.of());
    Operand ds = halves ? factor(Buffer.scratch(bytes(dims)), dims) : dp;
    dnnl_primitive_attr attr = dnn.attributes(List.of());
    dnnl_primitive_desc forward = softmax(p.layout(), p.layout());
    dnnl_primitive_desc desc =
        dnn.describe(
            "softmax backward",
            d ->
                dnnl_softmax_backward_primitive_desc_create(
                    d,
                    dnn.engine(),
                    dnnl_softmax_accurate,
                    ds.layout(),
                    dp.layout(),
                    p.layout(),
                    3,
                    forward,
                    attr));
    program.primitive(
        desc, Map.of(DNNL_ARG_DST, p, DNNL_ARG_DIFF_DST, dp, DNNL_ARG_DIFF_SRC, ds), List.of());
    return ds;
  }

  // ---- Where the numbers lie. A factor of a product is float32, or bfloat16 if products are.

  private Operand factor(Buffer buffer, long... dims) {
    return factor(buffer, 0, dims, OneDnn.denseStrides(dims));
  }

  private Operand factor(Buffer buffer, long offset, long[] dims, long... strides) {
    int type = halves ? dnnl_bf16 : dnnl_f32;
    return new Operand(layer.dnn().strided(type, dims, strides), buffer, offset * bytes(1));
  }

  private long bytes(long... dims) {
    return Shapes.count(dims) * (halves ? Short.BYTES : Float.BYTES);
  }

  /** Floats as a factor. */
  private Buffer rounded(Buffer source, long... dims) {
    return halves ? layer.program().halved(source, Shapes.count(dims)) : source;
  }

  /** A tile's rows of a factor of [B, queries, C], as [b, h, n, size]. */
  private Operand rows(Buffer buffer, AttentionTile tile) {
    return factor(buffer, rowOffset(tile), rowDims(tile), rowStrides());
  }

  /** The same as [b, h, size, n]. */
  private Operand flippedRows(Buffer buffer, AttentionTile tile) {
    long[] dims = {tile.batchSize(), tile.heads(), size, tile.rows()};
    long[] strides = rowStrides();
    return factor(buffer, rowOffset(tile), dims, strides[0], strides[1], 1, strides[2]);
  }

  /** A tile's rows of floats of [B, queries, C], as [b, h, n, size]. */
  private Operand floatRows(Buffer buffer, AttentionTile tile) {
    return new Operand(
        layer.dnn().strided(rowDims(tile), rowStrides()), buffer, rowOffset(tile) * Float.BYTES);
  }

  private long[] rowDims(AttentionTile tile) {
    return new long[] {tile.batchSize(), tile.heads(), tile.rows(), size};
  }

  private long[] rowStrides() {
    long channels = heads * size;
    return new long[] {queries * channels, size, channels, 1};
  }

  private long rowOffset(AttentionTile tile) {
    long channels = heads * size;
    return (tile.batchBegin() * queries + tile.rowBegin()) * channels + tile.headBegin() * size;
  }

  /** K or V as [B, heads, keys, size]. */
  private Columns columns(Buffer source) {
    return new Columns(source, keys, size, heads * size, 1);
  }

  /** K or V as [B, heads, size, keys]. */
  private Columns transposed(Buffer source) {
    return new Columns(source, size, keys, 1, heads * size);
  }

  /**
   * K or V as a factor: where there are tiles, a copy in which each head's numbers lie together,
   * because it is read many times.
   */
  private final class Columns {
    private final long down;
    private final long across;
    private final long[] strides;
    private final Buffer buffer;

    Columns(Buffer source, long down, long across, long downStep, long acrossStep) {
      this.down = down;
      this.across = across;
      long[] dims = {batch, heads, down, across};
      long[] gaps = {keys * heads * size, size, downStep, acrossStep};
      if (kept != null) {
        strides = gaps;
        buffer = source;
      } else {
        strides = OneDnn.denseStrides(dims);
        buffer = Buffer.scratch(bytes(dims));
        layer.program().reorder(layer.program().strided(source, dims, gaps), factor(buffer, dims));
      }
    }

    Operand of(AttentionTile tile) {
      return factor(
          buffer,
          tile.batchBegin() * strides[0] + tile.headBegin() * strides[1],
          new long[] {tile.batchSize(), tile.heads(), down, across},
          strides);
    }
  }

  /**
   * dV or dK. Where there are tiles it is summed as [B, heads, size, keys], so that P and dS are
   * multiplied as they lie, and brought into its own layout at the end.
   */
  private final class KeyGradient {
    private final Buffer target;
    private final @Nullable Buffer sum;

    KeyGradient(Buffer target) {
      this.target = target;
      this.sum = kept == null ? Program.floats(batch, heads, size, keys) : null;
    }

    /** Adds a tile's part: the weights, transposed, times the rows. */
    void add(
        AttentionTile tile,
        Operand weights,
        Operand rows,
        Operand flippedRows,
        List<PostOp> scaled) {
      Program program = layer.program();
      long[] dims = {tile.batchSize(), tile.heads(), size, keys};
      if (sum == null) {
        long[] flippedDims = {tile.batchSize(), tile.heads(), keys, tile.rows()};
        long head = tile.rows() * keys;
        Operand flipped =
            factor(weights.buffer(), 0, flippedDims, tile.heads() * head, head, 1, keys);
        program.matmul(flipped, rows, null, target(), scaled);
        return;
      }
      List<PostOp> postOps = new ArrayList<>(scaled);
      if (!tile.isFirstOfItsKeys()) {
        postOps.add(PostOp.sum());
      }
      long[] strides = OneDnn.denseStrides(batch, heads, size, keys);
      long offset = tile.batchBegin() * strides[0] + tile.headBegin() * strides[1];
      Operand part = new Operand(layer.dnn().strided(dims, strides), sum, offset * Float.BYTES);
      program.matmul(flippedRows, weights, null, part, postOps);
    }

    void done() {
      if (sum != null) {
        long[] dims = {batch, heads, keys, size};
        long[] flipped = {heads * size * keys, size * keys, 1, keys};
        layer.program().reorder(layer.program().strided(sum, dims, flipped), target());
      }
    }

    /** The gradient [B, keys, C] as [B, heads, keys, size]. */
    private Operand target() {
      long[] dims = {batch, heads, keys, size};
      return layer.program().strided(target, dims, keys * heads * size, size, heads * size, 1);
    }
  }
}

package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/**
 * Builds one graph, layer by layer.
 *
 * <pre>{@code
 * Ops ops = new Ops(DataType.FLOAT);
 * Tensor x = ops.input("sample", false, 1, 4, 8, 8);                      // [1, 4, 8, 8]
 * Tensor w = ops.parameter("conv_in.weight", weight, true);               // [3, 3, 4, 32]
 * Tensor h = ops.conv2d("conv_in", x, w, null, 1, Padding.all(1));        // [1, 32, 8, 8]
 * GraphDefinition graph = GraphDefinition.of(ops, Map.of("h", h));
 * }</pre>
 *
 * <p>A layer's name must be new to the graph. Its output is called {@code name/out}; parameters and
 * inputs keep the names they are given. Every layer checks its shapes and throws an {@link
 * IllegalArgumentException} that names the layer, what it expected and what it got.
 *
 * <p>Not thread-safe. The arrays of parameters are shared, not copied: a change in place is seen by
 * the graph's next run.
 */
public final class Ops extends PlainOps {
  private final GraphRecord graph;

  /**
   * An empty graph.
   *
   * @param dataType of its parameters and activations: FLOAT, or DOUBLE to check gradients
   */
  public Ops(DataType dataType) {
    this(new GraphRecord(dataType));
  }

  private Ops(GraphRecord graph) {
    super(graph);
    this.graph = graph;
  }

  /**
   * The type that the graph computes in.
   *
   * @return FLOAT or DOUBLE
   */
  public DataType dataType() {
    return graph.dataType();
  }

  /**
   * The layers so far, in the order in which they were made, which is an order of execution.
   *
   * @return a copy
   */
  public ImmutableList<Layer> layers() {
    return graph.layers();
  }

  GraphRecord graph() {
    return graph;
  }

  // ---- Leaves

  /**
   * An input that each run is given.
   *
   * @param name of the input
   * @param differentiable whether its gradient is wanted
   * @param shape every dimension at least 1
   * @return the input
   */
  public Tensor input(String name, boolean differentiable, long... shape) {
    return graph.input(name, dataType(), differentiable, shape);
  }

  /**
   * An input of whole numbers, such as token ids.
   *
   * @param name of the input
   * @param shape every dimension at least 1
   * @return the input, of type INT32
   */
  public Tensor intInput(String name, long... shape) {
    return graph.input(name, DataType.INT32, false, shape);
  }

  /**
   * A parameter: the graph reads the array itself, not a copy.
   *
   * @param name of the parameter
   * @param value of the graph's type, in C order, not a view; a frozen one of a graph in FLOAT may
   *     be HALF or BFLOAT16, and is read as if it were FLOAT
   * @param trainable whether its gradient is wanted; a frozen one is a constant
   * @return the parameter
   */
  public Tensor parameter(String name, INDArray value, boolean trainable) {
    boolean half =
        !trainable && dataType() == DataType.FLOAT && GraphRecord.isHalf(value.dataType());
    if ((value.dataType() != dataType() && !half) || value.ordering() != 'c' || value.isView()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "parameter \"%s\" must be a %s array in C order and not a view, but is %s, order %s%s",
              name,
              dataType(),
              value.dataType(),
              value.ordering(),
              value.isView() ? ", a view" : ""));
    }
    return graph.array(trainable ? Leaf.Role.TRAINABLE : Leaf.Role.FROZEN, name, value);
  }

  /**
   * An array that is no parameter, of any type, such as a mask. It may change in place between two
   * runs.
   *
   * @param name of the constant
   * @param value not a view; the graph reads the array itself
   * @return the constant
   */
  public Tensor constant(String name, INDArray value) {
    return graph.array(Leaf.Role.CONSTANT, name, value);
  }

  /**
   * A parameter of which only the shape is known: for graphs that are built to be looked at and not
   * run.
   *
   * @param name of the parameter
   * @param shape every dimension at least 1
   * @return the parameter, as an input
   */
  public Tensor declared(String name, long... shape) {
    return input(name, false, shape);
  }

  // ---- Linear maps

  /**
   * {@code x weight^T + bias}, over the last dimension.
   *
   * @param name of the layer
   * @param x [.., in]
   * @param weight [out, in]
   * @param bias [out], or none
   * @return [.., out]
   */
  public Tensor linear(String name, Tensor x, Tensor weight, @Nullable Tensor bias) {
    long in = x.dim(-1);
    weight.require("linear \"" + name + "\"", "the weight", -1, in);
    long out = weight.dim(0);
    if (bias != null) {
      bias.require("linear \"" + name + "\"", "the bias", out);
    }
    long[] shape = x.shape().toArray();
    shape[shape.length - 1] = out;
    return graph.layer(Kind.LINEAR, name, optional(x, weight, bias), ImmutableMap.of(), shape);
  }

  /**
   * A two-dimensional convolution (a cross-correlation, as everywhere in the field).
   *
   * @param name of the layer
   * @param x [B, C, H, W]
   * @param weight [kH, kW, C, out]
   * @param bias [out], or none
   * @param stride of both directions, at least 1
   * @param padding zeros around the image
   * @return [B, out, H', W'] with {@code H' = (H + top + bottom - kH) / stride + 1}, rounded down
   */
  public Tensor conv2d(
      String name, Tensor x, Tensor weight, @Nullable Tensor bias, int stride, Padding padding) {
    String where = "conv2d \"" + name + "\"";
    x.require(where, "the image", -1, -1, -1, -1);
    weight.require(where, "the weight", -1, -1, x.dim(1), -1);
    long out = weight.dim(3);
    if (bias != null) {
      bias.require(where, "the bias", out);
    }
    if (stride < 1) {
      throw new IllegalArgumentException(where + ": stride must be at least 1, but was " + stride);
    }
    long height = x.dim(2) + padding.top() + padding.bottom();
    long width = x.dim(3) + padding.left() + padding.right();
    if (height < weight.dim(0) || width < weight.dim(1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: the kernel of %s x %s does not fit into the image %s with %s",
              where,
              weight.dim(0),
              weight.dim(1),
              x.shape(),
              padding));
    }
    return graph.layer(
        Kind.CONV2D,
        name,
        optional(x, weight, bias),
        ImmutableMap.of(
            "stride", (double) stride,
            "top", (double) padding.top(),
            "bottom", (double) padding.bottom(),
            "left", (double) padding.left(),
            "right", (double) padding.right()),
        x.dim(0),
        out,
        (height - weight.dim(0)) / stride + 1,
        (width - weight.dim(1)) / stride + 1);
  }

  // ---- Normalization

  /**
   * Group normalization (Wu and He, "Group Normalization", ECCV 2018), each channel then scaled and
   * shifted.
   *
   * @param name of the layer
   * @param x [B, C, ..]
   * @param scale [C]
   * @param shift [C]
   * @param groups a divisor of C
   * @param epsilon added to the variance, greater than 0
   * @return of x's shape
   */
  public Tensor groupNorm(
      String name, Tensor x, Tensor scale, Tensor shift, int groups, double epsilon) {
    String where = "groupNorm \"" + name + "\"";
    long channels = x.dim(1);
    scale.require(where, "the scale", channels);
    shift.require(where, "the shift", channels);
    if (groups < 1 || channels % groups != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s channels cannot be divided into %s groups",
              where,
              channels,
              groups));
    }
    return graph.layer(
        Kind.GROUP_NORM,
        name,
        ImmutableList.of(x, scale, shift),
        ImmutableMap.of("groups", (double) groups, "epsilon", positive(where, epsilon)),
        x.shape().toArray());
  }

  /**
   * Layer normalization (Ba, Kiros and Hinton, 2016) over the last dimension, then scaled and
   * shifted.
   *
   * @param name of the layer
   * @param x [.., C]
   * @param scale [C]
   * @param shift [C]
   * @param epsilon added to the variance, greater than 0
   * @return of x's shape
   */
  public Tensor layerNorm(String name, Tensor x, Tensor scale, Tensor shift, double epsilon) {
    String where = "layerNorm \"" + name + "\"";
    scale.require(where, "the scale", x.dim(-1));
    shift.require(where, "the shift", x.dim(-1));
    return graph.layer(
        Kind.LAYER_NORM,
        name,
        ImmutableList.of(x, scale, shift),
        ImmutableMap.of("epsilon", positive(where, epsilon)),
        x.shape().toArray());
  }

  // ---- Attention

  /**
   * Multi-head scaled dot-product attention (Vaswani et al., 2017, eq. 1): {@code softmax(Q K^T /
   * sqrt(d) + mask) V} for each head of size {@code d = C / heads}, the heads side by side.
   *
   * @param name of the layer
   * @param query [B, N, C]
   * @param key [B, M, C]
   * @param value [B, M, C]
   * @param heads a divisor of C
   * @param mask [N, M], added to every head's scores, or none; it has no gradient
   * @return [B, N, C]
   */
  public Tensor attention(
      String name, Tensor query, Tensor key, Tensor value, int heads, @Nullable Tensor mask) {
    String where = "attention \"" + name + "\"";
    query.require(where, "the query", -1, -1, -1);
    long batch = query.dim(0);
    long n = query.dim(1);
    long channels = query.dim(2);
    key.require(where, "the key", batch, -1, channels);
    long m = key.dim(1);
    value.require(where, "the value", batch, m, channels);
    if (heads < 1 || channels % heads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %s channels cannot be divided into %s heads",
              where,
              channels,
              heads));
    }
    if (mask != null) {
      mask.require(where, "the mask", n, m);
      if (mask.differentiable()) {
        throw new IllegalArgumentException(where + ": the mask cannot be trained");
      }
    }
    double scale = 1 / Math.sqrt((double) channels / heads);
    long[] shape = {batch, n, channels};
    return graph.layer(
        Kind.ATTENTION,
        name,
        mask == null
            ? ImmutableList.of(query, key, value)
            : ImmutableList.of(query, key, value, mask),
        ImmutableMap.of("heads", (double) heads, "scale", scale),
        shape);
  }

  /**
   * The mask that lets a token attend to itself and to those before it.
   *
   * @param name of the constant
   * @param length of the text
   * @return [length, length]
   */
  public Tensor causalMask(String name, int length) {
    double[][] mask = new double[length][length];
    for (int row = 0; row < length; row++) {
      // Far below any score, and finite: minus infinity would turn a fully masked row into NaN.
      Arrays.fill(mask[row], row + 1, length, -1e30);
    }
    return constant(name, Nd4j.createFromArray(mask).castTo(dataType()));
  }

  // ---- Embeddings

  /**
   * Looks up rows of a table.
   *
   * @param name of the layer
   * @param ids [B, N], of type INT32, each in [0, rows)
   * @param table [rows, C]; frozen or trainable
   * @return [B, N, C]
   */
  public Tensor embedding(String name, Tensor ids, Tensor table) {
    String where = "embedding \"" + name + "\"";
    ids.require(where, "the ids", -1, -1);
    table.require(where, "the table", -1, -1);
    if (ids.dataType() != DataType.INT32) {
      throw new IllegalArgumentException(where + ": ids must be INT32, but are " + ids.dataType());
    }
    long[] shape = {ids.dim(0), ids.dim(1), table.dim(1)};
    return graph.layer(
        Kind.EMBEDDING,
        name,
        ImmutableList.of(ids, table),
        ImmutableMap.of("rows", (double) table.dim(0)),
        shape);
  }

  /**
   * The sinusoidal embedding of a time step (Vaswani et al., 2017, sec. 3.5, in the variant of
   * DDPM): frequencies {@code f_i = exp(-ln(10000) i / (size / 2 - shift))}, then the sines and the
   * cosines of {@code t f_i}.
   *
   * @param name of the layer
   * @param timestep [B]
   * @param size C, an even number
   * @param flip whether the cosines come first, as in Stable Diffusion
   * @param shift of the frequencies, 0 in Stable Diffusion, 1 in DDPM; less than size / 2
   * @return [B, C]
   */
  public Tensor timestepEmbedding(
      String name, Tensor timestep, int size, boolean flip, double shift) {
    String where = "timestepEmbedding \"" + name + "\"";
    timestep.require(where, "the timestep", -1);
    if (size < 2 || size % 2 != 0 || !(shift < size / 2.0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: size must be even and shift less than half of it, but they are %s and %s",
              where,
              size,
              shift));
    }
    return graph.layer(
        Kind.TIMESTEP_EMBEDDING,
        name,
        ImmutableList.of(timestep),
        ImmutableMap.of("size", (double) size, "flip", flip ? 1.0 : 0.0, "shift", shift),
        timestep.dim(0),
        size);
  }

  private static ImmutableList<Tensor> optional(Tensor x, Tensor weight, @Nullable Tensor bias) {
    return bias == null ? ImmutableList.of(x, weight) : ImmutableList.of(x, weight, bias);
  }

  private static double positive(String where, double epsilon) {
    if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
      throw new IllegalArgumentException(
          where + ": epsilon must be positive and finite, but was " + epsilon);
    }
    return epsilon;
  }
}

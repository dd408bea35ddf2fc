package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.NameScope;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.Composite.Kind;

/**
 * Builds one graph, layer by layer.
 *
 * <pre>{@code
 * Ops ops = new Ops(DataType.FLOAT);
 * Tensor x = ops.input("sample", false, 1, 4, 8, 8);                      // [1, 4, 8, 8]
 * Tensor w = ops.parameter("conv_in.weight", weight, true);               // [3, 3, 4, 32]
 * Tensor h = ops.conv2d("conv_in", x, w, null, 1, Padding.all(1));        // [1, 32, 8, 8]
 * Backward backward = Backward.of(ops, List.of(h));
 * }</pre>
 *
 * <p>A layer's name must be new to the graph. Its output is called {@code name/out}, the identities
 * of its differentiable inputs {@code name/in0}, {@code name/in1} and so on; parameters and inputs
 * keep the names they are given. Every layer checks its shapes and throws an {@link
 * IllegalArgumentException} that names the layer, what it expected and what it got.
 *
 * <p>Not thread-safe. The arrays of parameters are shared, not copied: a change in place is seen by
 * the graph's next run.
 */
public final class Ops {
  private final SameDiff sameDiff = SameDiff.create();
  private final DataType dataType;
  private final List<Composite> composites = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<String, INDArray> trainable = new LinkedHashMap<>();

  /**
   * An empty graph.
   *
   * @param dataType of its parameters and activations: FLOAT, or DOUBLE to check gradients
   */
  public Ops(DataType dataType) {
    if (dataType != DataType.FLOAT && dataType != DataType.DOUBLE) {
      throw new IllegalArgumentException("a graph computes in FLOAT or DOUBLE, not in " + dataType);
    }
    this.dataType = dataType;
    // SameDiff's default holders keep a copy of every array for each device; these keep the array.
    sameDiff.setArrayHolders(new SingleThreadArrayHolder(), new SingleThreadArrayHolder(), false);
  }

  /**
   * The graph that is built.
   *
   * @return the one instance that this builder adds to
   */
  public SameDiff sameDiff() {
    return sameDiff;
  }

  /**
   * The type that the graph computes in.
   *
   * @return FLOAT or DOUBLE
   */
  public DataType dataType() {
    return dataType;
  }

  /**
   * The layers so far, in the order in which they were made, which is an order of execution.
   *
   * @return a copy
   */
  public ImmutableList<Composite> composites() {
    return ImmutableList.copyOf(composites);
  }

  /**
   * The inputs so far.
   *
   * @return a copy, by name, in the order in which they were made
   */
  public ImmutableMap<String, Tensor> inputs() {
    return ImmutableMap.copyOf(inputs);
  }

  /**
   * The trainable parameters so far: the arrays that the graph reads.
   *
   * @return a copy of the map, by name, in the order in which they were made
   */
  public ImmutableMap<String, INDArray> trainable() {
    return ImmutableMap.copyOf(trainable);
  }

  // ---- Leaves

  /**
   * An input that each run is given.
   *
   * @param name of the placeholder
   * @param differentiable whether its gradient is wanted
   * @param shape every dimension at least 1
   * @return the input
   */
  public Tensor input(String name, boolean differentiable, long... shape) {
    return placeholder(name, dataType, differentiable, shape);
  }

  /**
   * An input of whole numbers, such as token ids.
   *
   * @param name of the placeholder
   * @param shape every dimension at least 1
   * @return the input, of type INT32
   */
  public Tensor intInput(String name, long... shape) {
    return placeholder(name, DataType.INT32, false, shape);
  }

  /**
   * A parameter: the graph reads the array itself, not a copy.
   *
   * @param name of the variable
   * @param value of the graph's type, in C order, not a view
   * @param trainable whether its gradient is wanted; a frozen one is a constant
   * @return the parameter
   */
  public Tensor parameter(String name, INDArray value, boolean trainable) {
    if (value.dataType() != dataType || value.ordering() != 'c' || value.isView()) {
      throw new IllegalArgumentException(
          "parameter \"%s\" must be a %s array in C order and not a view, but is %s, order %s%s"
              .formatted(
                  name,
                  dataType,
                  value.dataType(),
                  value.ordering(),
                  value.isView() ? ", a view" : ""));
    }
    claim(name);
    SDVariable variable;
    if (trainable) {
      variable = sameDiff.var(name, value);
      this.trainable.put(name, value);
    } else {
      variable = sameDiff.constant(name, value);
    }
    return new Tensor(variable, ImmutableLongArray.copyOf(value.shape()), trainable);
  }

  /**
   * A fixed array, of any type.
   *
   * @param name of the constant
   * @param value not a view; the graph reads the array itself
   * @return the constant
   */
  public Tensor constant(String name, INDArray value) {
    SDVariable variable = sameDiff.constant(claim(name), value);
    return new Tensor(variable, ImmutableLongArray.copyOf(value.shape()), false);
  }

  /**
   * A parameter of which only the shape is known: for graphs that are built to be looked at and not
   * run.
   *
   * @param name of the variable
   * @param shape every dimension at least 1
   * @return the parameter, as a placeholder
   */
  public Tensor declared(String name, long... shape) {
    return input(name, false, shape);
  }

  private Tensor placeholder(String name, DataType type, boolean wantsGradient, long... shape) {
    for (long size : shape) {
      if (size < 1) {
        throw new IllegalArgumentException(
            "\"%s\": every dimension must be at least 1, but the shape is %s"
                .formatted(name, Arrays.toString(shape)));
      }
    }
    SDVariable variable = sameDiff.placeHolder(claim(name), type, shape);
    Tensor tensor = new Tensor(variable, ImmutableLongArray.copyOf(shape), wantsGradient);
    inputs.put(name, tensor);
    return tensor;
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
    return composite(
        Kind.LINEAR,
        name,
        optional(x, weight, bias),
        ImmutableMap.of(),
        v -> {
          // A product of a 3-D with a 2-D array throws; rows first.
          SDVariable rows = sameDiff.reshape(v.get(0), -1, in); // [rows, in]
          SDVariable y = sameDiff.mmul(rows, v.get(1), false, true, false); // [rows, out]
          if (bias != null) {
            y = sameDiff.nn().biasAdd(y, v.get(2), false);
          }
          return sameDiff.reshape(y, shape);
        },
        shape);
  }

  /**
   * A two-dimensional convolution (a cross-correlation, as everywhere in the field).
   *
   * @param name of the layer
   * @param x [B, C, H, W]
   * @param weight [kH, kW, C, out], the one layout whose backward pass ND4J gets right
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
          "%s: the kernel of %d x %d does not fit into the image %s with %s"
              .formatted(where, weight.dim(0), weight.dim(1), x.shape(), padding));
    }
    Conv2DConfig config =
        Conv2DConfig.builder()
            .kH(weight.dim(0))
            .kW(weight.dim(1))
            .sH(stride)
            .sW(stride)
            .pH(padding.isSymmetric() ? padding.top() : 0)
            .pW(padding.isSymmetric() ? padding.left() : 0)
            .dH(1)
            .dW(1)
            .dataFormat(Conv2DConfig.NCHW)
            // "SAME" pads differently from torch at stride 2; VALID takes pH and pW as they are.
            .paddingMode(PaddingMode.VALID)
            .build();
    return composite(
        Kind.CONV2D,
        name,
        optional(x, weight, bias),
        ImmutableMap.of(
            "stride", (double) stride,
            "top", (double) padding.top(),
            "bottom", (double) padding.bottom(),
            "left", (double) padding.left(),
            "right", (double) padding.right()),
        v -> {
          SDVariable image = v.get(0);
          if (!padding.isSymmetric()) {
            SDVariable sides =
                sameDiff.constant(
                    Nd4j.createFromArray(
                        new int[][] {
                          {0, 0},
                          {0, 0},
                          {padding.top(), padding.bottom()},
                          {padding.left(), padding.right()}
                        }));
            image = sameDiff.nn().pad(image, sides, 0);
          }
          return bias == null
              ? sameDiff.cnn().conv2d(image, v.get(1), config)
              : sameDiff.cnn().conv2d(image, v.get(1), v.get(2), config);
        },
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
          "%s: %d channels cannot be divided into %d groups".formatted(where, channels, groups));
    }
    long[] shape = x.shape().toArray();
    long[] perChannel = new long[shape.length];
    Arrays.fill(perChannel, 1);
    perChannel[1] = channels;
    return composite(
        Kind.GROUP_NORM,
        name,
        ImmutableList.of(x, scale, shift),
        ImmutableMap.of("groups", (double) groups, "epsilon", positive(where, epsilon)),
        v -> {
          SDVariable grouped = sameDiff.reshape(v.get(0), shape[0], groups, -1); // [B, G, rest]
          SDVariable y = sameDiff.reshape(standardize(grouped, 3, epsilon), shape);
          return y.mul(sameDiff.reshape(v.get(1), perChannel))
              .add(sameDiff.reshape(v.get(2), perChannel));
        },
        shape);
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
    return composite(
        Kind.LAYER_NORM,
        name,
        ImmutableList.of(x, scale, shift),
        ImmutableMap.of("epsilon", positive(where, epsilon)),
        v -> standardize(v.get(0), x.rank(), epsilon).mul(v.get(1)).add(v.get(2)),
        x.shape().toArray());
  }

  /**
   * {@code (x - mean) / sqrt(variance + epsilon)} over the last dimension, from parts that work:
   * ND4J's own standardize has no epsilon, the gradient of its variance divides by n - 1, its mean
   * over axis -1 is right outside a graph only (the axis must be counted from 0), and the gradient
   * of a quotient is wrong for a divisor of shape [1, 1].
   */
  private SDVariable standardize(SDVariable x, int rank, double epsilon) {
    int last = rank - 1;
    SDVariable centred = x.sub(x.mean(true, last));
    SDVariable variance = centred.mul(centred).mean(true, last);
    return centred.mul(sameDiff.math().rsqrt(variance.add(epsilon)));
  }

  // ---- Activations

  /**
   * The sigmoid linear unit, {@code x sigmoid(x)}.
   *
   * @param name of the layer
   * @param x any shape
   * @return of x's shape
   */
  public Tensor silu(String name, Tensor x) {
    return map(Kind.SILU, name, x, ImmutableMap.of(), v -> sameDiff.nn().swish(v));
  }

  /**
   * The exact Gaussian error linear unit, {@code x Phi(x)} (Hendrycks and Gimpel, 2016).
   *
   * @param name of the layer
   * @param x any shape
   * @return of x's shape
   */
  public Tensor geluExact(String name, Tensor x) {
    return map(Kind.GELU, name, x, ImmutableMap.of(), this::gelu);
  }

  /**
   * CLIP's approximation of the GELU, {@code x sigmoid(1.702 x)}: what ND4J calls "gelu".
   *
   * @param name of the layer
   * @param x any shape
   * @return of x's shape
   */
  public Tensor quickGelu(String name, Tensor x) {
    return map(Kind.QUICK_GELU, name, x, ImmutableMap.of(), v -> sameDiff.nn().gelu(v));
  }

  /**
   * The gated GELU (Shazeer, "GLU Variants Improve Transformer", 2020): the first half of the last
   * dimension times the exact GELU of the second half.
   *
   * @param name of the layer
   * @param x [.., 2 C]
   * @return [.., C]
   */
  public Tensor geglu(String name, Tensor x) {
    if (x.dim(-1) % 2 != 0) {
      throw new IllegalArgumentException(
          "geglu \"%s\": the last dimension must be even, but \"%s\" has shape %s"
              .formatted(name, x.name(), x.shape()));
    }
    int half = (int) (x.dim(-1) / 2);
    int axis = x.rank() - 1;
    long[] shape = x.shape().toArray();
    shape[axis] = half;
    return composite(
        Kind.GEGLU,
        name,
        ImmutableList.of(x),
        ImmutableMap.of(),
        v -> slice(v.get(0), shape, axis, 0).mul(gelu(slice(v.get(0), shape, axis, half))),
        shape);
  }

  private SDVariable gelu(SDVariable x) {
    return x.mul(sameDiff.math().erf(x.mul(Math.sqrt(0.5))).add(1)).mul(0.5);
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
          "%s: %d channels cannot be divided into %d heads".formatted(where, channels, heads));
    }
    if (mask != null) {
      mask.require(where, "the mask", n, m);
      if (mask.differentiable()) {
        throw new IllegalArgumentException(where + ": the mask cannot be trained");
      }
    }
    double scale = 1 / Math.sqrt((double) channels / heads);
    long[] shape = {batch, n, channels};
    return composite(
        Kind.ATTENTION,
        name,
        mask == null
            ? ImmutableList.of(query, key, value)
            : ImmutableList.of(query, key, value, mask),
        ImmutableMap.of("heads", (double) heads, "scale", scale),
        v -> {
          SDVariable q = heads(v.get(0), batch, n, heads); // [B, heads, N, d]
          SDVariable k = heads(v.get(1), batch, m, heads); // [B, heads, M, d]
          SDVariable values = heads(v.get(2), batch, m, heads); // [B, heads, M, d]
          SDVariable scores = sameDiff.mmul(q.mul(scale), k, false, true, false); // [B, h, N, M]
          if (mask != null) {
            scores = scores.add(sameDiff.reshape(v.get(3), 1, 1, n, m));
          }
          SDVariable weights = sameDiff.nn().softmax(scores, 3);
          SDVariable mixed = sameDiff.mmul(weights, values); // [B, heads, N, d]
          return sameDiff.reshape(sameDiff.permute(mixed, 0, 2, 1, 3), shape);
        },
        shape);
  }

  private SDVariable heads(SDVariable x, long batch, long length, long heads) {
    return sameDiff.permute(sameDiff.reshape(x, batch, length, heads, -1), 0, 2, 1, 3);
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
    return constant(name, Nd4j.createFromArray(mask).castTo(dataType));
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
    return composite(
        Kind.EMBEDDING,
        name,
        ImmutableList.of(ids, table),
        ImmutableMap.of("rows", (double) table.dim(0)),
        v -> {
          if (!table.differentiable()) {
            return sameDiff.gather(v.get(1), v.get(0), 0);
          }
          // A gather has no gradient that works; a product with one-hot rows has.
          SDVariable rows = sameDiff.reshape(v.get(0), ids.dim(0) * ids.dim(1)); // [B N]
          SDVariable oneHot =
              sameDiff.oneHot(rows, (int) table.dim(0), 1, 1, 0, dataType); // [B N, rows]
          return sameDiff.reshape(sameDiff.mmul(oneHot, v.get(1)), shape);
        },
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
          "%s: size must be even and shift less than half of it, but they are %d and %s"
              .formatted(where, size, shift));
    }
    int half = size / 2;
    double[][] frequencies = new double[1][half];
    for (int i = 0; i < half; i++) {
      frequencies[0][i] = Math.exp(-Math.log(10000) * i / (half - shift));
    }
    return composite(
        Kind.TIMESTEP_EMBEDDING,
        name,
        ImmutableList.of(timestep),
        ImmutableMap.of("size", (double) size, "flip", flip ? 1.0 : 0.0, "shift", shift),
        v -> {
          SDVariable f = sameDiff.constant(Nd4j.createFromArray(frequencies).castTo(dataType));
          SDVariable angles = sameDiff.reshape(v.get(0), -1, 1).mul(f); // [B, C / 2]
          SDVariable sine = sameDiff.math().sin(angles);
          SDVariable cosine = sameDiff.math().cos(angles);
          return flip ? sameDiff.concat(1, cosine, sine) : sameDiff.concat(1, sine, cosine);
        },
        timestep.dim(0),
        size);
  }

  // ---- Sums

  /**
   * The sum of two tensors of one shape.
   *
   * @param name of the layer
   * @param a any shape
   * @param b of a's shape
   * @return of a's shape
   */
  public Tensor add(String name, Tensor a, Tensor b) {
    long[] shape = a.shape().toArray();
    b.require("add \"" + name + "\"", "the second term", shape);
    return composite(
        Kind.ADD,
        name,
        ImmutableList.of(a, b),
        ImmutableMap.of(),
        v -> v.get(0).add(v.get(1)),
        shape);
  }

  /**
   * Adds a vector to every pixel: how the time embedding enters a residual block.
   *
   * @param name of the layer
   * @param x [B, C, H, W]
   * @param vector [B, C]
   * @return [B, C, H, W]
   */
  public Tensor addToPixels(String name, Tensor x, Tensor vector) {
    String where = "addToPixels \"" + name + "\"";
    x.require(where, "the image", -1, -1, -1, -1);
    vector.require(where, "the vector", x.dim(0), x.dim(1));
    return composite(
        Kind.ADD_TO_PIXELS,
        name,
        ImmutableList.of(x, vector),
        ImmutableMap.of(),
        v -> v.get(0).add(sameDiff.reshape(v.get(1), x.dim(0), x.dim(1), 1, 1)),
        x.shape().toArray());
  }

  /**
   * Adds the same rows to every element of the batch: how positions enter a text encoder.
   *
   * @param name of the layer
   * @param x [B, N, C]
   * @param rows [N, C]
   * @return [B, N, C]
   */
  public Tensor addToBatch(String name, Tensor x, Tensor rows) {
    String where = "addToBatch \"" + name + "\"";
    x.require(where, "the tokens", -1, -1, -1);
    rows.require(where, "the rows", x.dim(1), x.dim(2));
    return composite(
        Kind.ADD_TO_BATCH,
        name,
        ImmutableList.of(x, rows),
        ImmutableMap.of(),
        v -> v.get(0).add(sameDiff.reshape(v.get(1), 1, x.dim(1), x.dim(2))),
        x.shape().toArray());
  }

  /**
   * A tensor times a number.
   *
   * @param name of the layer
   * @param x any shape
   * @param factor finite
   * @return of x's shape
   */
  public Tensor scale(String name, Tensor x, double factor) {
    if (!Double.isFinite(factor)) {
      throw new IllegalArgumentException(
          "scale \"%s\": the factor must be finite, but was %s".formatted(name, factor));
    }
    return map(Kind.SCALE, name, x, ImmutableMap.of("factor", factor), v -> v.mul(factor));
  }

  /**
   * The product of two tensors, element by element.
   *
   * @param name of the layer
   * @param a any shape
   * @param b of the same shape
   * @return of that shape
   */
  public Tensor multiply(String name, Tensor a, Tensor b) {
    b.require("multiply \"" + name + "\"", "the second factor", a.shape().toArray());
    return composite(
        Kind.MULTIPLY,
        name,
        List.of(a, b),
        ImmutableMap.of(),
        v -> v.get(0).mul(v.get(1)),
        a.shape().toArray());
  }

  /**
   * Limits every element to an interval.
   *
   * @param name of the layer
   * @param x any shape
   * @param low the lower end
   * @param high the upper end, greater than the lower one
   * @return of x's shape
   */
  public Tensor clamp(String name, Tensor x, double low, double high) {
    if (!(low < high)) {
      throw new IllegalArgumentException(
          "clamp \"%s\": the interval [%s, %s] is empty".formatted(name, low, high));
    }
    return map(
        Kind.CLAMP,
        name,
        x,
        ImmutableMap.of("low", low, "high", high),
        v -> sameDiff.clipByValue(v, low, high));
  }

  // ---- Shapes

  /**
   * Doubles height and width; each pixel becomes two by two of itself.
   *
   * @param name of the layer
   * @param x [B, C, H, W]
   * @return [B, C, 2 H, 2 W]
   */
  public Tensor upsampleNearest2x(String name, Tensor x) {
    x.require("upsampleNearest2x \"" + name + "\"", "the image", -1, -1, -1, -1);
    return composite(
        Kind.UPSAMPLE,
        name,
        ImmutableList.of(x),
        ImmutableMap.of(),
        v -> sameDiff.cnn().upsampling2d(v.get(0), 2, 2, true),
        x.dim(0),
        x.dim(1),
        2 * x.dim(2),
        2 * x.dim(3));
  }

  /**
   * Puts two tensors side by side.
   *
   * @param name of the layer
   * @param axis along which, from 0; 1 for the channels of an image
   * @param a any shape
   * @param b of a's shape except along the axis
   * @return a, then b
   */
  public Tensor concat(String name, int axis, Tensor a, Tensor b) {
    long[] shape = a.shape().toArray();
    checkAxis("concat \"" + name + "\"", axis, shape.length);
    long[] pattern = shape.clone();
    pattern[axis] = -1;
    b.require("concat \"" + name + "\"", "the second part", pattern);
    shape[axis] += b.dim(axis);
    return composite(
        Kind.CONCAT,
        name,
        ImmutableList.of(a, b),
        ImmutableMap.of("axis", (double) axis),
        v -> sameDiff.concat(axis, v.get(0), v.get(1)),
        shape);
  }

  /**
   * A part of a tensor.
   *
   * @param name of the layer
   * @param x any shape
   * @param axis along which, from 0
   * @param begin first index
   * @param size how many
   * @return of x's shape, with {@code size} along the axis
   */
  public Tensor slice(String name, Tensor x, int axis, int begin, int size) {
    String where = "slice \"" + name + "\"";
    checkAxis(where, axis, x.rank());
    if (begin < 0 || size < 1 || begin + size > x.dim(axis)) {
      throw new IllegalArgumentException(
          "%s: %d elements from index %d on do not lie within axis %d of \"%s\" with shape %s"
              .formatted(where, size, begin, axis, x.name(), x.shape()));
    }
    long[] shape = x.shape().toArray();
    shape[axis] = size;
    return composite(
        Kind.SLICE,
        name,
        ImmutableList.of(x),
        ImmutableMap.of("axis", (double) axis, "begin", (double) begin, "size", (double) size),
        v -> slice(v.get(0), shape, axis, begin),
        shape);
  }

  private SDVariable slice(SDVariable x, long[] size, int axis, int begin) {
    int[] begins = new int[size.length];
    begins[axis] = begin;
    return sameDiff.slice(x, begins, Arrays.stream(size).mapToInt(Math::toIntExact).toArray());
  }

  /**
   * The pixels of an image as a sequence, row by row.
   *
   * @param name of the layer
   * @param x [B, C, H, W]
   * @return [B, H W, C]
   */
  public Tensor toTokens(String name, Tensor x) {
    x.require("toTokens \"" + name + "\"", "the image", -1, -1, -1, -1);
    return composite(
        Kind.TO_TOKENS,
        name,
        ImmutableList.of(x),
        ImmutableMap.of(),
        v -> sameDiff.permute(sameDiff.reshape(v.get(0), x.dim(0), x.dim(1), -1), 0, 2, 1),
        x.dim(0),
        x.dim(2) * x.dim(3),
        x.dim(1));
  }

  /**
   * A sequence of pixels as an image: undoes {@link #toTokens}.
   *
   * @param name of the layer
   * @param x [B, H W, C]
   * @param height H
   * @param width W
   * @return [B, C, H, W]
   */
  public Tensor toImage(String name, Tensor x, long height, long width) {
    x.require("toImage \"" + name + "\"", "the tokens", -1, height * width, -1);
    long[] shape = {x.dim(0), x.dim(2), height, width};
    return composite(
        Kind.TO_IMAGE,
        name,
        ImmutableList.of(x),
        ImmutableMap.of("height", (double) height, "width", (double) width),
        v -> sameDiff.reshape(sameDiff.permute(v.get(0), 0, 2, 1), shape),
        shape);
  }

  // ---- Recording

  private Tensor map(
      Kind kind,
      String name,
      Tensor x,
      ImmutableMap<String, Double> attributes,
      Function<SDVariable, SDVariable> body) {
    return composite(
        kind,
        name,
        ImmutableList.of(x),
        attributes,
        v -> body.apply(v.get(0)),
        x.shape().toArray());
  }

  private Tensor composite(
      Kind kind,
      String name,
      List<Tensor> inputs,
      ImmutableMap<String, Double> attributes,
      Function<List<SDVariable>, SDVariable> body,
      long... shape) {
    claim(name);
    boolean anyDifferentiable = inputs.stream().anyMatch(Tensor::differentiable);
    List<SDVariable> variables = new ArrayList<>();
    SDVariable out;
    int before;
    NameScope scope = sameDiff.withNameScope(name);
    try {
      for (int i = 0; i < inputs.size(); i++) {
        Tensor input = inputs.get(i);
        check(kind, name, input);
        variables.add(
            input.differentiable()
                ? sameDiff.identity("in" + i, input.variable())
                : input.variable());
      }
      before = sameDiff.getOps().size();
      out = body.apply(List.copyOf(variables));
    } finally {
      scope.close();
    }
    out.rename(name + "/out");
    List<String> made = sameDiff.getOps().keySet().stream().skip(before).toList();
    composites.add(
        new Composite(
            kind,
            name,
            variables.stream().map(SDVariable::name).collect(ImmutableList.toImmutableList()),
            out.name(),
            attributes,
            ImmutableList.copyOf(made)));
    return new Tensor(out, ImmutableLongArray.copyOf(shape), anyDifferentiable);
  }

  // Graphs are compared as objects: SameDiff's own equals compares contents, and slowly.
  @SuppressWarnings("ReferenceEquality")
  private void check(Kind kind, String name, Tensor input) {
    if (input.variable().getSameDiff() != sameDiff) {
      throw new IllegalArgumentException(
          "%s \"%s\": \"%s\" belongs to another graph".formatted(kind, name, input.name()));
    }
  }

  private String claim(String name) {
    if (name.isEmpty() || !names.add(name)) {
      throw new IllegalArgumentException(
          "every layer, input and parameter of a graph needs a name of its own, but \"%s\" is %s"
              .formatted(name, name.isEmpty() ? "empty" : "taken"));
    }
    return name;
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

  private static void checkAxis(String where, int axis, int rank) {
    if (axis < 0 || axis >= rank) {
      throw new IllegalArgumentException(
          "%s: axis must be in [0, %d), but was %d".formatted(where, rank, axis));
    }
  }
}

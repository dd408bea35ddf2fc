package org.tastemaker.diffusion.engine.graph;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Locale;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/** The layers that have no weights: activations, sums and products, changes of shape. */
abstract class PlainOps {
  private final GraphRecord graph;

  PlainOps(GraphRecord graph) {
    this.graph = graph;
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
    return map(Kind.SILU, name, x, ImmutableMap.of());
  }

  /**
   * The exact Gaussian error linear unit, {@code x Phi(x)} (Hendrycks and Gimpel, 2016).
   *
   * @param name of the layer
   * @param x any shape
   * @return of x's shape
   */
  public Tensor geluExact(String name, Tensor x) {
    return map(Kind.GELU, name, x, ImmutableMap.of());
  }

  /**
   * CLIP's approximation of the GELU, {@code x sigmoid(1.702 x)}: what ND4J calls "gelu".
   *
   * @param name of the layer
   * @param x any shape
   * @return of x's shape
   */
  public Tensor quickGelu(String name, Tensor x) {
    return map(Kind.QUICK_GELU, name, x, ImmutableMap.of());
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
          String.format(
              Locale.ROOT,
              "geglu \"%s\": the last dimension must be even, but \"%s\" has shape %s",
              name,
              x.name(),
              x.shape()));
    }
    int half = (int) (x.dim(-1) / 2);
    int axis = x.rank() - 1;
    long[] shape = x.shape().toArray();
    shape[axis] = half;
    return graph.layer(Kind.GEGLU, name, ImmutableList.of(x), ImmutableMap.of(), shape);
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
    return graph.layer(Kind.ADD, name, ImmutableList.of(a, b), ImmutableMap.of(), shape);
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
    return graph.layer(
        Kind.ADD_TO_PIXELS,
        name,
        ImmutableList.of(x, vector),
        ImmutableMap.of(),
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
    return graph.layer(
        Kind.ADD_TO_BATCH, name, ImmutableList.of(x, rows), ImmutableMap.of(), x.shape().toArray());
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
          String.format(
              Locale.ROOT, "scale \"%s\": the factor must be finite, but was %s", name, factor));
    }
    return map(Kind.SCALE, name, x, ImmutableMap.of("factor", factor));
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
    return graph.layer(
        Kind.MULTIPLY, name, ImmutableList.of(a, b), ImmutableMap.of(), a.shape().toArray());
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
          String.format(
              Locale.ROOT, "clamp \"%s\": the interval [%s, %s] is empty", name, low, high));
    }
    return map(Kind.CLAMP, name, x, ImmutableMap.of("low", low, "high", high));
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
    return graph.layer(
        Kind.UPSAMPLE,
        name,
        ImmutableList.of(x),
        ImmutableMap.of(),
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
    return graph.layer(
        Kind.CONCAT, name, ImmutableList.of(a, b), ImmutableMap.of("axis", (double) axis), shape);
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
          String.format(
              Locale.ROOT,
              "%s: %s elements from index %s on do not lie within axis %s of \"%s\" with shape %s",
              where,
              size,
              begin,
              axis,
              x.name(),
              x.shape()));
    }
    long[] shape = x.shape().toArray();
    shape[axis] = size;
    return graph.layer(
        Kind.SLICE,
        name,
        ImmutableList.of(x),
        ImmutableMap.of("axis", (double) axis, "begin", (double) begin, "size", (double) size),
        shape);
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
    return graph.layer(
        Kind.TO_TOKENS,
        name,
        ImmutableList.of(x),
        ImmutableMap.of(),
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
    return graph.layer(
        Kind.TO_IMAGE,
        name,
        ImmutableList.of(x),
        ImmutableMap.of("height", (double) height, "width", (double) width),
        shape);
  }

  private Tensor map(Kind kind, String name, Tensor x, ImmutableMap<String, Double> attributes) {
    return graph.layer(kind, name, ImmutableList.of(x), attributes, x.shape().toArray());
  }

  private static void checkAxis(String where, int axis, int rank) {
    if (axis < 0 || axis >= rank) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: axis must be in [0, %s), but was %s", where, rank, axis));
    }
  }
}

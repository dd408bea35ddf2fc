package org.tastemaker.benchmarks;

import java.util.random.RandomGenerator;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** A layer of a kind at random shapes. */
final class RandomLayers {
  private final CaseBuilder builder;
  private final Ops ops;
  private final RandomGenerator random;

  private RandomLayers(CaseBuilder builder, RandomGenerator random) {
    this.builder = builder;
    this.ops = builder.ops();
    this.random = random;
  }

  /** A case; the same one for the same seed. */
  static BundleCase draw(Kind kind, String name, Seed seed) {
    CaseBuilder builder = new CaseBuilder(name, seed);
    return builder.build(
        new RandomLayers(builder, seed.split(name).split("shape").generator()).layer(kind));
  }

  private int in(int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  private Tensor image() {
    return builder.input("x", in(1, 4), in(1, 40), in(3, 12), in(3, 12));
  }

  private Tensor tokens(int channels) {
    return builder.input("x", in(1, 4), in(1, 30), channels);
  }

  private Tensor layer(Kind kind) {
    return switch (kind) {
      case LINEAR -> linear();
      case CONV2D -> convolution();
      case GROUP_NORM -> groupNorm();
      case LAYER_NORM -> {
        int channels = in(8, 130);
        Tensor shift = builder.parameter("t", channels);
        yield ops.layerNorm("f", tokens(channels), builder.scale("s", channels), shift, 1e-5);
      }
      case SILU -> ops.silu("f", image());
      case GELU -> ops.geluExact("f", tokens(in(1, 70)));
      case QUICK_GELU -> ops.quickGelu("f", tokens(in(1, 70)));
      case GEGLU -> ops.geglu("f", tokens(2 * in(1, 70)));
      case ATTENTION -> attention();
      case UPSAMPLE -> ops.upsampleNearest2x("f", image());
      case CONCAT -> concatenation();
      case ADD -> {
        Tensor x = image();
        yield ops.add("f", x, builder.input("y", x.shape().toArray()));
      }
      case MULTIPLY -> {
        Tensor x = image();
        yield ops.multiply("f", x, builder.input("y", x.shape().toArray()));
      }
      case ADD_TO_PIXELS -> {
        Tensor x = image();
        yield ops.addToPixels("f", x, builder.input("e", x.dim(0), x.dim(1)));
      }
      case ADD_TO_BATCH -> {
        Tensor x = tokens(in(1, 70));
        yield ops.addToBatch("f", x, builder.parameter("p", x.dim(1), x.dim(2)));
      }
      case SCALE -> ops.scale("f", image(), random.nextGaussian());
      case CLAMP -> ops.clamp("f", image(), -0.5, 0.8);
      case SLICE -> slice();
      case TO_TOKENS -> ops.toTokens("f", image());
      case TO_IMAGE -> {
        int height = in(1, 9);
        int width = in(1, 9);
        Tensor x = builder.input("x", in(1, 4), (long) height * width, in(1, 40));
        yield ops.toImage("f", x, height, width);
      }
      case EMBEDDING -> {
        int rows = in(1, 300);
        Tensor ids = builder.ids("ids", rows, in(1, 4), in(1, 77));
        yield ops.embedding("f", ids, builder.parameter("table", rows, in(1, 70)));
      }
      case TIMESTEP_EMBEDDING ->
          ops.timestepEmbedding(
              "f",
              builder.times("t", in(1, 40)),
              2 * in(2, 160),
              random.nextBoolean(),
              random.nextInt(2));
    };
  }

  private Tensor linear() {
    int size = in(1, 130);
    int out = in(1, 130);
    Tensor x = random.nextInt(3) == 0 ? builder.input("x", in(1, 40), size) : tokens(size);
    Tensor bias = random.nextBoolean() ? builder.parameter("b", out) : null;
    return ops.linear("f", x, builder.parameter("w", out, size), bias);
  }

  private Tensor convolution() {
    Tensor x = image();
    int out = in(1, 40);
    int kernel = random.nextBoolean() ? 3 : 1;
    Padding padding =
        random.nextBoolean() ? Padding.all(kernel / 2) : new Padding(0, in(0, 1), 0, in(0, 1));
    Tensor bias = random.nextBoolean() ? builder.parameter("b", out) : null;
    Tensor weight = builder.parameter("w", kernel, kernel, x.dim(1), out);
    return ops.conv2d("f", x, weight, bias, in(1, 2), padding);
  }

  private Tensor groupNorm() {
    int groups = in(1, 8);
    int channels = groups * in(2, 10);
    Tensor x = builder.input("x", in(1, 4), channels, in(2, 12), in(2, 12));
    return ops.groupNorm(
        "f", x, builder.scale("s", channels), builder.parameter("t", channels), groups, 1e-5);
  }

  private Tensor attention() {
    int heads = in(1, 4);
    int channels = heads * in(1, 40);
    int batch = in(1, 4);
    int queries = in(1, 70);
    int keys = random.nextBoolean() ? queries : in(1, 70);
    Tensor mask = random.nextBoolean() ? builder.constant("m", queries, keys) : null;
    return ops.attention(
        "f",
        builder.input("q", batch, queries, channels),
        builder.input("k", batch, keys, channels),
        builder.input("v", batch, keys, channels),
        heads,
        mask);
  }

  private Tensor concatenation() {
    int axis = in(1, 3);
    Tensor x = image();
    long[] other = x.shape().toArray();
    other[axis] = in(1, 20);
    return ops.concat("f", axis, x, builder.input("y", other));
  }

  private Tensor slice() {
    Tensor x = image();
    int axis = in(1, 3);
    int begin = random.nextInt((int) x.dim(axis));
    return ops.slice("f", x, axis, begin, in(1, (int) x.dim(axis) - begin));
  }
}

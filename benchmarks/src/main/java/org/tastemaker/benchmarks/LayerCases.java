package org.tastemaker.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * Every kind of layer by itself, at a few shapes: odd ones, small ones, and those of which GPUs and
 * their libraries have kernels of their own.
 */
final class LayerCases {
  private final Seed seed;
  private final List<BundleCase> cases = new ArrayList<>();

  private LayerCases(Seed seed) {
    this.seed = seed;
  }

  /** All cases; each is named after its kind and a number. */
  static List<BundleCase> all(Seed seed) {
    LayerCases all = new LayerCases(seed);
    all.linear();
    all.convolutions();
    all.norms();
    all.activations();
    all.attention();
    all.sums();
    all.shapes();
    all.embeddings();
    return List.copyOf(all.cases);
  }

  private void add(Kind kind, Function<CaseBuilder, Tensor> layer) {
    String prefix = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    long before = cases.stream().filter(c -> c.name().matches(prefix + "-\\d+")).count();
    CaseBuilder builder = new CaseBuilder(prefix + "-" + before, seed);
    cases.add(builder.build(layer.apply(builder)));
  }

  private void linear() {
    linear(true, 3, 5, 7, 9);
    linear(false, 2, 77, 96, 64);
    linear(true, 2, 256, 320, 320);
    // Of rank 2: a time embedding, which stays float32 in bfloat16.
    add(
        Kind.LINEAR,
        b ->
            b.ops()
                .linear("f", b.input("x", 4, 64), b.parameter("w", 48, 64), b.parameter("b", 48)));
  }

  private void linear(boolean bias, long batch, long tokens, long in, long out) {
    add(
        Kind.LINEAR,
        b ->
            b.ops()
                .linear(
                    "f",
                    b.input("x", batch, tokens, in),
                    b.parameter("w", out, in),
                    bias ? b.parameter("b", out) : null));
  }

  private void convolutions() {
    // Few channels: some libraries have gone wrong there.
    for (long channels : new long[] {3, 4, 8, 12}) {
      convolution(2, channels, channels, 3, 3, 1, Padding.all(1));
    }
    convolution(2, 4, 32, 3, 3, 1, Padding.all(1));
    convolution(2, 32, 4, 3, 3, 1, Padding.all(1));
    convolution(2, 64, 64, 3, 3, 1, Padding.all(1));
    convolution(1, 128, 160, 3, 3, 1, Padding.all(1));
    convolution(2, 16, 24, 3, 3, 2, Padding.all(1));
    convolution(2, 16, 24, 3, 3, 2, new Padding(0, 1, 0, 1));
    convolution(2, 16, 24, 1, 1, 1, Padding.NONE);
    // A kernel that is not square shows height and width taken for each other.
    convolution(2, 5, 7, 3, 1, 1, new Padding(2, 0, 0, 1));
  }

  private void convolution(
      long batch, long in, long out, long height, long width, int stride, Padding padding) {
    add(
        Kind.CONV2D,
        b ->
            b.ops()
                .conv2d(
                    "f",
                    b.input("x", batch, in, 16, 12),
                    b.parameter("w", height, width, in, out),
                    b.parameter("b", out),
                    stride,
                    padding));
  }

  private void norms() {
    groupNorm(2, 8, 4, 5, 6);
    groupNorm(2, 96, 32, 8, 8);
    groupNorm(1, 320, 32, 16, 16);
    for (long channels : new long[] {7, 320}) {
      add(
          Kind.LAYER_NORM,
          b ->
              b.ops()
                  .layerNorm(
                      "f",
                      b.input("x", 2, 33, channels),
                      b.scale("s", channels),
                      b.parameter("t", channels),
                      1e-5));
    }
  }

  private void groupNorm(long batch, long channels, int groups, long height, long width) {
    add(
        Kind.GROUP_NORM,
        b ->
            b.ops()
                .groupNorm(
                    "f",
                    b.input("x", batch, channels, height, width),
                    b.scale("s", channels),
                    b.parameter("t", channels),
                    groups,
                    1e-5));
  }

  private void activations() {
    for (long size : new long[] {5, 64}) {
      add(Kind.SILU, b -> b.ops().silu("f", b.input("x", 2, 8, size, size)));
      add(Kind.GELU, b -> b.ops().geluExact("f", b.input("x", 2, 9, size)));
      add(Kind.QUICK_GELU, b -> b.ops().quickGelu("f", b.input("x", 2, 9, size)));
      add(Kind.GEGLU, b -> b.ops().geglu("f", b.input("x", 2, 9, 2 * size)));
    }
  }

  private void attention() {
    attention(2, 7, 5, 6, 2, null);
    attention(2, 9, 9, 24, 3, "mask");
    attention(2, 64, 77, 80, 2, null); // heads of 40, as on Stable Diffusion's first level
    attention(1, 256, 256, 128, 2, null);
    attention(1, 16, 16, 320, 2, null); // heads of 160, as on its last
    attention(2, 77, 77, 64, 1, "causal");
  }

  private void attention(
      long batch, long queries, long keys, long channels, int heads, @Nullable String mask) {
    add(
        Kind.ATTENTION,
        b -> {
          Tensor bias = null;
          if (mask != null) {
            bias =
                mask.equals("causal")
                    ? b.ops().causalMask(mask, (int) queries)
                    : b.constant(mask, queries, keys);
          }
          return b.ops()
              .attention(
                  "f",
                  b.input("q", batch, queries, channels),
                  b.input("k", batch, keys, channels),
                  b.input("v", batch, keys, channels),
                  heads,
                  bias);
        });
  }

  private void sums() {
    long[] image = {2, 6, 5, 4};
    add(Kind.ADD, b -> b.ops().add("f", b.input("x", image), b.input("y", image)));
    add(
        Kind.ADD,
        b -> {
          Tensor x = b.input("x", image);
          return b.ops().add("f", x, x);
        });
    add(Kind.ADD_TO_PIXELS, b -> b.ops().addToPixels("f", b.input("x", image), b.input("e", 2, 6)));
    add(
        Kind.ADD_TO_BATCH,
        b -> b.ops().addToBatch("f", b.input("x", 3, 5, 8), b.parameter("p", 5, 8)));
    add(Kind.SCALE, b -> b.ops().scale("f", b.input("x", image), -0.7));
    add(Kind.MULTIPLY, b -> b.ops().multiply("f", b.input("x", image), b.input("y", image)));
    add(Kind.CLAMP, b -> b.ops().clamp("f", b.input("x", image), -0.5, 0.8));
  }

  private void shapes() {
    add(Kind.UPSAMPLE, b -> b.ops().upsampleNearest2x("f", b.input("x", 2, 3, 5, 4)));
    add(Kind.UPSAMPLE, b -> b.ops().upsampleNearest2x("f", b.input("x", 1, 64, 8, 8)));
    add(
        Kind.CONCAT,
        b -> b.ops().concat("f", 1, b.input("x", 2, 3, 4, 5), b.input("y", 2, 6, 4, 5)));
    add(Kind.CONCAT, b -> b.ops().concat("f", 2, b.input("x", 2, 3, 4), b.input("y", 2, 3, 1)));
    add(Kind.SLICE, b -> b.ops().slice("f", b.input("x", 2, 9, 3, 4), 1, 2, 5));
    add(Kind.SLICE, b -> b.ops().slice("f", b.input("x", 2, 9, 6), 2, 0, 3));
    add(Kind.TO_TOKENS, b -> b.ops().toTokens("f", b.input("x", 2, 7, 3, 5)));
    add(Kind.TO_IMAGE, b -> b.ops().toImage("f", b.input("x", 2, 15, 7), 3, 5));
  }

  private void embeddings() {
    add(
        Kind.EMBEDDING,
        b -> b.ops().embedding("f", b.ids("ids", 11, 3, 20), b.parameter("table", 11, 6)));
    add(Kind.TIMESTEP_EMBEDDING, b -> b.ops().timestepEmbedding("f", b.times("t", 6), 32, true, 0));
    add(
        Kind.TIMESTEP_EMBEDDING,
        b -> b.ops().timestepEmbedding("f", b.times("t", 3), 10, false, 1));
  }
}

package org.tastemaker.diffusion.testing.engine;

import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Each kind of layer at random shapes, forward and backward. The layer's name is "f". */
public abstract class LayerContract extends EngineContract {
  private static final int TRIES = 12;

  /** A layer "f" of an input "x" or several, of random shape. */
  private interface LayerOf {
    Tensor apply(Ops ops, Values values, Random random);
  }

  /** For subclasses. */
  protected LayerContract() {}

  private void layer(long seed, LayerOf layer) {
    check(seed, (ops, values) -> Map.of("out", layer.apply(ops, values, values.random())));
  }

  private static int in(Random random, int low, int high) {
    return low + random.nextInt(high - low + 1);
  }

  private static @Nullable Tensor maybe(Random random, Tensor tensor) {
    return random.nextBoolean() ? tensor : null;
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void linearLayersAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int in = in(random, 1, 40);
          int out = in(random, 1, 40);
          Tensor x =
              random.nextBoolean()
                  ? values.input(ops, "x", true, in(random, 1, 50), in)
                  : values.input(ops, "x", true, in(random, 1, 5), in(random, 1, 20), in);
          Tensor weight = values.parameter(ops, "weight", random.nextBoolean(), out, in);
          Tensor bias = values.parameter(ops, "bias", random.nextBoolean(), out);
          return ops.linear("f", x, weight, maybe(random, bias));
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void linearLayersToOneNumberAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int in = in(random, 1, 12);
          Tensor x =
              random.nextBoolean()
                  ? values.input(ops, "x", true, 1, in)
                  : values.input(ops, "x", true, 1, 1, in);
          Tensor weight = values.parameter(ops, "weight", true, 1, in);
          Tensor bias = values.parameter(ops, "bias", true, 1);
          Tensor small = ops.scale("small", x, 0.3); // for a sum of size 1
          return ops.linear("f", small, weight, maybe(random, bias));
        });
  }

  @Property(tries = 2 * TRIES, shrinking = ShrinkingMode.OFF)
  void convolutionsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int in = in(random, 1, 40);
          int out = in(random, 1, 40);
          int kernel = random.nextBoolean() ? 3 : in(random, 1, 3);
          int stride = in(random, 1, 2);
          Padding padding =
              random.nextBoolean()
                  ? Padding.all(kernel / 2)
                  : new Padding(0, in(random, 0, 1), 0, in(random, 0, 1));
          Tensor x =
              values.input(
                  ops, "x", true, in(random, 1, 4), in, in(random, 3, 9), in(random, 3, 9));
          Tensor weight =
              values.parameter(ops, "weight", random.nextBoolean(), kernel, kernel, in, out);
          Tensor bias = values.parameter(ops, "bias", random.nextBoolean(), out);
          return ops.conv2d("f", x, weight, maybe(random, bias), stride, padding);
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void convolutionsToOneChannelAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int in = in(random, 1, 12);
          int kernel = in(random, 1, 3);
          Tensor x =
              values.input(
                  ops, "x", true, in(random, 1, 2), in, in(random, 3, 9), in(random, 3, 9));
          Tensor weight = values.parameter(ops, "weight", true, kernel, kernel, in, 1);
          Tensor bias = values.parameter(ops, "bias", true, 1);
          return ops.conv2d("f", x, weight, maybe(random, bias), 1, Padding.all(kernel / 2));
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void groupNormsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int groups = in(random, 1, 6);
          int channels = groups * in(random, 2, 8);
          Tensor x =
              values.input(
                  ops, "x", true, in(random, 1, 4), channels, in(random, 2, 8), in(random, 2, 8));
          return ops.groupNorm(
              "f",
              x,
              values.parameter(ops, "scale", random.nextBoolean(), channels),
              values.parameter(ops, "shift", random.nextBoolean(), channels),
              groups,
              1e-5);
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void layerNormsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int channels = in(random, 8, 70);
          Tensor x = values.input(ops, "x", true, in(random, 1, 4), in(random, 1, 9), channels);
          return ops.layerNorm(
              "f",
              x,
              values.parameter(ops, "scale", random.nextBoolean(), channels),
              values.parameter(ops, "shift", random.nextBoolean(), channels),
              1e-5);
        });
  }

  @Property(tries = 2 * TRIES, shrinking = ShrinkingMode.OFF)
  void activationsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          Tensor x =
              random.nextBoolean()
                  ? values.input(ops, "x", true, in(random, 1, 4), 3, 5, in(random, 1, 9))
                  : values.input(ops, "x", true, in(random, 1, 70));
          return switch (random.nextInt(5)) {
            case 0 -> ops.silu("f", x);
            case 1 -> ops.geluExact("f", x);
            case 2 -> ops.quickGelu("f", x);
            case 3 -> ops.scale("f", x, random.nextGaussian());
            default -> ops.clamp("f", x, -0.5, 0.8);
          };
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void attentionsToOneKeyAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int heads = in(random, 1, 4);
          int channels = heads * in(random, 1, 20);
          return ops.attention(
              "f",
              values.input(ops, "q", true, 2, in(random, 1, 20), channels),
              values.input(ops, "k", true, 2, 1, channels),
              values.input(ops, "v", true, 2, 1, channels),
              heads,
              null);
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void gatedGelusAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) ->
            ops.geglu(
                "f",
                values.input(
                    ops, "x", true, in(random, 1, 4), in(random, 1, 9), 2L * in(random, 1, 40))));
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void attentionsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int heads = in(random, 1, 4);
          int channels = heads * in(random, 1, 20);
          int batch = in(random, 1, 4);
          int n = in(random, 1, 20);
          int m = random.nextBoolean() ? n : in(random, 1, 20);
          return ops.attention(
              "f",
              values.input(ops, "q", true, batch, n, channels),
              values.input(ops, "k", random.nextBoolean(), batch, m, channels),
              values.input(ops, "v", random.nextBoolean(), batch, m, channels),
              heads,
              maybe(random, values.parameter(ops, "mask", false, n, m)));
        });
  }

  @Property(tries = 2 * TRIES, shrinking = ShrinkingMode.OFF)
  void sumsAndProductsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int batch = in(random, 1, 4);
          int channels = in(random, 1, 40);
          int length = in(random, 1, 9);
          boolean wantsB = random.nextBoolean();
          switch (random.nextInt(4)) {
            case 0 -> {
              Tensor a = values.input(ops, "a", !wantsB, batch, channels, length, 3);
              return ops.add("f", a, values.input(ops, "b", wantsB, batch, channels, length, 3));
            }
            case 1 -> {
              Tensor a = values.input(ops, "a", !wantsB, batch, channels, length, 3);
              Tensor b = values.parameter(ops, "b", wantsB, batch, channels, length, 3);
              return ops.multiply("f", a, b);
            }
            case 2 -> {
              Tensor a = values.input(ops, "a", !wantsB, batch, channels, length, 3);
              return ops.addToPixels("f", a, values.input(ops, "b", wantsB, batch, channels));
            }
            default -> {
              Tensor a = values.input(ops, "a", !wantsB, batch, length, channels);
              return ops.addToBatch("f", a, values.parameter(ops, "b", wantsB, length, channels));
            }
          }
        });
  }

  @Property(tries = 2 * TRIES, shrinking = ShrinkingMode.OFF)
  void partsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          long[] shape = new long[in(random, 1, 4)];
          for (int i = 0; i < shape.length; i++) {
            shape[i] = in(random, 1, 9);
          }
          int axis = random.nextInt(shape.length);
          Tensor x = values.input(ops, "x", true, shape);
          if (random.nextBoolean()) {
            int begin = random.nextInt((int) shape[axis]);
            int size = in(random, 1, (int) shape[axis] - begin);
            return ops.slice("f", x, axis, begin, size);
          }
          long[] other = shape.clone();
          other[axis] = in(random, 1, 9);
          return ops.concat("f", axis, x, values.input(ops, "y", random.nextBoolean(), other));
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void reshapesAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int height = in(random, 1, 6);
          int width = in(random, 1, 6);
          int channels = in(random, 1, 20);
          return switch (random.nextInt(3)) {
            case 0 ->
                ops.upsampleNearest2x(
                    "f", values.input(ops, "x", true, 2, channels, height, width));
            case 1 -> ops.toTokens("f", values.input(ops, "x", true, 2, channels, height, width));
            default ->
                ops.toImage(
                    "f",
                    values.input(ops, "x", true, 2, (long) height * width, channels),
                    height,
                    width);
          };
        });
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void embeddingsAgree(@ForAll long seed) {
    layer(
        seed,
        (ops, values, random) -> {
          int rows = in(random, 1, 20);
          if (random.nextBoolean()) {
            return ops.timestepEmbedding(
                "f",
                values.input(ops, "t", false, 3),
                2 * in(random, 2, 20),
                random.nextBoolean(),
                1);
          }
          return ops.embedding(
              "f",
              values.ids(ops, "ids", rows, 2, in(random, 1, 9)),
              values.parameter(ops, "table", random.nextBoolean(), rows, in(random, 1, 20)));
        });
  }
}

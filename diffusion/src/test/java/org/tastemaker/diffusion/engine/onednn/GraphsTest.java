package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.engine.onednn.Comparison.Values;

/** Graphs of several layers: branches, residuals, shared inputs and parameters, several outputs. */
class GraphsTest {
  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void randomGraphsAgree(@ForAll long seed) {
    Comparison.check(seed, (ops, values) -> new RandomGraph(ops, values).build(9));
  }

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void kernelsAndStockOpsMix(@ForAll long seed) {
    Random random = new Random(seed);
    Set<String> layers =
        IntStream.range(0, 9)
            .filter(i -> random.nextBoolean())
            .mapToObj(i -> "layer" + i)
            .collect(Collectors.toSet());
    // Only the layers that the outputs need are in the plan; the others' names mean nothing to it.
    Comparison.check(seed, (ops, values) -> new RandomGraph(ops, values).build(9), layers);
  }

  @Test
  void lowRankBranchBesideFrozenLayersAgrees() {
    Comparison.check(
        3,
        (ops, values) -> {
          Tensor x = values.input(ops, "x", false, 2, 12, 24);
          Tensor frozen = values.parameter(ops, "weight", false, 24, 24);
          Tensor h = ops.layerNorm("norm", x, one(ops, values, "s"), one(ops, values, "t"), 1e-5);
          Tensor y = lowRank(ops, values, "a", h, frozen);
          Tensor z = lowRank(ops, values, "b", ops.silu("act", y), frozen);
          return Map.of("out", ops.add("residual", x, z));
        });
  }

  private static Tensor one(Ops ops, Values values, String name) {
    return values.parameter(ops, name, false, 24);
  }

  private static Tensor lowRank(Ops ops, Values values, String name, Tensor x, Tensor weight) {
    Tensor down = values.parameter(ops, name + ".down", true, 4, 24);
    Tensor up = values.parameter(ops, name + ".up", true, 24, 4);
    Tensor branch = ops.linear(name + "/up", ops.linear(name + "/down", x, down, null), up, null);
    return ops.add(
        name + "/sum",
        ops.linear(name + "/base", x, weight, null),
        ops.scale(name + "/scale", branch, 0.5));
  }

  @Test
  void parameterOfSeveralLayersSumsItsGradients() {
    Comparison.check(
        4,
        (ops, values) -> {
          Tensor x = values.input(ops, "x", true, 2, 8, 6, 6);
          Tensor weight = values.parameter(ops, "weight", true, 3, 3, 8, 8);
          Tensor bias = values.parameter(ops, "bias", true, 8);
          Tensor h = ops.conv2d("first", x, weight, bias, 1, Padding.all(1));
          Tensor y = ops.conv2d("second", h, weight, bias, 1, Padding.all(1));
          return Map.of("out", ops.add("sum", y, ops.add("twice", x, x)), "middle", h);
        });
  }

  @Test
  void inputsAsOutputsAndUnusedParametersAgree() {
    Comparison.check(
        5,
        (ops, values) -> {
          Tensor x = values.input(ops, "x", true, 2, 3, 4, 4);
          values.parameter(ops, "unused", true, 3, 3);
          Tensor unread = ops.silu("unread", x);
          ops.silu("unread twice", unread);
          return Map.of("out", ops.toTokens("tokens", x), "same", ops.scale("scale", x, 1));
        });
  }

  @Test
  void layersWithoutKernelRunOnStockOps() {
    // The group norm of a tensor that is not an image; the layer after it has a kernel.
    Comparison.Builder builder =
        (o, v) -> {
          Tensor x = v.input(o, "x", true, 2, 8, 5);
          Tensor h =
              o.groupNorm(
                  "norm", x, v.parameter(o, "s", true, 8), v.parameter(o, "t", true, 8), 2, 1e-5);
          return Map.of("out", o.silu("act", h));
        };
    Comparison.check(6, builder, Set.of(), Set.of("norm"));
  }

  @Test
  void attentionInTilesAgrees() {
    // 8 heads, 700 x 700 weights: 15.7 MB, more than a tile; in the backward half too.
    Comparison.check(
        7,
        (ops, values) -> {
          Tensor q = values.input(ops, "q", true, 1, 700, 16);
          Tensor k = values.input(ops, "k", true, 1, 700, 16);
          Tensor v = values.input(ops, "v", true, 1, 700, 16);
          Tensor mask = values.parameter(ops, "mask", false, 700, 700);
          return Map.of("out", ops.attention("attention", q, k, v, 8, mask));
        });
  }

  @Test
  void attentionInTilesOfTheBatchAgrees() {
    Comparison.check(
        8,
        (ops, values) -> {
          Tensor q = values.input(ops, "q", true, 5, 350, 16);
          Tensor k = values.input(ops, "k", true, 5, 360, 16);
          return Map.of("out", ops.attention("attention", q, k, k, 8, null));
        });
  }

  /** Layers of random kind on random earlier tensors. */
  private static final class RandomGraph {
    private final Ops ops;
    private final Values values;
    private final Random random;
    private final List<Tensor> images = new ArrayList<>();
    private final List<Tensor> tokens = new ArrayList<>();
    private int parameters;

    RandomGraph(Ops ops, Values values) {
      this.ops = ops;
      this.values = values;
      this.random = values.random();
    }

    Map<String, Tensor> build(int layers) {
      images.add(values.input(ops, "image", random.nextBoolean(), 2, 8, 4, 6));
      tokens.add(values.input(ops, "tokens", random.nextBoolean(), 2, 5, 16));
      Tensor last = images.get(0);
      for (int i = 0; i < layers; i++) {
        String name = "layer" + i;
        boolean image = random.nextBoolean();
        last = image ? imageLayer(name) : tokenLayer(name);
        (image ? images : tokens).add(last);
      }
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      outputs.put("out", last);
      Tensor other = pick(random.nextBoolean() ? images : tokens);
      if (random.nextBoolean() && !other.name().equals(last.name())) {
        outputs.put("other", other);
      }
      return outputs;
    }

    private Tensor pick(List<Tensor> pool) {
      // The latest ones more often: deep graphs, with skips.
      return random.nextInt(3) > 0
          ? pool.get(pool.size() - 1)
          : pool.get(random.nextInt(pool.size()));
    }

    private Tensor parameter(long... shape) {
      return values.parameter(ops, "p" + parameters++, random.nextBoolean(), shape);
    }

    private Tensor imageLayer(String name) {
      Tensor x = pick(images);
      long channels = x.dim(1);
      return switch (random.nextInt(8)) {
        case 0 -> {
          long out = 8L * (1 + random.nextInt(2));
          yield ops.conv2d(
              name, x, parameter(3, 3, channels, out), parameter(out), 1, Padding.all(1));
        }
        case 1 -> ops.conv2d(name, x, parameter(1, 1, channels, 8), null, 1, Padding.NONE);
        case 2 -> ops.groupNorm(name, x, parameter(channels), parameter(channels), 4, 1e-5);
        case 3 -> ops.silu(name, x);
        case 4 -> ops.addToPixels(name, x, parameter(2, channels));
        case 5 -> ops.concat(name, 1, x, sameSize(x));
        case 6 -> ops.slice(name, x, 1, 0, 8);
        default -> ops.add(name, x, sameShape(images, x));
      };
    }

    private Tensor tokenLayer(String name) {
      Tensor x = pick(tokens);
      long size = x.dim(-1);
      return switch (random.nextInt(8)) {
        case 0 -> ops.linear(name, x, parameter(16, size), parameter(16));
        case 1 -> ops.layerNorm(name, x, parameter(size), parameter(size), 1e-5);
        case 2 -> ops.geglu(name, ops.linear(name + "/wide", x, parameter(32, size), null));
        case 3 -> ops.geluExact(name, x);
        case 4 -> ops.attention(name, x, x, x, 2, null);
        case 5 -> ops.toTokens(name, pick(images));
        case 6 -> ops.scale(name, x, 0.7);
        default -> ops.add(name, x, sameShape(tokens, x));
      };
    }

    private Tensor sameShape(List<Tensor> pool, Tensor x) {
      List<Tensor> candidates = pool.stream().filter(t -> t.shape().equals(x.shape())).toList();
      return candidates.get(random.nextInt(candidates.size()));
    }

    private Tensor sameSize(Tensor x) {
      List<Tensor> candidates =
          images.stream().filter(t -> t.dim(2) == x.dim(2) && t.dim(3) == x.dim(3)).toList();
      return candidates.get(random.nextInt(candidates.size()));
    }
  }
}

package org.tastemaker.diffusion.testing.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Layers of random kind on random earlier tensors; they are named layer0, layer1 and so on. */
public final class RandomGraph {
  private final Ops ops;
  private final Values values;
  private final Random random;
  private final List<Tensor> images = new ArrayList<>();
  private final List<Tensor> tokens = new ArrayList<>();
  private int parameters;

  /**
   * An empty graph.
   *
   * @param ops receives the layers
   * @param values of inputs and parameters, and the source of all choices
   */
  public RandomGraph(Ops ops, Values values) {
    this.ops = ops;
    this.values = values;
    this.random = values.random();
  }

  /**
   * Adds inputs and layers.
   *
   * @param layers how many
   * @return the outputs, one or two
   */
  public Map<String, Tensor> build(int layers) {
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

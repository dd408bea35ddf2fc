package org.tastemaker.diffusion.testing.engine;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Graphs of several layers: branches, residuals, shared inputs and parameters, several outputs. */
public abstract class GraphContract extends EngineContract {
  /** For subclasses. */
  protected GraphContract() {}

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void randomGraphsAgree(@ForAll long seed) {
    check(seed, (ops, values) -> new RandomGraph(ops, values).build(9));
  }

  @Test
  void lowRankBranchBesideFrozenLayersAgrees() {
    check(
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
    check(
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
    check(
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
  void aGroupNormOfWhatIsNoImageAgrees() {
    check(
        6,
        (ops, values) -> {
          Tensor x = values.input(ops, "x", true, 2, 8, 5);
          Tensor scale = values.parameter(ops, "s", true, 8);
          Tensor shift = values.parameter(ops, "t", true, 8);
          return Map.of("out", ops.silu("act", ops.groupNorm("norm", x, scale, shift, 2, 1e-5)));
        });
  }

  @Test
  void attentionOfManyTokensAgrees() {
    // 8 heads, 700 x 700 weights: 15.7 MB, more than an engine may want to keep at once.
    check(
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
  void attentionOfManyTokensInABatchAgrees() {
    check(
        8,
        (ops, values) -> {
          Tensor q = values.input(ops, "q", true, 5, 350, 16);
          Tensor k = values.input(ops, "k", true, 5, 360, 16);
          return Map.of("out", ops.attention("attention", q, k, k, 8, null));
        });
  }
}

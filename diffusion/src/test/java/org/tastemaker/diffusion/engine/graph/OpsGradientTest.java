package org.tastemaker.diffusion.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

/** Every differentiable input of every layer; see {@link GradientCheck} for the bound. */
class OpsGradientTest {
  private static void check(BiFunction<Ops, List<Tensor>, Tensor> layer, long[]... shapes) {
    assertThat(GradientCheck.errors(layer, List.of(shapes)))
        .hasSize(shapes.length)
        .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
  }

  private static long[] shape(long... sizes) {
    return sizes;
  }

  @Test
  void linearOverTokensWithBias() {
    check(
        (ops, v) -> ops.linear("l", v.get(0), v.get(1), v.get(2)),
        shape(2, 3, 4),
        shape(5, 4),
        shape(5));
  }

  @Test
  void linearOverVectorsWithoutBias() {
    check((ops, v) -> ops.linear("l", v.get(0), v.get(1), null), shape(3, 4), shape(5, 4));
  }

  /** ND4J's own gradient of a row times a column is wrong. */
  @Test
  void linearOfOneVectorToOneNumber() {
    check(
        (ops, v) -> ops.linear("l", v.get(0), v.get(1), v.get(2)),
        shape(1, 4),
        shape(1, 4),
        shape(1));
  }

  @Test
  void linearOfOneNumberToOneNumber() {
    check((ops, v) -> ops.linear("l", v.get(0), v.get(1), null), shape(1, 1, 1), shape(1, 1));
  }

  @Test
  void attentionOfOneTokenToOneKeyOfOneChannel() {
    check(
        (ops, v) -> ops.attention("a", v.get(0), v.get(1), v.get(2), 1, null),
        shape(1, 1, 1),
        shape(1, 1, 1),
        shape(1, 1, 1));
  }

  @Test
  void trainableEmbeddingOfOneNumber() {
    check(
        (ops, v) ->
            ops.embedding(
                "e", ops.constant("ids", Nd4j.createFromArray(new int[][] {{2}})), v.get(0)),
        shape(5, 1));
  }

  @Test
  void convolutionThreeByThree() {
    check(
        (ops, v) -> ops.conv2d("c", v.get(0), v.get(1), v.get(2), 1, Padding.all(1)),
        shape(2, 3, 5, 4),
        shape(3, 3, 3, 6),
        shape(6));
  }

  @Test
  void convolutionWithStrideTwo() {
    check(
        (ops, v) -> ops.conv2d("c", v.get(0), v.get(1), v.get(2), 2, Padding.all(1)),
        shape(2, 3, 6, 4),
        shape(3, 3, 3, 2),
        shape(2));
  }

  @Test
  void convolutionWithAsymmetricPadding() {
    check(
        (ops, v) -> ops.conv2d("c", v.get(0), v.get(1), v.get(2), 2, new Padding(0, 1, 0, 1)),
        shape(2, 3, 6, 4),
        shape(3, 3, 3, 2),
        shape(2));
  }

  @Test
  void convolutionOneByOneWithoutBias() {
    check(
        (ops, v) -> ops.conv2d("c", v.get(0), v.get(1), null, 1, Padding.NONE),
        shape(2, 3, 4, 4),
        shape(1, 1, 3, 5));
  }

  @Test
  void groupNorm() {
    check(
        (ops, v) -> ops.groupNorm("n", v.get(0), v.get(1), v.get(2), 2, 1e-5),
        shape(2, 4, 3, 3),
        shape(4),
        shape(4));
  }

  @Test
  void layerNorm() {
    check(
        (ops, v) -> ops.layerNorm("n", v.get(0), v.get(1), v.get(2), 1e-5),
        shape(2, 3, 6),
        shape(6),
        shape(6));
  }

  @Test
  void silu() {
    check((ops, v) -> ops.silu("a", v.get(0)), shape(2, 10));
  }

  @Test
  void geluExact() {
    check((ops, v) -> ops.geluExact("a", v.get(0)), shape(2, 10));
  }

  @Test
  void quickGelu() {
    check((ops, v) -> ops.quickGelu("a", v.get(0)), shape(2, 10));
  }

  @Test
  void geglu() {
    check((ops, v) -> ops.geglu("a", v.get(0)), shape(2, 3, 8));
  }

  @Test
  void crossAttention() {
    check(
        (ops, v) -> ops.attention("a", v.get(0), v.get(1), v.get(2), 2, null),
        shape(2, 3, 6),
        shape(2, 5, 6),
        shape(2, 5, 6));
  }

  @Test
  void selfAttentionOfOneTensor() {
    check((ops, v) -> ops.attention("a", v.get(0), v.get(0), v.get(0), 2, null), shape(2, 4, 6));
  }

  @Test
  void causalAttention() {
    check(
        (ops, v) -> ops.attention("a", v.get(0), v.get(1), v.get(2), 2, ops.causalMask("mask", 4)),
        shape(1, 4, 6),
        shape(1, 4, 6),
        shape(1, 4, 6));
  }

  @Test
  void trainableEmbedding() {
    check(
        (ops, v) -> {
          Tensor ids =
              ops.constant("ids", Nd4j.createFromArray(new int[][] {{0, 3, 1}, {3, 3, 4}}));
          return ops.embedding("e", ids, v.get(0));
        },
        shape(5, 3));
  }

  @Test
  void timestepEmbedding() {
    check((ops, v) -> ops.timestepEmbedding("t", v.get(0), 8, true, 0), shape(3));
  }

  @Test
  void add() {
    check((ops, v) -> ops.add("s", v.get(0), v.get(1)), shape(2, 3), shape(2, 3));
  }

  @Test
  void addOfATensorToItself() {
    check((ops, v) -> ops.add("s", v.get(0), v.get(0)), shape(2, 3));
  }

  @Test
  void addToPixels() {
    check((ops, v) -> ops.addToPixels("s", v.get(0), v.get(1)), shape(2, 3, 4, 5), shape(2, 3));
  }

  @Test
  void addToBatch() {
    check((ops, v) -> ops.addToBatch("s", v.get(0), v.get(1)), shape(3, 4, 5), shape(4, 5));
  }

  @Test
  void scale() {
    check((ops, v) -> ops.scale("s", v.get(0), -0.37), shape(2, 3));
  }

  @Test
  void clampInsideAndOutside() {
    check((ops, v) -> ops.clamp("s", v.get(0), -0.5, 0.5), shape(2, 10));
  }

  @Test
  void upsample() {
    check((ops, v) -> ops.upsampleNearest2x("u", v.get(0)), shape(2, 3, 2, 4));
  }

  @Test
  void concat() {
    check((ops, v) -> ops.concat("c", 1, v.get(0), v.get(1)), shape(2, 3, 2, 2), shape(2, 1, 2, 2));
  }

  @Test
  void sliceOfChannels() {
    check((ops, v) -> ops.slice("s", v.get(0), 1, 1, 2), shape(2, 4, 3));
  }

  @Test
  void tokens() {
    check((ops, v) -> ops.toTokens("t", v.get(0)), shape(2, 3, 2, 4));
  }

  @Test
  void image() {
    check((ops, v) -> ops.toImage("t", v.get(0), 2, 4), shape(2, 8, 3));
  }

  /** A variable with several readers, and one composite behind another. */
  @Test
  void residualBlock() {
    check(
        (ops, v) -> {
          Tensor h = ops.groupNorm("norm", v.get(0), v.get(2), v.get(3), 2, 1e-5);
          h = ops.silu("silu", h);
          h = ops.conv2d("conv", h, v.get(1), null, 1, Padding.all(1));
          h = ops.add("residual", h, v.get(0));
          return ops.concat("skip", 1, h, v.get(0));
        },
        shape(2, 4, 3, 3),
        shape(3, 3, 4, 4),
        shape(4),
        shape(4));
  }
}

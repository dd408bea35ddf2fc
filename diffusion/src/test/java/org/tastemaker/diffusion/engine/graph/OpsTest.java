package org.tastemaker.diffusion.engine.graph;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.Engines;

/** Values against hand-worked cases, the record of layers, and what is refused. */
class OpsTest {
  private final Ops ops = new Ops(DataType.DOUBLE);

  /** Values are exact up to a few rounding errors of double precision. */
  private static final double EXACT = 1e-12;

  private double[] values(Tensor tensor, Map<String, INDArray> inputs) {
    try (GraphFunction function =
        Engines.named("replay").create(GraphDefinition.of(ops, Map.of("out", tensor)))) {
      INDArray out = requireNonNull(function.forward(inputs).get("out"));
      assertThat(out.shape()).isEqualTo(tensor.shape().toArray());
      return out.dup('c').data().asDouble();
    }
  }

  private double[] mapped(Function<Tensor, Tensor> layer, double... x) {
    Tensor input = ops.input("x", false, 1, x.length);
    INDArray array = Nd4j.createFromArray(new double[][] {x});
    return values(layer.apply(input), Map.of("x", array));
  }

  private Tensor constant(String name, long[] shape, double... values) {
    return ops.constant(name, Nd4j.createFromArray(values).reshape(shape).dup('c'));
  }

  private static long[] shape(long... sizes) {
    return sizes;
  }

  @Test
  void geluIsTheExactOne() {
    // x Phi(x), from tables of the normal distribution; the tanh form differs in the fourth digit.
    assertThat(mapped(x -> ops.geluExact("g", x), 1, 2, -1, 0))
        .containsExactly(
            new double[] {0.841344746068543, 1.954499736103642, -0.158655253931457, 0},
            within(1e-7)); // libnd4j's erf has about float precision
  }

  @Test
  void quickGeluIsTheSigmoidForm() {
    double expected = 1 / (1 + Math.exp(-1.702));
    assertThat(mapped(x -> ops.quickGelu("g", x), 1, 0))
        .containsExactly(new double[] {expected, 0}, within(1e-8)); // libnd4j's 1.702 is a float
  }

  @Test
  void siluOfOne() {
    assertThat(mapped(x -> ops.silu("s", x), 1))
        .containsExactly(new double[] {1 / (1 + Math.exp(-1))}, within(EXACT));
  }

  @Test
  void gegluGatesTheFirstHalfByTheSecond() {
    assertThat(mapped(x -> ops.geglu("g", x), 3, 5, 1, 0))
        .containsExactly(new double[] {3 * 0.841344746068543, 0}, within(1e-6));
  }

  @Test
  void clampLeavesTheInsideAlone() {
    assertThat(mapped(x -> ops.clamp("c", x, -30, 20), -31, -30, 1.5, 21))
        .containsExactly(-30, -30, 1.5, 20);
  }

  @Test
  void layerNormOfAConstantIsTheShift() {
    Tensor scale = constant("scale", shape(3), 2, 2, 2);
    Tensor shift = constant("shift", shape(3), 1, 2, 3);
    assertThat(mapped(x -> ops.layerNorm("n", x, scale, shift, 1e-5), 7, 7, 7))
        .containsExactly(new double[] {1, 2, 3}, within(EXACT));
  }

  @Test
  void normsHaveTheirEpsilonUnderTheRoot() {
    // Variance 1e-6 and epsilon 1e-5: (x - mean) / sqrt(1.1e-5).
    Tensor scale = constant("scale", shape(2), 1, 1);
    Tensor shift = constant("shift", shape(2), 0, 0);
    double expected = 1e-3 / Math.sqrt(1.1e-5);
    assertThat(mapped(x -> ops.layerNorm("n", x, scale, shift, 1e-5), 1.001, 0.999))
        .containsExactly(new double[] {expected, -expected}, within(1e-9)); // 1.001 is not exact
  }

  @Test
  void groupNormTreatsEachGroupAlone() {
    Tensor x = constant("x", shape(1, 4, 1, 1), 1, 3, 100, 300);
    Tensor scale = constant("scale", shape(4), 1, 1, 1, 1);
    Tensor shift = constant("shift", shape(4), 0, 0, 0, 10);
    // Epsilon 1e-12 beside variances of 1 and 10000.
    assertThat(values(ops.groupNorm("n", x, scale, shift, 2, 1e-12), Map.of()))
        .containsExactly(new double[] {-1, 1, -1, 11}, within(1e-9));
  }

  @Test
  void linearMultipliesByTheTransposedWeight() {
    Tensor x = constant("x", shape(1, 2), 1, 2);
    Tensor weight = constant("w", shape(3, 2), 1, 0, 0, 1, 3, 4);
    Tensor bias = constant("b", shape(3), 0.5, 0, -1);
    assertThat(values(ops.linear("l", x, weight, bias), Map.of())).containsExactly(1.5, 2, 10);
  }

  @Test
  void convolutionWithAsymmetricPaddingStartsAtTheCorner() {
    // A kernel whose only weight is at its first place, stride 2: every second pixel.
    Tensor x = constant("x", shape(1, 1, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
    Tensor weight = constant("w", shape(3, 3, 1, 1), 1, 0, 0, 0, 0, 0, 0, 0, 0);
    Tensor out = ops.conv2d("c", x, weight, null, 2, new Padding(0, 1, 0, 1));
    assertThat(out.shape().toArray()).containsExactly(1, 1, 1, 2);
    assertThat(values(out, Map.of())).containsExactly(1, 3);
  }

  @Test
  void attentionToOneTokenIsItsValue() {
    Tensor query = constant("q", shape(1, 2, 2), 1, 2, 3, 4);
    Tensor key = constant("k", shape(1, 1, 2), 5, 6);
    Tensor value = constant("v", shape(1, 1, 2), 7, 8);
    assertThat(values(ops.attention("a", query, key, value, 2, null), Map.of()))
        .containsExactly(new double[] {7, 8, 7, 8}, within(EXACT));
  }

  @Test
  void causalMaskHidesLaterTokens() {
    Tensor zeros = constant("q", shape(1, 3, 1), 0, 0, 0);
    Tensor value = constant("v", shape(1, 3, 1), 1, 3, 8);
    Tensor out = ops.attention("a", zeros, zeros, value, 1, ops.causalMask("m", 3));
    assertThat(values(out, Map.of())).containsExactly(new double[] {1, 2, 4}, within(EXACT));
  }

  @Test
  void frozenEmbeddingLooksUpRows() {
    Tensor ids = ops.constant("ids", Nd4j.createFromArray(new int[][] {{2, 0}}));
    Tensor table = constant("t", shape(3, 2), 1, 2, 3, 4, 5, 6);
    assertThat(values(ops.embedding("e", ids, table), Map.of())).containsExactly(5, 6, 1, 2);
  }

  @Test
  void trainableEmbeddingGivesTheSame() {
    Tensor ids = ops.constant("ids", Nd4j.createFromArray(new int[][] {{2, 0}}));
    INDArray rows = Nd4j.createFromArray(new double[][] {{1, 2}, {3, 4}, {5, 6}});
    Tensor table = ops.parameter("t", rows, true);
    assertThat(values(ops.embedding("e", ids, table), Map.of())).containsExactly(5, 6, 1, 2);
  }

  @Test
  void timestepEmbeddingHasCosinesFirstWhenFlipped() {
    Tensor t = constant("t", shape(1), 3);
    double slow = 3 * Math.exp(-Math.log(10000) / 2);
    assertThat(values(ops.timestepEmbedding("e", t, 4, true, 0), Map.of()))
        .containsExactly(
            new double[] {Math.cos(3), Math.cos(slow), Math.sin(3), Math.sin(slow)}, within(EXACT));
  }

  @Test
  void tokensRunRowByRow() {
    Tensor x = constant("x", shape(1, 2, 1, 3), 1, 2, 3, 10, 20, 30);
    Tensor tokens = ops.toTokens("t", x);
    assertThat(values(tokens, Map.of())).containsExactly(1, 10, 2, 20, 3, 30);
  }

  @Test
  void imageUndoesTokens() {
    Tensor x = constant("x", shape(1, 2, 2, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    Tensor image = ops.toImage("i", ops.toTokens("t", x), 2, 3);
    assertThat(values(image, Map.of())).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  }

  @Test
  void upsampleRepeatsPixels() {
    Tensor x = constant("x", shape(1, 1, 1, 2), 1, 2);
    assertThat(values(ops.upsampleNearest2x("u", x), Map.of()))
        .containsExactly(1, 1, 2, 2, 1, 1, 2, 2);
  }

  @Test
  void layerNamesItsInputsOutputAndAttributes() {
    Tensor x = ops.input("x", true, 1, 4, 2, 2);
    Tensor scale = ops.input("scale", false, 4);
    Tensor shift = ops.input("shift", false, 4);
    Tensor out = ops.groupNorm("block.norm", x, scale, shift, 2, 1e-5);

    Layer layer = ops.layers().get(0);
    assertThat(layer.kind()).isEqualTo(Layer.Kind.GROUP_NORM);
    assertThat(layer.inputs()).containsExactly(x, scale, shift);
    assertThat(layer.output()).isSameAs(out);
    assertThat(out.name()).isEqualTo("block.norm/out");
    assertThat(layer.attribute("groups")).isEqualTo(2);
    assertThat(layer.attribute("epsilon")).isEqualTo(1e-5);
  }

  @Test
  void unknownAttributeIsNamed() {
    Tensor x = ops.input("x", false, 2, 3);
    ops.silu("act", x);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.layers().get(0).attribute("groups"))
        .withMessageContaining("SILU \"act\" has no attribute \"groups\"");
  }

  @Test
  void wrongWeightIsRefusedWithBothShapes() {
    Tensor x = ops.input("x", false, 2, 3);
    Tensor weight = ops.input("w", false, 4, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.linear("to_q", x, weight, null))
        .withMessage("linear \"to_q\": the weight must have shape [any, 3], but \"w\" has [4, 5]");
  }

  @Test
  void wrongBiasIsRefused() {
    Tensor x = ops.input("x", false, 1, 2, 4, 4);
    Tensor weight = ops.input("w", false, 3, 3, 2, 5);
    Tensor bias = ops.input("b", false, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.conv2d("c", x, weight, bias, 1, Padding.all(1)))
        .withMessage("conv2d \"c\": the bias must have shape [5], but \"b\" has [4]");
  }

  @Test
  void kernelLargerThanTheImageIsRefused() {
    Tensor x = ops.input("x", false, 1, 2, 2, 2);
    Tensor weight = ops.input("w", false, 3, 3, 2, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.conv2d("c", x, weight, null, 1, Padding.NONE))
        .withMessageContaining("the kernel of 3 x 3 does not fit into the image [1, 2, 2, 2]");
  }

  @Test
  void groupsThatDoNotDivideAreRefused() {
    Tensor x = ops.input("x", false, 1, 6, 2, 2);
    Tensor vector = ops.input("v", false, 6);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.groupNorm("n", x, vector, vector, 4, 1e-5))
        .withMessage("groupNorm \"n\": 6 channels cannot be divided into 4 groups");
  }

  @Test
  void headsThatDoNotDivideAreRefused() {
    Tensor x = ops.input("x", false, 1, 6, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.attention("a", x, x, x, 3, null))
        .withMessage("attention \"a\": 8 channels cannot be divided into 3 heads");
  }

  @Test
  void keysAndValuesOfDifferentLengthAreRefused() {
    Tensor x = ops.input("x", false, 1, 6, 8);
    Tensor y = ops.input("y", false, 1, 7, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.attention("a", x, x, y, 2, null))
        .withMessageContaining("the value must have shape [1, 6, 8], but \"y\" has [1, 7, 8]");
  }

  @Test
  void zeroEpsilonIsRefused() {
    Tensor x = ops.input("x", false, 1, 6);
    Tensor vector = ops.input("v", false, 6);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.layerNorm("n", x, vector, vector, 0))
        .withMessageContaining("epsilon must be positive and finite, but was 0.0");
  }

  @Test
  void oddGegluIsRefused() {
    Tensor x = ops.input("x", false, 1, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.geglu("g", x))
        .withMessageContaining("the last dimension must be even");
  }

  @Test
  void concatOfDifferentHeightsIsRefused() {
    Tensor a = ops.input("a", false, 1, 2, 3, 3);
    Tensor b = ops.input("b", false, 1, 2, 4, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.concat("c", 1, a, b))
        .withMessageContaining("must have shape [1, any, 3, 3], but \"b\" has [1, 2, 4, 3]");
  }

  @Test
  void sliceBeyondTheEndIsRefused() {
    Tensor x = ops.input("x", false, 1, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.slice("s", x, 1, 3, 3))
        .withMessageContaining("do not lie within axis 1");
  }

  @Test
  void floatingPointIdsAreRefused() {
    Tensor ids = ops.input("ids", false, 1, 5);
    Tensor table = ops.input("table", false, 7, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.embedding("e", ids, table))
        .withMessageContaining("ids must be INT32, but are DOUBLE");
  }

  @Test
  void nameThatIsTakenIsRefused() {
    Tensor x = ops.input("x", false, 1, 5);
    ops.silu("act", x);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.silu("act", x))
        .withMessageContaining("\"act\" is taken");
  }

  @Test
  void tensorOfAnotherGraphIsRefused() {
    Tensor x = new Ops(DataType.DOUBLE).input("x", false, 1, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.silu("act", x))
        .withMessageContaining("\"x\" belongs to another graph");
  }

  @Test
  void emptyDimensionIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.input("x", false, 1, 0))
        .withMessage("\"x\": every dimension must be at least 1, but the shape is [1, 0]");
  }

  @Test
  void parameterOfAnotherTypeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.parameter("w", Nd4j.ones(DataType.FLOAT, 2, 2), true))
        .withMessageContaining("must be a DOUBLE array in C order");
  }

  @Test
  void halfPrecisionGraphIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Ops(DataType.FLOAT16))
        .withMessageContaining("FLOAT or DOUBLE");
  }

  @Test
  void negativePaddingIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Padding(0, -1, 0, 0))
        .withMessageContaining("bottom -1");
  }

  @Test
  void anotherGraphsTensorIsRefused() {
    Tensor other = new Ops(DataType.DOUBLE).input("x", false, 2, 3);
    Tensor own = ops.input("x", false, 2, 3);
    assertThat(own).isEqualTo(other);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.silu("act", other))
        .withMessage("SILU \"act\": \"x\" belongs to another graph");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphDefinition.of(ops, Map.of("out", other)))
        .withMessage("output \"out\": \"x\" belongs to another graph");
  }

  @Test
  void anInputOfAnotherTypeIsRefused() {
    Tensor floats = ops.constant("floats", Nd4j.ones(DataType.FLOAT, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ops.silu("act", floats))
        .withMessage("SILU \"act\" computes in DOUBLE, but \"floats\" is FLOAT");
  }
}

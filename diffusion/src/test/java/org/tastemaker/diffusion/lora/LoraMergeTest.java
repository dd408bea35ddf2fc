package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.newLora;
import static org.tastemaker.diffusion.lora.LoraFixtures.relativeError;
import static org.tastemaker.diffusion.lora.LoraFixtures.run;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;
import static org.tastemaker.diffusion.lora.LoraFixtures.unet;
import static org.tastemaker.diffusion.lora.LoraFixtures.with;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.SmallLayers;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

class LoraMergeTest {
  /**
   * Between W x + B A x and (W + B A) x: each of some tens of layers rounds by a few times 2^-24 =
   * 6e-8, and the layers' errors add up to some 1e-6.
   */
  private static final double BOUND = 1e-5;

  private UNet2DConditionModel unet;
  private Lora a;
  private Lora b;

  @BeforeEach
  void load() {
    unet = unet();
    a = trained(newLora("a", unet, everywhere().withAlpha(2)));
    b = trained(newLora("b", unet, Lora.Options.ofRank(2)));
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
    unet.close();
  }

  @Test
  void mergedOutputIsThatOfTheBranches() {
    try (INDArray without = run(unet, FunctionOptions.inference());
        INDArray branches = run(unet, with(a))) {
      a.mergeInto(unet.parameters(), 1);
      try (INDArray merged = run(unet, FunctionOptions.inference())) {
        assertThat(relativeError(merged, branches)).isLessThan(BOUND);
        assertThat(relativeError(merged, without)).isGreaterThan(1e-2);
      }
    }
  }

  @Test
  void severalWithWeightsAreTheSumOfTheMerged() {
    LoraStack stack = LoraStack.of(a).with(b, -0.5).withWeight("a", 0.75);
    try (INDArray branches = run(unet, with(stack))) {
      stack.mergeInto(unet.parameters());
      try (INDArray merged = run(unet, FunctionOptions.inference())) {
        assertThat(relativeError(merged, branches)).isLessThan(BOUND);
      }
      stack.unmerge();
      b.mergeInto(unet.parameters(), -0.5);
      a.mergeInto(unet.parameters(), 0.75);
      try (INDArray merged = run(unet, FunctionOptions.inference())) {
        assertThat(relativeError(merged, branches)).isLessThan(BOUND);
      }
    }
  }

  @Test
  void weightZeroIsNoLora() {
    try (INDArray without = run(unet, FunctionOptions.inference());
        INDArray with = run(unet, with(LoraStack.of(a, b).withWeight("a", 0).withWeight("b", 0)))) {
      assertThat(floats(with)).containsExactly(floats(without));
    }
  }

  @Test
  void equalStacksShareTheGraph() {
    FunctionOptions options = with(LoraStack.of(a, b));
    FunctionOptions again =
        options.withAdapter(LoraStack.of(a, b).withWeight("a", 0.5).withWeight("a", 1));
    assertThat(unet.function(1, 8, 8, 5, again)).isSameAs(unet.function(1, 8, 8, 5, options));
  }

  @Test
  void unmergingRestoresEveryWeightToRounding() {
    Map<String, INDArray> before = copy(unet.parameters());
    a.mergeInto(unet.parameters(), 1);
    Map<String, INDArray> merged = copy(unet.parameters());
    trained(a).parameters().arrays().values().forEach(array -> array.muli(3)); // trained on
    a.unmerge();

    double u = 0x1p-24;
    before.forEach(
        (name, array) -> {
          double excess = 0;
          for (long i = 0; i < array.length(); i++) {
            double w = array.data().getDouble(i);
            double d = Math.abs(requireNonNull(merged.get(name)).data().getDouble(i) - w);
            double error = Math.abs(unet.parameters().get(name).data().getDouble(i) - w);
            // One rounding of w + d and one of the difference; see Lora.unmerge.
            excess = Math.max(excess, error - (2 * Math.abs(w) + d) * u * 1.001);
          }
          assertThat(excess).as(name).isZero();
        });
    assertThat(a.isMerged()).isFalse();
  }

  @Test
  void mergingLeavesTheOtherParametersAlone() {
    Map<String, INDArray> before = copy(unet.parameters());
    b.mergeInto(unet.parameters(), 1);
    before.forEach(
        (name, array) -> {
          boolean adapted =
              b.modules().values().stream().anyMatch(m -> m.weight().name().equals(name));
          assertThat(Arrays.equals(floats(unet.parameters().get(name)), floats(array)))
              .as(name)
              .isEqualTo(!adapted);
        });
  }

  private static Map<String, INDArray> copy(Parameters parameters) {
    Map<String, INDArray> copy = new LinkedHashMap<>();
    parameters.arrays().forEach((name, array) -> copy.put(name, array.dup('c')));
    return copy;
  }

  @Test
  void mergingTwiceIsAnError() {
    a.mergeInto(unet.parameters(), 1);
    assertThatThrownBy(() -> a.mergeInto(unet.parameters(), 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("LoRA \"a\" is merged already; unmerge it first");
  }

  @Test
  void unmergingWhatIsNotMergedIsAnError() {
    assertThatThrownBy(() -> a.unmerge())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("LoRA \"a\" is not merged; call mergeInto first");
    a.mergeInto(unet.parameters(), 1);
    assertThatThrownBy(() -> LoraStack.of(a, b).unmerge())
        .hasMessageContaining("LoRA \"b\" of the stack is not merged");
    assertThat(a.isMerged()).isTrue();
  }

  @Test
  void mergedLoraIsNoBranch() {
    a.mergeInto(unet.parameters(), 1);
    assertThatThrownBy(() -> run(unet, with(a)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is merged into the weights and would act twice");
  }

  @Test
  void failedMergeChangesNothing() {
    Map<String, INDArray> before = copy(unet.parameters());
    b.parameters().arrays().values().iterator().next().data().put(0, Float.NaN);
    assertThatThrownBy(() -> LoraStack.of(a, b).mergeInto(unet.parameters()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("holds NaN and must not be merged");
    assertThatThrownBy(() -> a.mergeInto(unet.parameters(), Double.POSITIVE_INFINITY))
        .hasMessage("the weight of LoRA \"a\" must be finite, but was Infinity");
    try (Parameters other = SmallLayers.parameters(Seed.of(1), DataType.FLOAT)) {
      assertThatThrownBy(() -> a.mergeInto(other, 1))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining("and " + (a.modules().size() - 10) + " more");
    }
    before.forEach(
        (name, array) ->
            assertThat(floats(unet.parameters().get(name))).containsExactly(floats(array)));
    assertThat(a.isMerged()).isFalse();
  }

  @Test
  void stackRefusesEqualNamesAndUnknownOnes() {
    assertThatThrownBy(() -> LoraStack.of(a, a)).hasMessageContaining("two are named \"a\"");
    assertThatThrownBy(() -> LoraStack.of(a, b).withWeight("c", 1))
        .hasMessage("no LoRA \"c\" in the stack; it has [a, b]");
    assertThatThrownBy(() -> LoraStack.of(a).with(b, Double.NaN))
        .hasMessage("the weight of LoRA \"b\" must be finite, but was NaN");
  }
}

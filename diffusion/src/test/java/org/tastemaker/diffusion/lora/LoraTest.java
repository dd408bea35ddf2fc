package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.tastemaker.diffusion.lora.LoraFixtures.SEED;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.newLora;
import static org.tastemaker.diffusion.lora.LoraFixtures.relativeError;
import static org.tastemaker.diffusion.lora.LoraFixtures.run;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;
import static org.tastemaker.diffusion.lora.LoraFixtures.unet;
import static org.tastemaker.diffusion.lora.LoraFixtures.with;

import com.google.common.primitives.ImmutableLongArray;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.SmallLayers;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

class LoraTest {
  private static UNet2DConditionModel unet;

  @BeforeAll
  static void load() {
    unet = unet();
  }

  @AfterAll
  static void close() {
    unet.close();
  }

  @Test
  void defaultTargetsAreTheFourProjectionsOfEveryAttention() {
    try (Lora lora = newLora("a", unet, Lora.Options.defaults())) {
      assertThat(lora.modules().keySet())
          .allMatch(path -> path.matches(".*\\.attn[12]\\.(to_q|to_k|to_v|to_out\\.0)"))
          .contains("mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0");
      long projections =
          unet.parameters().specs().keySet().stream()
              .filter(name -> name.matches(".*\\.to_(q|k|v|out\\.0)\\.weight"))
              .count();
      assertThat((long) lora.modules().size()).isEqualTo(projections);
    }
  }

  @Test
  void expressionsMatchWholePaths() {
    Lora.Options options =
        Lora.Options.defaults()
            .withTargets(LoraTargets.matching("mid_block\\.resnets\\.[01]\\.conv1"));
    try (Lora lora = newLora("a", unet, options)) {
      assertThat(lora.modules().keySet())
          .containsExactly("mid_block.resnets.0.conv1", "mid_block.resnets.1.conv1");
    }
  }

  @Test
  void namesMatchFromADotOn() {
    LoraTargets targets = LoraTargets.named("conv");
    assertThat(targets.matches("up_blocks.0.upsamplers.0.conv")).containsExactly("conv");
    assertThat(targets.matches("conv")).containsExactly("conv");
    assertThat(targets.matches("block.myconv")).isEmpty();
    assertThat(targets.matches("block.conv.1")).isEmpty();
  }

  @Test
  void shapesAreThoseOfTheFiles() {
    Lora.Options options = Lora.Options.ofRank(3).withTargets(LoraTargets.named("conv_in", "to_k"));
    try (Lora lora = newLora("a", unet, options)) {
      String conv = "lora.a.unet.conv_in";
      String linear =
          "lora.a.unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k"; // from the text
      assertThat(shape(lora, conv + ".down.weight")).isEqualTo(ImmutableLongArray.of(3, 4, 3, 3));
      assertThat(shape(lora, conv + ".up.weight")).isEqualTo(ImmutableLongArray.of(4, 3, 1, 1));
      assertThat(shape(lora, linear + ".down.weight")).isEqualTo(ImmutableLongArray.of(3, 32));
      assertThat(shape(lora, linear + ".up.weight")).isEqualTo(ImmutableLongArray.of(8, 3));
    }
  }

  private static ImmutableLongArray shape(Lora lora, String parameter) {
    return requireNonNull(lora.parameters().specs().get(parameter)).shape();
  }

  @Test
  void gaussianDownLayersHaveTheStandardDeviationOneOverRank() {
    try (Lora lora = newLora("a", unet, everywhere().withRank(4).withAlpha(4))) {
      double sum = 0;
      long count = 0;
      for (LoraModule module : lora.modules().values()) {
        INDArray down = lora.down(module);
        for (long i = 0; i < down.length(); i++) {
          sum += Math.pow(down.data().getDouble(i), 2);
        }
        count += down.length();
      }
      // The standard error of a variance is sqrt(2 / n) of it: 2 % for 5,000 numbers or more.
      assertThat(count).isGreaterThan(5000);
      assertThat(Math.sqrt(sum / count)).isBetween(0.25 * 0.95, 0.25 * 1.05);
    }
  }

  @Test
  void kaimingDownLayersAreBoundedByTheFanIn() {
    Lora.Options options =
        Lora.Options.defaults()
            .withInitialisation(Lora.Initialisation.KAIMING)
            .withTargets(LoraTargets.named("mid_block.resnets.0.conv1"))
            .withRank(8)
            .withAlpha(8);
    try (Lora lora = newLora("a", unet, options)) {
      INDArray down = lora.down(lora.modules().values().iterator().next());
      double bound = 1 / Math.sqrt(8 * 9.0); // 8 channels, 3 x 3
      double largest = down.amaxNumber().doubleValue();
      assertThat(largest).isLessThanOrEqualTo(bound + 1e-7).isGreaterThan(0.9 * bound);
    }
  }

  @Test
  void sameSeedGivesTheSameParameters() {
    try (Lora a = newLora("a", unet, Lora.Options.defaults());
        Lora b = newLora("a", unet, Lora.Options.defaults())) {
      a.parameters()
          .arrays()
          .forEach(
              (name, array) ->
                  assertThat(floats(b.parameters().get(name))).containsExactly(floats(array)));
    }
  }

  @Test
  void newLoraLeavesTheOutputAsItIs() {
    try (Lora lora = newLora("a", unet, everywhere());
        INDArray without = run(unet, FunctionOptions.inference());
        INDArray with = run(unet, with(lora))) {
      // x + 0 is exact, but without the branch some layers are computed together.
      assertThat(floats(with)).containsExactly(floats(without), within(1e-5f));
    }
  }

  @Test
  void trainedLoraChangesTheOutput() {
    try (Lora lora = trained(newLora("a", unet, Lora.Options.defaults()));
        INDArray without = run(unet, FunctionOptions.inference());
        INDArray with = run(unet, with(lora))) {
      assertThat(relativeError(with, without)).isGreaterThan(1e-3);
    }
  }

  @Test
  void onlyTheLoraGetsGradients() {
    try (Lora lora = newLora("a", unet, everywhere())) {
      FunctionOptions options = with(lora).withTrainable(lora.trainable());
      try (INDArray out = run(unet, options);
          INDArray cotangent = LoraFixtures.noise("cotangent", out.shape())) {
        Map<String, INDArray> gradients =
            unet.function(2, 8, 8, 5, options).backward(Map.of("out", cotangent));
        assertThat(gradients.keySet()).isEqualTo(lora.parameters().specs().keySet());
        // With up = 0 nothing reaches the down layers, but the up layers do move.
        gradients.forEach(
            (name, gradient) -> {
              if (name.endsWith(LoraParameters.UP)) {
                assertThat(gradient.amaxNumber().doubleValue()).as(name).isPositive();
              } else {
                assertThat(gradient.amaxNumber().doubleValue()).as(name).isZero();
              }
            });
      }
    }
  }

  @Test
  void gradientsOfLinearLayersAndConvolutionsAreRight() {
    try (Parameters base = SmallLayers.parameters(SEED, DataType.DOUBLE);
        Lora lora = trained(small(base))) {
      GraphDefinition definition =
          SmallLayers.define(base, with(lora).withTrainable(lora.trainable()));
      try (GraphFunction function = Engines.named("replay").create(definition);
          INDArray x = GradientCheck.random(SEED, 2, 3, 6, 6)) {
        Map<String, Double> errors = GradientCheck.errors(function, definition, Map.of("x", x));
        assertThat(errors.keySet()).isEqualTo(lora.parameters().specs().keySet());
        assertThat(errors.values())
            .allMatch(error -> error < GradientCheck.BOUND, errors.toString());
      }
    }
  }

  static Lora small(Parameters base) {
    return Lora.create(
        "small", LoraNetwork.UNET, base, everywhere().withRank(2).withAlpha(3), SEED);
  }

  @Test
  void unmatchedTargetIsNamed() {
    Lora.Options options = Lora.Options.defaults().withTargets(LoraTargets.named("to_q", "to_kk"));
    assertThatThrownBy(() -> newLora("a", unet, options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("targets [to_kk] match no linear layer or convolution of the unet")
        .hasMessageContaining("conv_in");
  }

  @Test
  void patternsGiveLayersAnotherRankOrAlphaAndTheFirstThatMatchesCounts() {
    Lora.Options options =
        Lora.Options.ofRank(4)
            .withPatterns(
                LoraPatterns.none()
                    .withRank("attn2.to_k", 2)
                    .withRank("mid_block\\..*\\.to_[kv]", 3)
                    .withAlpha("to_out.0", 12));
    try (Lora lora = newLora("a", unet, options)) {
      lora.modules()
          .forEach(
              (path, module) -> {
                boolean cross = path.endsWith("attn2.to_k");
                boolean mid = path.matches("mid_block\\..*\\.to_[kv]");
                assertThat(module.rank()).as(path).isEqualTo(cross ? 2 : mid ? 3 : 4);
                // As in PEFT, another rank does not change alpha.
                assertThat(module.alpha()).as(path).isEqualTo(path.endsWith("to_out.0") ? 12 : 4);
              });
      String cross = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k";
      assertThat(shape(lora, "lora.a.unet." + cross + ".down.weight"))
          .isEqualTo(ImmutableLongArray.of(2, 32));
      assertThat(requireNonNull(lora.modules().get(cross)).scale()).isEqualTo(2);
    }
  }

  @Test
  void aPatternThatNoChosenLayerMatchesIsNamed() {
    Lora.Options options =
        Lora.Options.defaults().withPatterns(LoraPatterns.none().withRank("conv_in", 2));
    assertThatThrownBy(() -> newLora("a", unet, options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "the LoRA's rank pattern [conv_in] matches none of the layers that the targets choose")
        .hasMessageContaining("attn1.to_q");
    assertThatThrownBy(() -> LoraPatterns.none().withRank("to_q", 0))
        .hasMessage("the LoRA's rank pattern \"to_q\" must be at least 1, but was 0");
    assertThatThrownBy(() -> LoraPatterns.none().withAlpha("to_q", -1))
        .hasMessage("the LoRA's alpha pattern \"to_q\" must be positive and finite, but was -1.0");
    assertThatThrownBy(() -> LoraPatterns.none().withAlpha("(", 1))
        .hasMessage("the LoRA's alpha pattern: \"(\" is not a regular expression");
  }

  @Test
  void badOptionsAreRefused() {
    Lora.Options options = Lora.Options.defaults();
    assertThatThrownBy(() -> options.withRank(0)).hasMessage("rank must be at least 1, but was 0");
    assertThatThrownBy(() -> options.withAlpha(0))
        .hasMessage("alpha must be positive and finite, but was 0.0");
    assertThatThrownBy(() -> options.withAlpha(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> options.withDropout(1))
        .hasMessage("dropout must be in [0, 1), but was 1.0");
    assertThatThrownBy(() -> LoraTargets.named())
        .hasMessage("targets must name at least one layer, but are empty");
    assertThatThrownBy(() -> LoraTargets.named("")).hasMessageContaining("must not be empty");
    assertThatThrownBy(() -> LoraTargets.matching("("))
        .hasMessageContaining("target \"(\" is not a regular expression");
    assertThatThrownBy(() -> newLora("a.b", unet, options))
        .hasMessageContaining("must be letters, digits, '-' and '_', but was \"a.b\"");
  }

  @Test
  void loraOfAnotherNetworkDoesNotFit() {
    try (Parameters other = SmallLayers.parameters(Seed.of(1), DataType.FLOAT);
        Lora lora = small(other)) {
      assertThatThrownBy(() -> lora.requireFits(unet.parameters()))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining("LoRA \"small\" does not fit the network, 3 problems")
          .hasMessageContaining("no layer \"block.conv\"");
    }
  }
}

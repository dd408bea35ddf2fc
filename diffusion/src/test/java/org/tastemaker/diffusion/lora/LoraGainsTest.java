package org.tastemaker.diffusion.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.newLora;
import static org.tastemaker.diffusion.lora.LoraFixtures.relativeError;
import static org.tastemaker.diffusion.lora.LoraFixtures.run;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;
import static org.tastemaker.diffusion.lora.LoraFixtures.unet;
import static org.tastemaker.diffusion.lora.LoraFixtures.with;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

class LoraGainsTest {
  /**
   * W + g (W Q) Q^T against (1 + g) W: sums of at most 300 products of float32 each, of numbers
   * below 1, are off by some 300 * 2^-24 = 2e-5 at the very worst.
   */
  private static final double BOUND = 2e-5;

  private static final Seed SEED = Seed.of(3);

  private UNet2DConditionModel unet;

  @BeforeEach
  void load() {
    unet = unet();
  }

  @AfterEach
  void close() {
    unet.close();
  }

  private Lora lora(int rank, String targets) {
    return newLora(
        "gains",
        unet,
        Lora.Options.ofRank(rank).withAlpha(3).withTargets(LoraTargets.matching(targets)));
  }

  private Map<String, float[]> weights() {
    Map<String, float[]> copies = new LinkedHashMap<>();
    unet.parameters()
        .arrays()
        .forEach((name, array) -> copies.put(name, array.dup('c').data().asFloat()));
    return copies;
  }

  /** The rank that a layer has, so that Q spans all that the layer sees. */
  private int fullRank(String path) {
    var weight = unet.parameters().specs().get(path + ".weight");
    assertThat(weight).as(path).isNotNull();
    return (int) Math.min(weight.fanIn(), weight.shape().get(0));
  }

  private void assertFullRankGainsScale(String path) {
    Map<String, float[]> before = weights();
    try (Lora lora = lora(fullRank(path), path.replace(".", "\\."))) {
      LoraGains gains = LoraGains.of(lora, unet.parameters(), SEED);
      gains.set(new float[] {0.25f});
      lora.mergeInto(unet.parameters(), 1);
    }
    float[] was = before.remove(path + ".weight");
    Map<String, float[]> after = weights();
    float[] is = after.remove(path + ".weight");
    for (int i = 0; i < is.length; i++) {
      assertThat(is[i]).isCloseTo(1.25f * was[i], within((float) BOUND));
    }
    before.forEach((name, array) -> assertThat(after.get(name)).as(name).isEqualTo(array));
  }

  @Test
  void aGainOfALinearLayersFullRankScalesItsWeight() {
    assertFullRankGainsScale("mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0");
    assertFullRankGainsScale("mid_block.attentions.0.transformer_blocks.0.attn2.to_k"); // 8 of 32
  }

  @Test
  void aGainOfAConvolutionsFullRankScalesItsWeight() {
    assertFullRankGainsScale("down_blocks.1.resnets.0.conv1");
    assertFullRankGainsScale("mid_block.attentions.0.proj_in");
  }

  @Test
  void withALowerRankTheStrongestDirectionsGrow() {
    String path = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
    INDArray weight = unet.parameters().get(path + ".weight"); // [8, 8]
    weight.assign(0);
    double[] singular = {0.1, 2, 0.3, 6, 0.05, 0, 1, 0.2}; // 6 and 2 are the strongest
    for (int i = 0; i < 8; i++) {
      weight.putScalar(i, 7 - i, singular[i]);
    }
    try (Lora lora = lora(2, path.replace(".", "\\."))) {
      LoraGains gains = LoraGains.of(lora, unet.parameters(), SEED);
      gains.set(new float[] {0.5f});
      lora.mergeInto(unet.parameters(), 1);
    }
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 8; j++) {
        double expected = j != 7 - i ? 0 : singular[i] >= 2 ? 1.5 * singular[i] : singular[i];
        // (1/2)^24 of the third direction is left after 12 passes, and float32's rounding.
        assertThat(weight.getDouble(i, j)).isCloseTo(expected, within(1e-5));
      }
    }
  }

  @Test
  void gainsOfZeroChangeNothing() {
    try (Lora lora = lora(2, ".*attn.*");
        INDArray without = run(unet, FunctionOptions.inference())) {
      LoraGains gains = LoraGains.of(lora, unet.parameters(), SEED);
      assertThat(gains.get()).containsOnly(0).hasSize(gains.layers().size());
      try (INDArray with = run(unet, with(lora))) {
        assertThat(floats(with)).containsExactly(floats(without));
      }
    }
  }

  @Test
  void aBranchDoesWhatTheMergedGainsDo() {
    try (Lora lora = lora(3, ".*(conv[12]|to_out\\.0|proj_in)")) {
      LoraGains gains = LoraGains.of(lora, unet.parameters(), SEED);
      float[] values = new float[gains.layers().size()];
      SEED.gaussian(0, values);
      gains.set(values);
      try (INDArray branch = run(unet, with(lora));
          INDArray without = run(unet, FunctionOptions.inference())) {
        lora.mergeInto(unet.parameters(), 1);
        try (INDArray merged = run(unet, FunctionOptions.inference())) {
          assertThat(relativeError(merged, branch)).isLessThan(1e-5); // as in LoraMergeTest
          assertThat(relativeError(merged, without)).isGreaterThan(1e-2);
        }
      }
    }
  }

  @Test
  void aGainMovesItsLayerAlone() {
    try (Lora lora = lora(2, ".*attn[12].to_out.*")) {
      LoraGains gains = LoraGains.of(lora, unet.parameters(), SEED);
      float[] values = new float[gains.layers().size()];
      values[3] = -0.5f;
      gains.set(values);
      lora.parameters()
          .arrays()
          .forEach(
              (name, array) -> {
                if (name.endsWith(".up.weight")) {
                  boolean moved = array.norm2Number().doubleValue() > 0;
                  assertThat(moved).as(name).isEqualTo(name.contains(gains.layers().get(3)));
                }
              });
      assertThat(gains.get()).containsExactly(values);
      gains.set(new float[values.length]);
      assertThat(gains.get()).containsOnly(0);
    }
  }

  @Test
  void theSameSeedGivesTheSameDirections() {
    try (Lora one = lora(2, ".*to_k");
        Lora two = lora(2, ".*to_k")) {
      LoraGains.of(one, unet.parameters(), SEED);
      LoraGains.of(two, unet.parameters(), SEED);
      one.parameters()
          .arrays()
          .forEach(
              (name, array) ->
                  assertThat(floats(array)).containsExactly(floats(two.parameters().get(name))));
    }
  }

  @Test
  void aLoraThatHasLearntSomethingIsRefused() {
    try (Lora lora = trained(lora(2, ".*to_k"))) {
      float[] before = floats(lora.parameters().arrays().values().iterator().next());
      assertThatThrownBy(() -> LoraGains.of(lora, unet.parameters(), SEED))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("\"gains\" has been trained: its up layer at \"down_blocks")
          .hasMessageContaining("Lora.create");
      assertThat(floats(lora.parameters().arrays().values().iterator().next()))
          .containsExactly(before);
    }
  }

  @Test
  void badInputIsRefused() {
    try (Lora tooHigh = lora(9, ".*mid_block.*attn1.to_q")) {
      assertThatThrownBy(() -> LoraGains.of(tooHigh, unet.parameters(), SEED))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("was 9")
          .hasMessageContaining("8 inputs and 8 outputs");
    }
    try (Lora lora = lora(2, ".*mid_block.*to_q")) {
      LoraGains gains = LoraGains.of(lora, unet.parameters(), SEED);
      gains.set(new float[] {1, 2});
      assertThatThrownBy(() -> gains.set(new float[3]))
          .hasMessage("there must be a gain for each of 2 layers, but there were 3");
      assertThatThrownBy(() -> gains.set(new float[] {3, Float.NaN}))
          .hasMessageContaining("attn2.to_q\" must be finite, but was NaN");
      assertThat(gains.get()).containsExactly(1, 2);
    }
  }

  @Test
  void gainsThatNoLayerWeightFitsAreRefused() {
    Parameters other = Parameters.random(List.of(), SEED, DataType.FLOAT);
    try (Lora lora = lora(2, ".*to_q")) {
      assertThatThrownBy(() -> LoraGains.of(lora, other, SEED))
          .isInstanceOf(LoraMismatchException.class);
    }
  }
}

package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.testing.TinyModel;

/** The conditioner of a complete model. */
class ModelConditionsTest {
  private static final Prompt CAT = Prompt.of("a photo of a cat");
  private static final Prompt DOG = Prompt.of("a dog").withNegativeText("a photo of a cat");

  private final LatentDiffusion model = TinyModel.ofReferenceSizes(Seed.of(1));
  private final Conditioner conditioner = model.conditioner();

  @AfterEach
  void close() {
    model.close();
  }

  private static float[] tokens(Condition condition) {
    float[] tokens = new float[condition.tokens().capacity()];
    condition.tokens().get(0, tokens);
    return tokens;
  }

  @Test
  void aConditionIsTheTextEncodersOutputAndItsEndToken() {
    ClipTextModel clip = model.components().textEncoder();
    int[][] ids = {model.components().tokenizer().encode(CAT.text()).ids().toArray()};

    Condition condition = model.conditions(0).of(CAT.text());

    assertThat(condition.length()).isEqualTo(ids[0].length);
    assertThat(condition.width()).isEqualTo(conditioner.encoder().pooledWidth());
    float[] hidden = clip.encode(ids, 0).data().asFloat();
    int end = clip.endOf(ids[0]).orElseThrow() * condition.width();
    assertThat(tokens(condition)).isEqualTo(hidden);
    assertThat(condition.requirePooled())
        .isEqualTo(Arrays.copyOfRange(hidden, end, end + condition.width()));
  }

  @Test
  void clipSkipLeavesTheLastLayersOut() {
    LatentDiffusion skipping = model.with(model.options().withClipSkip(1));
    int length = conditioner.encoder().length();
    Condition condition = skipping.conditions(0).of(CAT.text());
    try (INDArray ids =
        Nd4j.createFromArray(
            new int[][] {model.components().tokenizer().encode(CAT.text()).ids().toArray()})) {
      INDArray hidden =
          model
              .components()
              .textEncoder()
              .function(1, length, 1, FunctionOptions.inference())
              .forward(Map.of(ClipTextModel.INPUT_IDS, ids))
              .get(ClipTextModel.LAST_HIDDEN_STATE);
      assertThat(tokens(condition)).isEqualTo(Objects.requireNonNull(hidden).data().asFloat());
    }
    assertThat(tokens(condition)).isNotEqualTo(tokens(model.conditions(0).of(CAT.text())));
  }

  @Test
  void samplingRolloutsReplaysAndActivationsEncodeATextOnce() {
    LatentDiffusion policy = model.with(SamplingOptions.ddpo().withSteps(2));
    List<Prompt> prompts = List.of(CAT, DOG, CAT);
    model.generate(prompts, Seed.of(1));
    assertThat(conditioner.encoded()).isEqualTo(3); // a cat, a dog, and the empty negative prompt
    try (Rollout rollout = policy.rollout(prompts, Seed.of(2));
        INDArray replayed = policy.replay(rollout);
        INDArray latents = model.encode(model.generate(List.of(CAT), Seed.of(1)))) {
      assertThat(replayed).isEqualTo(rollout.logProbabilities());
      UNetActivations.of(model, UNetActivations.Options.defaults())
          .of(List.of(CAT.text()), latents);
    }
    assertThat(conditioner.encoded()).isEqualTo(3);
  }

  @Test
  void withoutGuidanceNoNegativePromptIsEncoded() {
    model.with(model.options().withGuidanceScale(1)).generate(List.of(DOG), Seed.of(1));
    assertThat(conditioner.encoded()).isEqualTo(1);
  }

  @Test
  void aViewWithAnotherUnetSharesTheConditioner() {
    try (UNet2DConditionModel copy = model.components().unet().copy()) {
      LatentDiffusion view = model.with(copy);
      assertThat(view.conditioner()).isSameAs(conditioner);
      assertThat(view.generate(List.of(CAT), Seed.of(3)))
          .isEqualTo(model.generate(List.of(CAT), Seed.of(3)));
    }
  }

  @Test
  void trainingTheTextEncoderIsNoticed() {
    float[] before = tokens(model.conditions(0).of(CAT.text()));
    INDArray bias =
        model.components().textEncoder().parameters().get("text_model.final_layer_norm.bias");
    bias.putScalar(0, bias.getFloat(0) + 1);
    float[] after = tokens(model.conditions(0).of(CAT.text()));
    assertThat(after[0]).isEqualTo(before[0] + 1);
    assertThat(conditioner.encoded()).isEqualTo(2);
  }

  @Test
  void aConditionOfAnotherShapeIsRejected() {
    Condition condition =
        new Condition(1, 2, FloatBuffer.wrap(new float[2]), Optional.empty(), Optional.empty());
    try (UNetInputs inputs = UNetInputs.of(model.components().unet(), 1, 8, 8, 1)) {
      assertThatThrownBy(() -> inputs.setCondition(0, condition))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the U-Net reads tokens of shape [1, 32], but the condition's are [1, 2]");
    }
  }
}

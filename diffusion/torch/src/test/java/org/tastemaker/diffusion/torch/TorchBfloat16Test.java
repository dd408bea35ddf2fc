package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.engine.UNetRun;
import org.tastemaker.diffusion.testing.engine.WholeGradient;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.testing.Goldens;

/** bfloat16 against float32, judged by whole gradients and by what training makes of them. */
class TorchBfloat16Test {
  static List<Path> unets() {
    return Goldens.cases("unet_");
  }

  @ParameterizedTest
  @MethodSource("unets")
  void theWholeGradientIsThatOfFloat32(Path golden) {
    try (UNet2DConditionModel model = UNet2DConditionModel.load(golden)) {
      UNetRun expected = UNetRun.of(model, TestEngines.float32());
      UNetRun actual = UNetRun.of(model, TestEngines.of("bfloat16"));
      WholeGradient gradient = WholeGradient.of(actual.gradients(), expected.gradients());
      // One rounding is 2e-3 and dozens follow one another. Measured: 1.2e-2. Not 0: it is not
      // float32 by mistake.
      assertThat(actual.error(expected)).isBetween(1e-3, 3e-2);
      // Measured: the ratio is off 1 by 1e-3 (small) and 4e-3 (tiny), the cosine by 3e-4 and 2e-4.
      assertThat(gradient.ratio()).isCloseTo(1, within(1e-2));
      assertThat(gradient.cosine()).isGreaterThan(1 - 1e-3);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16"})
  void theMeanRewardOfHeldOutSeedsRises(String precision) {
    Engine engine = TestEngines.of(precision);
    DiffusionPolicy.Options options = DiffusionPolicy.Options.fullWeights().withLearningRate(2e-3);
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        DiffusionPolicy policy =
            DiffusionPolicy.fullWeights(
                model.with(FunctionOptions.inference().withEngine(engine)), options)) {
      Ddpo ddpo =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withPromptStatistics(Optional.empty())
                  .withClipRange(1e-2)
                  .withUpdatesPerEpoch(2)
                  .withMicroBatch(8),
              Seed.of(4));
      List<Prompt> heldOut = TinyModel.prompts(8);
      double before = meanOf(policy.sampler().rollout(heldOut, Seed.of(1000)));
      for (int round = 0; round < 10; round++) {
        try (Rollout rollout =
            policy.sampler().rollout(TinyModel.prompts(16), Seed.of(50).split(round))) {
          assertThat(ddpo.step(rollout, Rewards.of(latentMeans(rollout))).skippedReason()).isNull();
        }
      }
      double after = meanOf(policy.sampler().rollout(heldOut, Seed.of(1000)));
      // The noise is the same before and after: the difference is the policy's alone. Measured:
      // 0.14
      // in float32, 0.18 in bfloat16.
      assertThat(after).isGreaterThan(before + 0.02);
    }
  }

  private static double meanOf(Rollout rollout) {
    try (rollout) {
      return Arrays.stream(latentMeans(rollout)).average().orElseThrow();
    }
  }

  /** A reward of the last latents: their mean. */
  private static double[] latentMeans(Rollout rollout) {
    try (INDArray means = rollout.latents().slice(rollout.steps()).mean(1, 2, 3)) {
      return means.toDoubleVector();
    }
  }
}

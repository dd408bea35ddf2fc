package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;

/** An adapter that is active in a part of the denoising: five steps at 801, 601, .. 1. */
class RangedAdapterTest {
  private static final int STEPS = 5;
  private static final List<Prompt> PROMPTS = TinyModel.prompts(3);

  private final LatentDiffusion whole = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(whole, Seed.of(2));
  private final LatentDiffusion base =
      whole.with(whole.options().withSteps(STEPS).withBatchSize(2));
  private final LatentDiffusion adapted = base.with(FunctionOptions.inference().withAdapter(lora));

  @BeforeEach
  void perturb() {
    lora.parameters()
        .arrays()
        .forEach(
            (name, array) -> {
              FloatBuffer values = FloatBuffers.of(array);
              float[] noise = new float[values.limit()];
              Seed.of(3).split(name).gaussian(0, noise);
              for (int i = 0; i < noise.length; i++) {
                values.put(i, values.get(i) + 0.3f * noise[i]);
              }
            });
  }

  @AfterEach
  void close() {
    lora.close();
    whole.close();
  }

  private static Rollout rollout(LatentDiffusion model) {
    return model.rollout(PROMPTS, Seed.of(4));
  }

  private static float[] latents(Rollout rollout, int step) {
    try (INDArray copy = rollout.latents().slice(step).dup()) {
      return copy.data().asFloat();
    }
  }

  @Test
  void theAdapterActsOnTheStepsOfTheRangeAlone() {
    try (Rollout ranged = rollout(adapted.with(new DenoisingRange(0.3, 0.7)));
        Rollout without = rollout(base);
        Rollout with = rollout(adapted)) {
      assertThat(latents(ranged, 1)).isEqualTo(latents(without, 1)); // the step at 801
      assertThat(latents(ranged, 2)).isNotEqualTo(latents(without, 2)); // at 601
      assertThat(latents(with, 1)).isNotEqualTo(latents(without, 1));
    }
    try (Rollout ranged = rollout(adapted.with(DenoisingRange.until(0.3)));
        Rollout with = rollout(adapted)) {
      assertThat(latents(ranged, 1)).isEqualTo(latents(with, 1));
      assertThat(latents(ranged, 2)).isNotEqualTo(latents(with, 2));
    }
  }

  @Test
  void aLateStepIsTheBaseModelsOnWhatTheEarlyOnesMade() {
    // The base model's log-probability of the late steps is the recorded one; of the early ones
    // not.
    LatentDiffusion ranged = adapted.with(DenoisingRange.until(0.5));
    try (Rollout rollout = rollout(ranged);
        INDArray byBase = base.replay(rollout);
        INDArray byAdapted = adapted.replay(rollout);
        INDArray byRanged = ranged.replay(rollout)) {
      for (int step = 0; step < STEPS; step++) {
        float recorded = rollout.logProbabilities().getFloat(step, 0);
        boolean early = rollout.timesteps().get(step) > 500;
        assertThat(byBase.getFloat(step, 0) == recorded).isEqualTo(!early);
        assertThat(byAdapted.getFloat(step, 0) == recorded).isEqualTo(early);
        assertThat(byRanged.getFloat(step, 0)).isEqualTo(recorded);
      }
    }
  }

  @Test
  void allOfTheDenoisingIsTheAdapterItself() {
    try (Rollout all = rollout(adapted.with(DenoisingRange.until(1)));
        Rollout with = rollout(adapted)) {
      assertThat(latents(all, STEPS)).isEqualTo(latents(with, STEPS));
    }
  }

  @Test
  void aModelWithoutAnAdapterHasNothingToLeaveOut() {
    try (Rollout ranged = rollout(base.with(DenoisingRange.until(0.5)));
        Rollout without = rollout(base)) {
      assertThat(latents(ranged, STEPS)).isEqualTo(latents(without, STEPS));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SchedulerKind.class,
      names = {"DDIM", "EULER_DISCRETE", "DPM_SOLVER_MULTISTEP", "HEUN_DISCRETE"})
  void imagesOfEverySamplerFollowTheRange(SchedulerKind kind) {
    List<Image> ranged = images(adapted.with(kind).with(DenoisingRange.until(0.5)));
    assertThat(ranged)
        .isNotEqualTo(images(adapted.with(kind)))
        .isNotEqualTo(images(base.with(kind)))
        .isEqualTo(images(adapted.with(DenoisingRange.until(0.5)).with(kind)));
  }

  private static List<Image> images(LatentDiffusion model) {
    return model.generate(PROMPTS, Seed.of(5));
  }

  @Test
  void anImageToImageRunBeginsWhereItsNoiseLevelIs() {
    // A weak run has late steps only, in which an early adapter never is.
    Image start = images(base).get(0);
    List<Seed> seeds = Seed.of(6).splits(3);
    LatentDiffusion ranged = adapted.with(DenoisingRange.until(0.5));
    assertThat(ranged.imageToImage(start, PROMPTS, seeds, 0.4))
        .isEqualTo(base.imageToImage(start, PROMPTS, seeds, 0.4));
    assertThat(ranged.imageToImage(start, PROMPTS, seeds, 1))
        .isNotEqualTo(base.imageToImage(start, PROMPTS, seeds, 1));
  }

  @Test
  void sharedLatentsAndAWindowGoWithARange() {
    LatentDiffusion view =
        adapted
            .with(DenoisingRange.until(0.5))
            .with(
                RolloutOptions.defaults()
                    .withStochastic(StepWindow.of(1, 1))
                    .withSharedLatents(Optional.of(Seed.of(7))));
    try (Rollout rollout = rollout(view);
        INDArray replayed = view.replay(rollout)) {
      assertThat(replayed.data().asFloat()).isEqualTo(rollout.logProbabilities().data().asFloat());
    }
  }
}

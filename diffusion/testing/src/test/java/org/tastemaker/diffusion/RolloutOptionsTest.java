package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;

/** Rollouts that draw noise in some steps only, or begin with latents of the prompt. */
class RolloutOptionsTest {
  private static final int STEPS = 5;
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final Prompt DOG = Prompt.of("a blue dog");
  private static final List<Prompt> PROMPTS = List.of(CAT, DOG, CAT, CAT, DOG);

  private final LatentDiffusion whole = TinyModel.create(Seed.of(1));
  private final LatentDiffusion model =
      whole.with(whole.options().withSteps(STEPS).withBatchSize(2));

  @AfterEach
  void close() {
    whole.close();
  }

  private static RolloutOptions window(int first, int size) {
    return RolloutOptions.defaults().withStochastic(StepWindow.of(first, size));
  }

  private static RolloutOptions shared(long seed) {
    return RolloutOptions.defaults().withSharedLatents(Optional.of(Seed.of(seed)));
  }

  /** One image's latents before a step, or after the last. */
  private static float[] latents(Rollout rollout, int step, int image) {
    try (INDArray copy = rollout.latents().slice(step).slice(image).dup()) {
      return copy.data().asFloat();
    }
  }

  @Test
  void imagesOfAPromptBeginWithTheSameBitsAndDifferByTheNoiseOfTheSteps() {
    try (Rollout rollout = model.with(shared(9)).rollout(PROMPTS, Seed.of(3))) {
      assertThat(latents(rollout, 0, 0))
          .isEqualTo(latents(rollout, 0, 2))
          .isEqualTo(latents(rollout, 0, 3))
          .isNotEqualTo(latents(rollout, 0, 1));
      assertThat(latents(rollout, 0, 1)).isEqualTo(latents(rollout, 0, 4));
      assertThat(latents(rollout, 1, 0)).isNotEqualTo(latents(rollout, 1, 2));
    }
  }

  @Test
  void sharedLatentsDependOnThePromptAndTheSeedAndNotOnTheOtherImages() {
    try (Rollout five = model.with(shared(9)).rollout(PROMPTS, Seed.of(3));
        Rollout one = model.with(shared(9)).rollout(List.of(DOG), Seed.of(77));
        Rollout other = model.with(shared(10)).rollout(List.of(DOG), Seed.of(77));
        Rollout negative =
            model
                .with(shared(9))
                .rollout(List.of(DOG.withNegativeText("a green bird")), Seed.of(77))) {
      assertThat(latents(one, 0, 0)).isEqualTo(latents(five, 0, 1));
      assertThat(latents(other, 0, 0)).isNotEqualTo(latents(one, 0, 0));
      assertThat(latents(negative, 0, 0)).isNotEqualTo(latents(one, 0, 0));
    }
  }

  @Test
  void latentsOfTheirOwnAreStreamZeroOfTheSeeds() {
    try (Rollout rollout = model.rollout(PROMPTS, Seed.of(3))) {
      float[] noise = new float[64];
      Seed.of(3).split(2).gaussian(0, noise);
      assertThat(latents(rollout, 0, 2)).isEqualTo(noise);
      assertThat(latents(rollout, 0, 0)).isNotEqualTo(noise);
    }
  }

  @Test
  void stepsOutsideOfTheWindowAreThoseOfTheOde() {
    // Latents and prompt are the same, so that the images part where noise is drawn, and only
    // there.
    LatentDiffusion mixed = model.with(shared(9).withStochastic(StepWindow.of(2, 1)));
    try (Rollout rollout = mixed.rollout(List.of(CAT, CAT), Seed.of(3));
        Rollout ode =
            model
                .with(shared(9).withStochastic(StepWindow.of(4, 1)))
                .rollout(List.of(CAT, CAT), Seed.of(4))) {
      for (int step = 0; step <= 2; step++) {
        assertThat(latents(rollout, step, 0)).isEqualTo(latents(rollout, step, 1));
        assertThat(latents(ode, step, 0)).isEqualTo(latents(rollout, step, 0));
      }
      assertThat(latents(rollout, 3, 0)).isNotEqualTo(latents(rollout, 3, 1));
      assertThat(latents(ode, 4, 0)).isEqualTo(latents(ode, 4, 1));
      assertThat(latents(ode, 5, 0)).isNotEqualTo(latents(ode, 5, 1));
    }
  }

  @Test
  void aDeterministicStepHasNoLogProbabilityAndIsReplayedWithoutOne() {
    LatentDiffusion mixed = model.with(window(1, 2));
    try (Rollout rollout = mixed.rollout(PROMPTS, Seed.of(3));
        INDArray replayed = mixed.replay(rollout);
        INDArray everywhere = model.replay(rollout)) {
      for (int step = 0; step < STEPS; step++) {
        for (int image = 0; image < PROMPTS.size(); image++) {
          assertThat(Float.isNaN(rollout.logProbabilities().getFloat(step, image)))
              .isEqualTo(step != 1 && step != 2);
        }
      }
      assertThat(replayed.data().asFloat()).isEqualTo(rollout.logProbabilities().data().asFloat());
      assertThat(everywhere.data().asFloat())
          .isEqualTo(rollout.logProbabilities().data().asFloat());
    }
  }

  @Test
  void insideOfTheWindowAStepIsThePolicys() {
    // The first step, from the same latents and with the same noise, with a window and without.
    try (Rollout mixed = model.with(window(0, 1)).rollout(PROMPTS, Seed.of(3));
        Rollout all = model.rollout(PROMPTS, Seed.of(3))) {
      assertThat(latents(mixed, 1, 3)).isEqualTo(latents(all, 1, 3));
      assertThat(mixed.logProbabilities().getFloat(0, 3))
          .isEqualTo(all.logProbabilities().getFloat(0, 3));
      assertThat(latents(mixed, 2, 3)).isNotEqualTo(latents(all, 2, 3));
    }
  }

  @Test
  void imagesThatAreGeneratedDoNotFollowThem() {
    assertThat(
            model.with(shared(9).withStochastic(StepWindow.of(1, 1))).generate(PROMPTS, Seed.of(3)))
        .isEqualTo(model.generate(PROMPTS, Seed.of(3)));
  }

  @Test
  void aWindowBehindTheLastStepIsAnError() {
    assertThatThrownBy(() -> model.with(window(5, 1)).rollout(PROMPTS, Seed.of(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the run has steps 0 to 4, of which none is in the window: steps 5 to 5");
    assertThatThrownBy(() -> StepWindow.of(2, 0))
        .hasMessageContaining("holds at least one step, but was from 2 to before 2");
    LatentDiffusion none = model.with(model.options().withEta(0)).with(window(1, 1));
    assertThatThrownBy(() -> none.rollout(PROMPTS, Seed.of(3)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("eta above 0");
  }
}

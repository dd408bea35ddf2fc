package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class RolloutTest {
  private static final Prompt CAT = Prompt.of("cat");
  private static final Prompt DOG = Prompt.of("dog");

  private static Image shade(float value) {
    return Image.filled(1, 1, value, value, value);
  }

  private static Rollout rollout(List<Prompt> prompts, int steps) {
    int n = prompts.size();
    List<Image> images =
        java.util.stream.IntStream.range(0, n).mapToObj(i -> shade(i / 10f)).toList();
    return new Rollout(
        prompts,
        Seed.of(1).splits(n),
        images,
        Nd4j.zeros(steps + 1, n, 4, 2, 2),
        Nd4j.zeros(steps, n),
        Collections.nCopies(steps, 1));
  }

  @Test
  void groupsFollowTheFirstImageOfEachPrompt() {
    try (Rollout rollout = rollout(List.of(DOG, CAT, DOG), 2)) {
      assertThat(rollout.groups())
          .containsExactly(
              new ImageGroup(DOG, List.of(shade(0), shade(0.2f))),
              new ImageGroup(CAT, List.of(shade(0.1f))));
      assertThat(rollout.groupIndices()).containsExactly(List.of(0, 2), List.of(1));
      assertThat(rollout.size()).isEqualTo(3);
      assertThat(rollout.steps()).isEqualTo(2);
    }
  }

  @Test
  void closingReleasesTheArraysAndKeepsTheImages() {
    Rollout rollout = rollout(List.of(CAT), 1);
    rollout.close();
    rollout.close();

    assertThat(rollout.latents().wasClosed()).isTrue();
    assertThat(rollout.logProbabilities().wasClosed()).isTrue();
    assertThat(rollout.images()).containsExactly(shade(0));
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    List<Seed> seeds = Seed.of(1).splits(1);
    List<Image> images = List.of(shade(0));
    assertThatThrownBy(
            () ->
                new Rollout(
                    List.of(CAT),
                    seeds,
                    images,
                    Nd4j.zeros(2, 1, 4, 2, 2),
                    Nd4j.zeros(2, 1),
                    List.of(9, 4)))
        .hasMessage(
            "the latents of 2 steps of 1 images have the shape [3, 1, C, H, W], but were [2, 1, 4, 2,"
                + " 2]");
    assertThatThrownBy(
            () ->
                new Rollout(
                    List.of(CAT),
                    seeds,
                    images,
                    Nd4j.zeros(2, 1, 4, 2, 2),
                    Nd4j.zeros(1, 2),
                    List.of(9)))
        .hasMessageContaining("have the shape [1, 1], but were [1, 2]");
    assertThatThrownBy(
            () ->
                new Rollout(
                    List.of(CAT, DOG),
                    seeds,
                    images,
                    Nd4j.zeros(2, 2, 4, 2, 2),
                    Nd4j.zeros(1, 2),
                    List.of(9)))
        .hasMessageContaining("2 prompts, 1 seeds and 1 images");
    assertThatThrownBy(
            () ->
                new Rollout(
                    List.of(), List.of(), List.of(), Nd4j.zeros(1), Nd4j.zeros(1), List.of()))
        .hasMessageContaining("at least one image and one step");
  }

  @Test
  void aSamplerIsAGeneratorThatReleasesItsTrajectory() {
    Rollout[] made = new Rollout[1];
    DiffusionSampler sampler =
        (prompts, seeds) -> {
          assertThat(seeds).isEqualTo(Seed.of(4).splits(prompts.size()));
          made[0] = rollout(prompts, 1);
          return made[0];
        };

    assertThat(sampler.generate(List.of(CAT, CAT), Seed.of(4)))
        .containsExactly(shade(0), shade(0.1f));
    assertThat(made[0].latents().wasClosed()).isTrue();
    try (Rollout rollout = sampler.rollout(List.of(CAT), Seed.of(4))) {
      assertThat(rollout.prompts()).containsExactly(CAT);
    }
  }
}

package org.tastemaker.optim.likelihood;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.likelihood.PretrainingData.Captioned;
import org.tastemaker.optim.policy.Trajectory;

class PretrainingDataTest {
  @Test
  void whatAModelDrawsIsKeptWithItsPrompts() {
    List<Prompt> prompts = TinyModel.prompts(3);
    try (LatentDiffusion model = TinyModel.create(Seed.of(1))) {
      PretrainingData data = PretrainingData.drawnBy(model::endpoints, prompts, Seed.of(2));
      try (Rollout made = model.endpoints(prompts, Seed.of(2).split("images").split(0).splits(3))) {
        List<Captioned> expected =
            List.of(0, 1, 2).stream()
                .map(n -> new Captioned(Trajectory.last(made, n), prompts.get(n).text()))
                .toList();
        assertThat(data.batch(0, 40)).hasSize(40).isSubsetOf(expected);
        assertThat(data.batch(0, 40)).isEqualTo(data.batch(0, 40)).isNotEqualTo(data.batch(1, 40));
      }
    }
  }

  @Test
  void manyImagesAreMadeInParts() {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1))) {
      List<Prompt> prompts = Collections.nCopies(33, Prompt.of("owl"));
      PretrainingData data = PretrainingData.drawnBy(model::endpoints, prompts, Seed.of(2));
      assertThat(data.batch(0, 2000).stream().map(Captioned::latents).distinct()).hasSize(33);
    }
  }

  @Test
  void noImageAtAllIsRefused() {
    assertThatThrownBy(() -> PretrainingData.of(List.of(), Seed.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one image");
  }
}

package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.nft.DiffusionNft;

class RewordedSamplerTest {
  private static final Prompt ASKED = Prompt.of("firefighter").withNegativeText("blur");
  private static final Prompt OTHER = Prompt.of("owl");
  private static final List<Prompt> PROMPTS = List.of(ASKED, OTHER, ASKED, ASKED);
  private static final Map<String, List<String>> WORDINGS =
      Map.of("firefighter", List.of("woman firefighter", "man firefighter"));

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  @AfterEach
  void close() {
    lora.close();
    model.close();
  }

  @Test
  void theFirstImagesOfAPromptAreMadeFromItsWordings() {
    List<Prompt> worded =
        List.of(
            ASKED.withText("woman firefighter"), OTHER, ASKED.withText("man firefighter"), ASKED);
    try (Rollout rollout = new RewordedSampler(model, WORDINGS).rollout(PROMPTS, Seed.of(3));
        Rollout expected = model.rollout(worded, Seed.of(3))) {
      assertThat(rollout.prompts()).isEqualTo(PROMPTS);
      assertThat(rollout.images()).isEqualTo(expected.images());
      assertThat(rollout.latents()).isEqualTo(expected.latents());
      for (int n : new int[] {0, 2}) {
        assertThat(Trajectory.of(rollout, n).logProbabilities().toArray())
            .as("likelihood of image %s", n)
            .containsOnly(Double.NaN);
      }
      for (int n : new int[] {1, 3}) {
        assertThat(Trajectory.of(rollout, n).logProbabilities())
            .isEqualTo(Trajectory.of(expected, n).logProbabilities());
      }
    }
  }

  @Test
  void everyRoundBeginsWithTheFirstWording() {
    RewordedSampler sampler = new RewordedSampler(model, WORDINGS);
    try (Rollout first = sampler.rollout(PROMPTS, Seed.of(3));
        Rollout second = sampler.rollout(PROMPTS, Seed.of(3))) {
      assertThat(second.images()).isEqualTo(first.images());
    }
  }

  @Test
  void imagesWithoutATrajectoryAreOfThePromptsThemselves() {
    assertThat(new RewordedSampler(model, WORDINGS).generate(PROMPTS, Seed.of(3)))
        .isEqualTo(model.generate(PROMPTS, Seed.of(3)));
  }

  @Test
  void aMethodThatNeedsLikelihoodsRefusesRewordedImages() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout =
            new RewordedSampler(policy.sampler(), WORDINGS).rollout(PROMPTS, Seed.of(3))) {
      Ddpo ddpo = new Ddpo(policy, Ddpo.Options.importanceSampling(), Seed.of(4));
      assertThatThrownBy(() -> ddpo.step(rollout, Rewards.of(0.3, 0.2, 1, 0.5)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the image was made from another wording of its prompt");
      assertThat(policy.updates()).isZero();
    }
  }

  @Test
  void evaluationsAreOfTheModelThatIsTrained() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionNft nft = new DiffusionNft(policy, DiffusionNft.Options.defaults(), Seed.of(4))) {
      RewordedSampler sampler = new RewordedSampler(nft.sampler(), WORDINGS);
      assertThat(RoundSampler.plain(sampler)).isSameAs(policy.sampler());
    }
  }
}

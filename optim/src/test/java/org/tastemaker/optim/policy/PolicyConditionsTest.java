package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.reward.learned.UnetFeatures;

class PolicyConditionsTest {
  @Test
  void samplingRewardingAndTrainingEncodeEachTextOnce() {
    List<Prompt> prompts =
        List.of(
            Prompt.of("a red cat"),
            Prompt.of("a blue dog").withNegativeText("a red cat"),
            Prompt.of("a red cat"));
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        DiffusionPolicy full = DiffusionPolicy.fullWeights(model);
        Rollout rollout = policy.sampler().rollout(prompts, Seed.of(3))) {
      UnetFeatures.of(model, "tiny", UNetActivations.Options.defaults())
          .of(prompts, rollout.images());
      for (DiffusionPolicy each : List.of(policy, full)) {
        each.reference();
        Transitions transitions = each.transitions(rollout, 2);
        each.begin();
        transitions.forward(new int[] {0, 1}, new int[] {0, 1});
        double[] unused = transitions.kl(KlForm.EXACT);
        transitions.backward(new double[] {1, 1}, new double[] {1, 1});
        each.update();
        assertThat(each.textFeature("a blue dog")).hasSize(8);
        double kl = each.klToReference(rollout, 2);
        assertThat(kl).isPositive();
      }
      // A cat, a dog, and the empty negative prompt.
      assertThat(model.conditioner().encoded()).isEqualTo(3);
    }
  }
}

package org.tastemaker.diffusion.torch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.engine.Updates;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.Transitions;

/** Policies that are updated where LibTorch computes, with an adapter and without. */
class ResidentPolicyTest {
  private static final Rewards REWARDS = Rewards.of(1, 4, -2, 0.5);

  @TempDir Path temp;

  /** A model, an adapter and a policy that are new each time. */
  private record Setting(LatentDiffusion model, Lora lora, DiffusionPolicy policy)
      implements AutoCloseable {
    static Setting of(Updates updates, boolean adapter) {
      LatentDiffusion model = TinyModel.create(Seed.of(1));
      LatentDiffusion view =
          model
              .with(model.options().withGuidanceScale(3))
              .with(FunctionOptions.inference().withEngine(TestEngines.of("float32", updates)));
      Lora lora = TinyModel.lora(model, Seed.of(2));
      DiffusionPolicy.Options options =
          DiffusionPolicy.Options.lora()
              .withLearningRate(1e-3)
              .withEma(Optional.of(new Ema.Options(0.5, false)));
      DiffusionPolicy policy =
          adapter
              ? DiffusionPolicy.lora(view, lora, options)
              : DiffusionPolicy.fullWeights(view, options);
      PolicyWeights.perturb(policy, Seed.of(5), adapter ? 0.1 : 0.01);
      policy.keepReference();
      return new Setting(model, lora, policy);
    }

    Rollout rollout() {
      return policy.sampler().rollout(TinyModel.prompts(4), Seed.of(3));
    }

    @Override
    public void close() {
      policy.close();
      lora.close();
      model.close();
    }
  }

  private static Map<String, float[]> weights(DiffusionPolicy policy) {
    return PolicyWeights.copy(policy.parameters());
  }

  private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
  }

  private static Ddpo ddpo(DiffusionPolicy policy) {
    return new Ddpo(
        policy,
        Ddpo.Options.importanceSampling()
            .withPromptStatistics(Optional.empty())
            .withUpdatesPerEpoch(2)
            .withMicroBatch(3),
        Seed.of(4));
  }

  /** With the KL to the reference, for which an adapter is left out for a while. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void stepsOfAMethodGiveTheBitsOfThoseOnTheHost(boolean adapter) throws IOException {
    try (Setting device = Setting.of(Updates.DEVICE, adapter);
        Setting host = Setting.of(Updates.HOST, adapter)) {
      for (int step = 0; step < 2; step++) {
        try (Rollout one = device.rollout();
            Rollout other = host.rollout()) {
          assertThat(one.latents()).isEqualTo(other.latents());
          StepReport report = ddpo(device.policy()).step(one, REWARDS);
          Map<String, Double> actual = new LinkedHashMap<>(report.metrics());
          Map<String, Double> expected =
              new LinkedHashMap<>(ddpo(host.policy()).step(other, REWARDS).metrics());
          // Summed in another order.
          for (String name : List.of("gradientNorm", "gradientRms")) {
            double norm = requireNonNull(expected.remove(name));
            assertThat(actual.remove(name)).as(name).isCloseTo(norm, within(1e-14 * norm));
          }
          assertThat(actual).isEqualTo(expected).containsKey("klToReferenceEstimate");
        }
        assertSame(weights(device.policy()), weights(host.policy()));
      }
      Path one = Files.createDirectory(temp.resolve("device"));
      Path other = Files.createDirectory(temp.resolve("host"));
      device.policy().save(one);
      host.policy().save(other);
      Folders.assertSame(one, other);
    }
  }

  private static void update(DiffusionPolicy policy, Transitions transitions) {
    policy.begin();
    transitions.forward(new int[] {0, 1, 2}, new int[] {0, 1, 2});
    transitions.backward(new double[] {1, -1, 0.5}, null);
    double norm = policy.update();
    assertThat(norm).isPositive();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStepThatFailsChangesNothingEvenIfItWasSavedMeanwhile(boolean saved) throws IOException {
    Path folder = Files.createDirectory(temp.resolve("saved"));
    try (Setting setting = Setting.of(Updates.DEVICE, false);
        Rollout rollout = setting.rollout()) {
      DiffusionPolicy policy = setting.policy();
      Transitions transitions = policy.transitions(rollout, 3);
      policy.atomically(1, () -> update(policy, transitions));
      Map<String, float[]> before = weights(policy);
      Path stateBefore = Files.createDirectory(temp.resolve("before"));
      policy.save(stateBefore);
      assertThatThrownBy(
              () ->
                  policy.atomically(
                      2,
                      () -> {
                        update(policy, transitions);
                        if (saved) {
                          policy.save(folder);
                        }
                        update(policy, transitions);
                        throw new IllegalStateException("on purpose");
                      }))
          .hasMessage("on purpose");
      assertSame(weights(policy), before);
      assertThat(policy.updates()).isEqualTo(1);
      Path stateAfter = Files.createDirectory(temp.resolve("after"));
      policy.save(stateAfter);
      Folders.assertSame(stateAfter, stateBefore);
      if (saved) {
        policy.restore(folder);
        assertThat(policy.updates()).isEqualTo(2);
        assertThat(weights(policy)).isNotEqualTo(before);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void withinAStepAveragesAndSamplesAreThoseOfNow(boolean adapter) {
    try (Setting device = Setting.of(Updates.DEVICE, adapter);
        Setting host = Setting.of(Updates.HOST, adapter)) {
      assertThat(samplesWithin(device.policy())).isEqualTo(samplesWithin(host.policy()));
    }
  }

  /** Latents of the policy between two updates, with its averages, and after them. */
  private static float[][] samplesWithin(DiffusionPolicy policy) {
    float[][] latents = new float[3][];
    try (Rollout rollout = policy.sampler().rollout(TinyModel.prompts(3), Seed.of(3))) {
      Transitions transitions = policy.transitions(rollout, 3);
      policy.atomically(
          1,
          () -> {
            update(policy, transitions);
            latents[0] = sample(policy);
            policy.withAverages(() -> latents[1] = sample(policy));
            update(policy, policy.transitions(rollout, 3));
          });
      latents[2] = sample(policy);
      assertThat(policy.klEstimate(rollout, 3, Seed.of(8))).isPresent();
    }
    assertThat(latents[0]).isNotEqualTo(latents[1]).isNotEqualTo(latents[2]);
    return latents;
  }

  private static float[] sample(DiffusionPolicy policy) {
    try (Rollout rollout = policy.sampler().rollout(TinyModel.prompts(2), Seed.of(7))) {
      return rollout.latents().dup('c').data().asFloat().clone();
    }
  }
}

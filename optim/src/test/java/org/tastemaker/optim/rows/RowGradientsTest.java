package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.grpo.Grpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.TransitionLoss;

/** Gradients of workers, and those of the policy itself. */
class RowGradientsTest {
  @TempDir private Path folder;

  /**
   * A method.
   *
   * @param name for messages
   * @param loss that the workers have
   * @param optimizer of a policy
   */
  private record Method(
      String name, TransitionLoss loss, Function<DiffusionPolicy, PolicyOptimizer> optimizer) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Method ddpo(String name, Ddpo.Options options) {
    return new Method(name, options.loss(), policy -> new Ddpo(policy, options, Seed.of(3)));
  }

  private static Method grpo(String name, Grpo.Options options) {
    return new Method(name, options.loss(), policy -> new Grpo(policy, options, Seed.of(3)));
  }

  private static Method dpok(String name, Dpok.Options options) {
    return new Method(name, options.loss(), policy -> new Dpok(policy, options, Seed.of(3)));
  }

  static Stream<Method> methods() {
    return Stream.of(
        ddpo("DDPO-IS", Ddpo.Options.importanceSampling().withMicroBatch(2)),
        ddpo("DDPO-SF", Ddpo.Options.scoreFunction().withMicroBatch(5)), // 24 rows: one is short
        grpo("GRPO", Grpo.Options.danceGrpo().withSharedLatents(false).withMicroBatch(4)),
        grpo(
            "GRPO-Guard",
            Grpo.Options.grpoGuard().withKlWeight(0.1).withSharedLatents(false).withMicroBatch(4)),
        grpo("Flow-DPPO", Grpo.Options.flowDppo().withSharedLatents(false).withMicroBatch(4)),
        dpok("DPOK", Dpok.Options.singlePrompt().withBatch(10).withMicroBatch(3).withReplay(12)));
  }

  private record Learned(byte[] adapter, List<Map<String, Double>> metrics) {}

  /** Two rounds. */
  private static Learned learn(ModelRecipe recipe, Method method, @Nullable RowDriver driver) {
    try (LatentDiffusion model = recipe.open();
        Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(0.01))) {
      if (driver != null) {
        policy.computeGradientsBy(
            RowGradients.of(driver, recipe, policy, () -> RowAdapter.of(lora)));
      }
      PolicyOptimizer optimizer = method.optimizer().apply(policy);
      List<Map<String, Double>> metrics = new ArrayList<>();
      for (int round = 0; round < 2; round++) {
        try (Rollout rollout = policy.sampler().rollout(prompts(), seeds(8))) {
          Rewards rewards = Rewards.of(0.1, 0.7, 0.3, 0.4, 0.9, 0.2, 0.6, 0.5);
          metrics.add(optimizer.step(rollout, rewards).metrics());
        }
      }
      return new Learned(RowAdapter.of(lora).bytes(), metrics);
    }
  }

  private static List<Prompt> prompts() {
    List<Prompt> two = TinyModel.prompts(2);
    return List.of(
        two.get(0),
        two.get(0),
        two.get(0),
        two.get(0),
        two.get(1),
        two.get(1),
        two.get(1),
        two.get(1));
  }

  private static List<Seed> seeds(int count) {
    return Stream.iterate(7L, s -> s + 1).limit(count).map(Seed::of).toList();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theWeightsAreThoseOfOneMachineByteForByte(Method method) {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    Learned expected = learn(recipe, method, null);
    RowSetup setup = RowSetup.none().withModel(recipe).withLoss(method.loss());
    try (RowWorker worker = RowWorker.open(setup, "w")) {
      RowDriver driver = RowDriver.of(new RoughCarrier(worker, 5)).window(4);
      Learned found = learn(recipe, method, driver);
      assertThat(found.adapter()).isEqualTo(expected.adapter());
      assertThat(found.metrics()).isEqualTo(expected.metrics());
    }
  }

  @Test
  void aWorkerOfAnotherLossIsRefused() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    Method method = ddpo("DDPO", Ddpo.Options.importanceSampling());
    TransitionLoss other = Ddpo.Options.importanceSampling().withClipRange(0.5).loss();
    try (RowWorker worker =
        RowWorker.open(RowSetup.none().withModel(recipe).withLoss(other), "w")) {
      RowDriver driver = RowDriver.of(LocalCarrier.of(worker, 1));
      assertThatThrownBy(() -> learn(recipe, method, driver))
          .isInstanceOf(RowException.class)
          .hasMessageContaining("a row needs the loss");
    }
  }

  @Test
  void fullWeightsAreRefused() {
    try (LatentDiffusion model = TinyRuns.recipe(folder).open();
        DiffusionPolicy policy = DiffusionPolicy.fullWeights(model)) {
      assertThatThrownBy(() -> policy.computeGradientsBy((work, taker) -> {}))
          .hasMessageContaining("only a LoRA's gradient is computed elsewhere");
    }
  }
}

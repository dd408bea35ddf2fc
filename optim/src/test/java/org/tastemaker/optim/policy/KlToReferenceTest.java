package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.likelihood.Rwr;

class KlToReferenceTest {
  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));

  @AfterEach
  void close() {
    lora.close();
    model.close();
  }

  private static Rollout rollout(LatentDiffusion sampler) {
    return rollout(sampler, 4);
  }

  private static Rollout rollout(LatentDiffusion sampler, int images) {
    return sampler.rollout(TinyModel.prompts(images), Seed.of(3));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 3})
  void anEstimateByAllImagesIsTheKl(double guidance) {
    LatentDiffusion view = model.with(model.options().withGuidanceScale(guidance));
    try (DiffusionPolicy policy = DiffusionPolicy.lora(view, lora)) {
      GradientCheck.perturb(policy, Seed.of(4), 0.3);
      try (Rollout rollout = rollout(policy.sampler(), 2)) {
        KlEstimate estimate = policy.klEstimate(rollout, 3, Seed.of(5)).orElseThrow();
        double exact = policy.klToReference(rollout, 4);
        assertThat(exact).isPositive();
        // Other micro-batches: float rounding of the U-Net.
        assertThat(estimate.value()).isCloseTo(exact, within(1e-4 * exact));
        assertThat(estimate.error()).isZero();
      }
    }
  }

  @Test
  void estimatesOfSomeImagesHaveTheKlAsTheirMeanAndTheErrorThatTheySay() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      GradientCheck.perturb(policy, Seed.of(4), 0.3);
      try (Rollout rollout = rollout(policy.sampler())) {
        List<KlEstimate> drawn =
            IntStream.range(0, 100)
                .mapToObj(i -> policy.klEstimate(rollout, 4, Seed.of(i)).orElseThrow())
                .toList();
        double[] estimates = drawn.stream().mapToDouble(KlEstimate::value).toArray();
        double mean = IntStream.range(0, 100).mapToDouble(i -> estimates[i]).average().orElse(0);
        double variance =
            IntStream.range(0, 100).mapToDouble(i -> Math.pow(estimates[i] - mean, 2)).sum() / 99;
        assertThat(variance).isPositive();
        double exact = policy.klToReference(rollout, 4);
        assertThat(mean).isCloseTo(exact, within(4 * Math.sqrt(variance / 100))); // 4 sigma
        double said = drawn.stream().mapToDouble(e -> e.error() * e.error()).average().orElse(0);
        // The deviation of a variance of 100 estimates is about sqrt(2 / 99) of it: five of them.
        assertThat(said).isCloseTo(variance, within(0.7 * variance));
        // Rounds that are measured one after the other differ by the policy, and not by the draw.
        assertThat(Arrays.stream(estimates).max().orElse(0))
            .isLessThan(3 * Arrays.stream(estimates).min().orElse(0));
      }
    }
  }

  @Test
  void measuringLeavesTheAdapterAsItWas() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      GradientCheck.perturb(policy, Seed.of(4), 0.3);
      Map<String, FloatBuffer> before = copies(policy);
      try (Rollout rollout = rollout(policy.sampler())) {
        assertThat(policy.klToReference(rollout, 5)).isPositive();
      }
      assertThat(copies(policy)).isEqualTo(before);
    }
  }

  private static Map<String, FloatBuffer> copies(DiffusionPolicy policy) {
    Map<String, FloatBuffer> copies = new TreeMap<>();
    policy
        .parameters()
        .forEach(
            (name, values) -> {
              float[] copy = new float[values.capacity()];
              values.get(0, copy);
              copies.put(name, FloatBuffer.wrap(copy));
            });
    return copies;
  }

  @Test
  void anotherReferenceIsTheOneThatIsMeasuredFrom() {
    try (LatentDiffusion other = TinyModel.create(Seed.of(9));
        DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout(model)) {
      assertThat(policy.klToReference(rollout, 5)).isLessThan(1e-6); // a new adapter
      policy.useReference(other);
      assertThat(policy.klToReference(rollout, 5)).isGreaterThan(1e-3);
    }
  }

  @Test
  void aDeterministicPolicyHasNoEstimate() {
    try (DiffusionPolicy policy =
            DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora);
        Rollout rollout = rollout(model)) {
      assertThat(policy.klEstimate(rollout, 4, Seed.of(5))).isEmpty();
    }
  }

  @Test
  void imagesOfOtherStepsHaveNoEstimate() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout(model.with(model.options().withSteps(2)))) {
      assertThat(policy.klEstimate(rollout, 4, Seed.of(5))).isEmpty();
    }
  }

  @Test
  void fullWeightsHaveAnEstimateOnceTheirCopyIsMade() {
    try (DiffusionPolicy policy = DiffusionPolicy.fullWeights(model);
        Rollout rollout = rollout(model)) {
      assertThat(policy.klEstimate(rollout, 4, Seed.of(5))).isEmpty();
      policy.keepReference();
      GradientCheck.perturb(policy, Seed.of(4), 0.01);
      assertThat(policy.klEstimate(rollout, 4, Seed.of(5)).orElseThrow().value()).isPositive();
    }
  }

  @Test
  void everyUpdateOnLikelihoodReportsIt() {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout(model)) {
      Rwr.Options options = Rwr.Options.exponential().withUpdates(1).withBatch(4).withMicroBatch(2);
      Map<String, Double> metrics =
          new Rwr(policy, options, Seed.of(5)).step(rollout, Rewards.of(1, 2, 3, 4)).metrics();
      assertThat(metrics.get("klToReferenceEstimate")).isPositive();
    }
  }
}

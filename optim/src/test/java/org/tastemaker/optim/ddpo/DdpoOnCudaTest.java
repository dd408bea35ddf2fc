package org.tastemaker.optim.ddpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.cuda.StepExecution;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.testing.SoftwareGpu;

/**
 * DDPO with its denoising steps on a GPU, which here is the host's processor behind the driver's
 * functions: rollout, replay and gradient go through the CUDA kernel.
 */
@Tag("toolkit")
class DdpoOnCudaTest {
  private static final double[] REWARDS = {1, 4, -2, 0.5};

  @TempDir Path folder;

  private final LatentDiffusion model = TinyModel.create(Seed.of(1)); // with guidance

  @AfterEach
  void close() {
    model.close();
  }

  /** What an update did: its report, and the policy's gradient and weights. */
  private record Update(
      Map<String, Double> metrics, Map<String, float[]> gradient, Map<String, float[]> weights) {}

  private Update update(StepKernel kernel) {
    LatentDiffusion sampler = model.with(kernel);
    DiffusionPolicy.Options options = DiffusionPolicy.Options.lora().withLearningRate(1e-3);
    try (Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(sampler, lora, options);
        Rollout rollout = policy.sampler().rollout(TinyModel.prompts(4), Seed.of(3))) {
      GradientCheck.perturb(policy, Seed.of(5), 0.05); // away from the policy that sampled
      Ddpo ddpo =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withPromptStatistics(Optional.empty())
                  .withClipRange(10) // an edge of the clip range is no place to compare at
                  .withUpdatesPerEpoch(1)
                  .withMicroBatch(5),
              Seed.of(4));
      StepReport report = ddpo.step(rollout, Rewards.of(REWARDS));
      assertThat(report.skippedReason()).isNull();
      Map<String, float[]> weights = new LinkedHashMap<>();
      policy
          .parameters()
          .forEach(
              (name, values) -> {
                float[] copy = new float[values.remaining()];
                values.duplicate().get(copy);
                weights.put(name, copy);
              });
      return new Update(report.metrics(), GradientCheck.gradientOf(policy), weights);
    }
  }

  @Test
  void anUpdateIsThatOfTheCpu() throws Exception {
    Update onCpu;
    try (StepKernel cpu = new CpuStepKernel()) {
      onCpu = update(cpu);
    }
    Update onGpu;
    try (StepKernel gpu = softwareGpu()) {
      assertThat(gpu).isNotInstanceOf(CpuStepKernel.class);
      onGpu = update(gpu);
    }
    // A kernel's results are equal to 1e-5, and the U-Net carries that through three steps.
    assertThat(onGpu.metrics().get("loss"))
        .isCloseTo(Objects.requireNonNull(onCpu.metrics().get("loss")), within(1e-4));
    assertThat(difference(onGpu.gradient(), onCpu.gradient())).isLessThan(1e-3);
    // AdamW's first update is the gradient's sign times the learning rate, 1e-3, and the sign may
    // differ where an element of the gradient is near 0.
    assertThat(difference(onGpu.weights(), onCpu.weights())).isLessThan(1e-3);
  }

  /** ||found - expected|| / ||expected||. */
  private static double difference(Map<String, float[]> found, Map<String, float[]> expected) {
    double error = 0;
    double norm = 0;
    for (Map.Entry<String, float[]> entry : expected.entrySet()) {
      float[] other = Objects.requireNonNull(found.get(entry.getKey()));
      for (int i = 0; i < other.length; i++) {
        error += Math.pow((double) other[i] - entry.getValue()[i], 2);
        norm += Math.pow(entry.getValue()[i], 2);
      }
    }
    assertThat(norm).isPositive();
    return Math.sqrt(error / norm);
  }

  private StepKernel softwareGpu() throws Exception {
    Path library = folder.resolve("libcuda-software.so");
    Path diffusion = Path.of("..", "diffusion");
    SoftwareGpu.build(diffusion, diffusion.resolve("src/main/cuda"), library);
    return SoftwareGpu.asDriver(library, StepExecution.CUDA::open);
  }
}

package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.cuda.SoftwareDriver;
import org.tastemaker.testing.Goldens;

/** The CUDA kernel's arithmetic on the trajectories of diffusers and ddpo-pytorch. */
@Tag("toolkit")
class StepKernelGoldenTest {
  /** Against the step on the CPU. */
  private static final double BOUND = 1e-5;

  /** Against references that are in single precision themselves. */
  private static final double REFERENCE_BOUND = 1e-4;

  private static final double REFERENCE_GRADIENT_BOUND = 1e-3;

  @TestFactory
  Stream<DynamicTest> everyDdimSetUpReproducesItsTrajectory() {
    Goldens goldens = Goldens.open("schedulers.safetensors");
    List<String> setUps =
        goldens.metadata().keySet().stream()
            .filter(name -> goldens.has(name + ".trajectory"))
            .filter(name -> goldens.metadata().getOrDefault(name, "").contains("DDIM"))
            .toList();
    assertThat(setUps).isNotEmpty();
    return setUps.stream().map(name -> DynamicTest.dynamicTest(name, () -> check(goldens, name)));
  }

  private static void check(Goldens goldens, String name) {
    JsonObject setUp = Json.parseObject(goldens.metadata().getOrDefault(name, ""), name);
    int steps = setUp.integer("num_inference_steps");
    double eta = setUp.optionalObject("step").map(step -> step.number("eta", 0)).orElse(0.0);
    SamplingRun run =
        DdimScheduler.of(
                SchedulersGoldenTest.config(setUp.object("config"), setUp.text("class")),
                new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DIFFUSERS))
            .begin(steps);
    FloatBuffer sample = goldens.floats(name + ".x_start");
    FloatBuffer outputs = goldens.floats(name + ".model_outputs");
    FloatBuffer noises = goldens.floats(name + ".noises");
    FloatBuffer trajectory = FloatBuffer.allocate(outputs.capacity());
    int images = goldens.shape(name + ".x_start")[0];
    double worst = 0;
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      for (int i = 0; i < steps; i++) {
        StepCoefficients c = run.steps().get(i).coefficients();
        FloatBuffer next = Goldens.row(trajectory, i, steps);
        FloatBuffer exact = FloatBuffer.allocate(next.capacity());
        StepNoise noise = new StepNoise(Seed.of(7).splits(images), i);
        ModelOutput output = ModelOutput.of(Goldens.row(outputs, i, steps));
        gpu.sample(c, Reduction.MEAN, output, sample, noise, next, new double[0]);
        cpu.sample(c, Reduction.MEAN, output, sample, noise, exact, new double[0]);
        worst = Math.max(worst, relative(Goldens.doubles(next), Goldens.doubles(exact)));
        // The reference drew other noise: the kernel's is exchanged for it.
        FloatBuffer drawn = FloatBuffer.allocate(next.capacity());
        noise.fill(drawn);
        FloatBuffer given = Goldens.row(noises, i, steps);
        for (int j = 0; j < next.capacity() && c.sigma() != 0; j++) {
          next.put(j, (float) (next.get(j) + c.sigma() * ((double) given.get(j) - drawn.get(j))));
        }
        sample = next;
      }
    }
    double error =
        Goldens.report(
            name,
            "cuda_trajectory",
            Goldens.doubles(trajectory),
            goldens.doubles(name + ".trajectory"));
    assertThat(worst).isLessThan(BOUND);
    assertThat(error).isLessThan(REFERENCE_BOUND);
  }

  @Test
  void ddposLogProbabilitiesAndGradientAreReproduced() {
    Goldens goldens = Goldens.open("ddpo.safetensors");
    int steps = goldens.shape("log_probs")[0];
    int images = goldens.shape("log_probs")[1];
    FloatBuffer latents = goldens.floats("latents"); // [T + 1, N, C, H, W]
    FloatBuffer outputs = goldens.floats("model_outputs"); // [T, N, C, H, W]
    FloatBuffer moved = goldens.floats("new_model_outputs");
    SamplingRun run = run(goldens, steps);
    double[] weights = weights(goldens, steps, images);
    double[][] densities = new double[3][steps * images]; // kernel's, kernel's moved, CPU's moved
    FloatBuffer gradient = FloatBuffer.allocate(outputs.capacity());
    FloatBuffer exact = FloatBuffer.allocate(outputs.capacity());
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      for (int i = 0; i < steps; i++) {
        StepCoefficients c = run.steps().get(i).coefficients();
        FloatBuffer x = Goldens.row(latents, i, steps + 1);
        FloatBuffer next = Goldens.row(latents, i + 1, steps + 1);
        ModelOutput output = ModelOutput.of(Goldens.row(outputs, i, steps));
        ModelOutput now = ModelOutput.of(Goldens.row(moved, i, steps));
        replay(gpu, c, output, x, next, densities[0], i, images);
        replay(gpu, c, now, x, next, densities[1], i, images);
        replay(cpu, c, now, x, next, densities[2], i, images);
        double[] w = java.util.Arrays.copyOfRange(weights, i * images, (i + 1) * images);
        gpu.logProbabilityGradient(
            c, Reduction.MEAN, now, x, next, w, Goldens.row(gradient, i, steps), null);
        cpu.logProbabilityGradient(
            c, Reduction.MEAN, now, x, next, w, Goldens.row(exact, i, steps), null);
      }
    }
    double old =
        Goldens.report("ddpo", "cuda_log_probs", densities[0], goldens.doubles("log_probs"));
    double fresh =
        Goldens.report(
            "ddpo", "cuda_new_log_probs", densities[1], goldens.doubles("new_log_probs"));
    double slope =
        Goldens.report(
            "ddpo",
            "cuda_grad_new_model_outputs",
            Goldens.doubles(gradient),
            goldens.doubles("grad_new_model_outputs"));
    assertThat(relative(densities[1], densities[2])).isLessThan(BOUND);
    assertThat(relative(Goldens.doubles(gradient), Goldens.doubles(exact))).isLessThan(BOUND);
    assertThat(old).isLessThan(REFERENCE_BOUND);
    assertThat(fresh).isLessThan(REFERENCE_BOUND);
    assertThat(slope).isLessThan(REFERENCE_GRADIENT_BOUND);
  }

  private static SamplingRun run(Goldens goldens, int steps) {
    String scheduler = goldens.metadata().getOrDefault("scheduler", "");
    double eta = Double.parseDouble(goldens.metadata().getOrDefault("eta", "1.0"));
    return DdimScheduler.of(
            SchedulersGoldenTest.config(Json.parseObject(scheduler, "scheduler"), "DDIMScheduler"),
            new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DDPO))
        .begin(steps);
  }

  /** The derivative of the clipped objective by each log-probability. */
  private static double[] weights(Goldens goldens, int steps, int images) {
    double clip = Double.parseDouble(goldens.metadata().getOrDefault("clip_range", "1e-4"));
    double limit = Double.parseDouble(goldens.metadata().getOrDefault("adv_clip", "5.0"));
    double[] advantages = goldens.doubles("advantages_1");
    double[] old = goldens.doubles("log_probs");
    double[] now = goldens.doubles("new_log_probs");
    return IntStream.range(0, steps * images)
        .mapToDouble(
            i -> {
              double advantage = Math.max(-limit, Math.min(limit, advantages[i % images]));
              double ratio = Math.exp(now[i] - old[i]);
              double clipped = Math.max(1 - clip, Math.min(1 + clip, ratio));
              boolean active = -advantage * ratio >= -advantage * clipped;
              return active ? -advantage * ratio / (steps * images) : 0;
            })
        .toArray();
  }

  private static void replay(
      StepKernel kernel,
      StepCoefficients c,
      ModelOutput output,
      FloatBuffer x,
      FloatBuffer next,
      double[] all,
      int step,
      int images) {
    double[] densities = new double[images];
    kernel.logProbability(c, Reduction.MEAN, output, x, next, densities);
    System.arraycopy(densities, 0, all, step * images, images);
  }

  private static double relative(double[] found, double[] expected) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      error += (found[i] - expected[i]) * (found[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return error == 0 ? 0 : Math.sqrt(error / norm);
  }
}

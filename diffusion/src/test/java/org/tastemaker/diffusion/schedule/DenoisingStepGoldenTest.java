package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.testing.Goldens;

/** ddpo-pytorch's own rollout: its latents, the log-probabilities of two policies, the gradient. */
class DenoisingStepGoldenTest {
  private static final double BOUND = 1e-4;

  /** A ratio of probabilities amplifies the reference's single precision. */
  private static final double GRADIENT_BOUND = 1e-3;

  private final Goldens goldens = Goldens.open("ddpo.safetensors");
  private final int steps = goldens.shape("log_probs")[0];
  private final int images = goldens.shape("log_probs")[1];
  private final FloatBuffer latents = goldens.floats("latents"); // [T + 1, N, C, H, W]
  private final FloatBuffer outputs = goldens.floats("model_outputs"); // [T, N, C, H, W]
  private final FloatBuffer newOutputs = goldens.floats("new_model_outputs");
  private final SamplingRun run = run(goldens);

  private static SamplingRun run(Goldens goldens) {
    JsonObject json =
        Json.parseObject(goldens.metadata().getOrDefault("scheduler", ""), "scheduler");
    double eta = Double.parseDouble(goldens.metadata().getOrDefault("eta", "1.0"));
    return DdimScheduler.of(
            SchedulersGoldenTest.config(json, "DDIMScheduler"),
            new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DDPO))
        .begin(json.integer("num_inference_steps"))
        .requireLogProbabilities();
  }

  @Test
  void theTimestepsAreThoseOfTheRollout() {
    double error =
        Goldens.report("ddpo", "timesteps", run.timesteps(), goldens.doubles("timesteps"));
    assertThat(error).isZero();
  }

  @Test
  void theRolloutsStepsHaveTheirLogProbabilities() {
    double error =
        Goldens.report(
            "ddpo", "log_probs", replay(outputs, Reduction.MEAN), goldens.doubles("log_probs"));
    assertThat(error).isLessThan(BOUND);
  }

  @Test
  void aMovedPolicyHasItsOwnLogProbabilities() {
    double error =
        Goldens.report(
            "ddpo",
            "new_log_probs",
            replay(newOutputs, Reduction.MEAN),
            goldens.doubles("new_log_probs"));
    assertThat(error).isLessThan(BOUND);
  }

  @Test
  void theSumIsTheMeanTimesTheNumberOfElements() {
    int size = latents.capacity() / (steps + 1) / images;
    double[] means = replay(outputs, Reduction.MEAN);
    double[] sums = replay(outputs, Reduction.SUM);
    for (int i = 0; i < means.length; i++) {
      // Two divisions and a product in double precision.
      assertThat(sums[i] / size).isCloseTo(means[i], within(1e-12));
    }
  }

  @Test
  void samplingWithTheSameNoiseGivesTheSameLatentsAndLogProbabilities() {
    double[] ours = new double[steps * images];
    FloatBuffer sampled = FloatBuffer.allocate(outputs.capacity());
    for (int i = 0; i < steps; i++) {
      StepCoefficients c = run.steps().get(i).coefficients();
      FloatBuffer output = Goldens.row(outputs, i, steps);
      FloatBuffer sample = Goldens.row(latents, i, steps + 1);
      FloatBuffer previous = Goldens.row(latents, i + 1, steps + 1);
      // 1. The noise that the reference must have drawn.
      FloatBuffer noise = FloatBuffer.allocate(output.capacity());
      for (int j = 0; j < noise.capacity(); j++) {
        noise.put(
            j, (float) ((previous.get(j) - c.mean(sample.get(j), output.get(j))) / c.sigma()));
      }
      // 2. The step with it.
      double[] logProbabilities = new double[images];
      FloatBuffer next = Goldens.row(sampled, i, steps);
      run.step(i, Reduction.MEAN, output, sample, noise, next, logProbabilities);
      System.arraycopy(logProbabilities, 0, ours, i * images, images);
    }
    double latentError =
        Goldens.report(
            "ddpo",
            "latents",
            Goldens.doubles(sampled),
            Goldens.doubles(latents.slice(sampled.capacity() / steps, sampled.capacity())));
    double error = Goldens.report("ddpo", "sampled_log_probs", ours, goldens.doubles("log_probs"));
    assertThat(latentError).isLessThan(BOUND);
    assertThat(error).isLessThan(BOUND);
  }

  @Test
  void theGradientOfTheClippedObjectiveReachesTheModelOutput() {
    double clip = Double.parseDouble(goldens.metadata().getOrDefault("clip_range", "1e-4"));
    double limit = Double.parseDouble(goldens.metadata().getOrDefault("adv_clip", "5.0"));
    double[] advantages = goldens.doubles("advantages_1");
    double[] old = goldens.doubles("log_probs");
    double[] now = goldens.doubles("new_log_probs");
    FloatBuffer gradient = FloatBuffer.allocate(outputs.capacity());
    double loss = 0;
    for (int i = 0; i < steps; i++) {
      double[] weights = new double[images];
      for (int n = 0; n < images; n++) {
        double advantage = Math.max(-limit, Math.min(limit, advantages[n]));
        double ratio = Math.exp(now[i * images + n] - old[i * images + n]);
        double clipped = Math.max(1 - clip, Math.min(1 + clip, ratio));
        loss += Math.max(-advantage * ratio, -advantage * clipped) / (steps * images);
        boolean active = -advantage * ratio >= -advantage * clipped;
        weights[n] = active ? -advantage * ratio / (steps * images) : 0;
      }
      DenoisingStep.logProbabilityGradient(
          run.steps().get(i).coefficients(),
          Reduction.MEAN,
          Goldens.row(newOutputs, i, steps),
          Goldens.row(latents, i, steps + 1),
          Goldens.row(latents, i + 1, steps + 1),
          weights,
          Goldens.row(gradient, i, steps));
    }
    double lossError = Goldens.report("ddpo", "loss", new double[] {loss}, goldens.doubles("loss"));
    double error =
        Goldens.report(
            "ddpo",
            "grad_new_model_outputs",
            Goldens.doubles(gradient),
            goldens.doubles("grad_new_model_outputs"));
    assertThat(lossError).isLessThan(BOUND);
    assertThat(error).isLessThan(GRADIENT_BOUND);
  }

  private double[] replay(FloatBuffer outputs, Reduction reduction) {
    double[] all = new double[steps * images];
    for (int i = 0; i < steps; i++) {
      double[] logProbabilities = new double[images];
      DenoisingStep.logProbability(
          run.steps().get(i).coefficients(),
          reduction,
          Goldens.row(outputs, i, steps),
          Goldens.row(latents, i, steps + 1),
          Goldens.row(latents, i + 1, steps + 1),
          logProbabilities);
      System.arraycopy(logProbabilities, 0, all, i * images, images);
    }
    return all;
  }
}

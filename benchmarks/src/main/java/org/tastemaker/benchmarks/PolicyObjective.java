package org.tastemaker.benchmarks;

import java.nio.FloatBuffer;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.Guidance;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * The part of a DDPO micro-step between the U-Net's output and its gradient: guidance, the
 * log-probability of a recorded step, and the clipped loss. It is the same whatever runs the U-Net,
 * and it allocates nothing.
 */
final class PolicyObjective {
  private static final double GUIDANCE = 5;
  private static final double CLIP = 1e-4;

  private final StepCoefficients step;
  private final FloatBuffer sample; // [B, ...]
  private final FloatBuffer next; // [B, ...]
  private final FloatBuffer guided;
  private final FloatBuffer gradient;
  private final double[] advantages;
  private final double[] old;
  private final double[] density;
  private final double[] slope;

  /**
   * Makes a recorded step to a random next sample, with random advantages.
   *
   * @param images B
   * @param sample x_t, [B, ...]
   */
  PolicyObjective(int images, FloatBuffer sample) {
    this.sample = sample;
    int size = sample.remaining();
    step =
        DdimScheduler.of(SchedulerConfig.stableDiffusion(), DdimScheduler.Options.ddpo())
            .begin(50)
            .steps()
            .get(25)
            .coefficients();
    guided = FloatBuffer.allocate(size);
    gradient = FloatBuffer.allocate(size);
    float[] values = new float[size];
    Seed.of(4).gaussian(0, values);
    next = FloatBuffer.wrap(values);
    float[] drawn = new float[images];
    Seed.of(5).gaussian(0, drawn);
    advantages = new double[images];
    for (int i = 0; i < images; i++) {
      advantages[i] = drawn[i];
    }
    old = new double[images];
    density = new double[images];
    slope = new double[images];
  }

  /** Takes the current policy as the one that recorded the step. */
  void record(FloatBuffer unconditional, FloatBuffer conditional) {
    probabilities(unconditional, conditional);
    System.arraycopy(density, 0, old, 0, old.length);
  }

  /** The gradient of the loss with respect to both halves of the output. */
  void gradient(
      FloatBuffer unconditional,
      FloatBuffer conditional,
      FloatBuffer ofUnconditional,
      FloatBuffer ofConditional) {
    // 1. The policy's log-probability of the recorded step.
    probabilities(unconditional, conditional);
    // 2. The clipped loss, mean of max(-A rho, -A clamp(rho)), and its derivative with respect to
    // the log-probability.
    for (int i = 0; i < slope.length; i++) {
      double rho = Math.exp(density[i] - old[i]);
      double clamped = Math.min(1 + CLIP, Math.max(1 - CLIP, rho));
      boolean open = -advantages[i] * rho >= -advantages[i] * clamped;
      slope[i] = open ? -advantages[i] * rho / slope.length : 0;
    }
    // 3. Backward to the two halves.
    DenoisingStep.logProbabilityGradient(
        step, Reduction.MEAN, guided, sample, next, slope, gradient);
    Guidance.gradient(GUIDANCE, gradient, ofUnconditional, ofConditional);
  }

  private void probabilities(FloatBuffer unconditional, FloatBuffer conditional) {
    Guidance.guide(GUIDANCE, unconditional, conditional, guided);
    DenoisingStep.logProbability(step, Reduction.MEAN, guided, sample, next, density);
  }
}

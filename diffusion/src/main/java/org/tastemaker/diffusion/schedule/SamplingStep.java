package org.tastemaker.diffusion.schedule;

import java.util.Locale;

/**
 * One step of a sampling run: when it is, what the model is given, and what is done with its
 * answer. A sampler that asks the model twice for each of its steps has two of these.
 *
 * @param index the step's place in the whole schedule, 0 for the noisiest; a run that starts late
 *     begins with a higher one
 * @param timestep what the model is conditioned on; whole, except where the noise levels of
 *     k-diffusion's samplers fall between timesteps
 * @param inputScale what the sample is multiplied by before the model sees it; 1 except for
 *     k-diffusion's samplers
 * @param signalScale weight of the clean sample in a sample at this step
 * @param noiseScale weight of standard normal noise in a sample at this step
 * @param rule the step itself
 */
public record SamplingStep(
    int index,
    double timestep,
    double inputScale,
    double signalScale,
    double noiseScale,
    StepRule rule) {
  /**
   * The step as an affine map, which kernels and log-probabilities need.
   *
   * @return its coefficients
   * @throws IllegalStateException if it depends on the steps before, as those of multistep solvers
   *     do
   */
  public StepCoefficients coefficients() {
    if (rule instanceof StepCoefficients affine) {
      return affine;
    }
    throw new IllegalStateException(
        this
            + " depends on the steps before it, or on a bound by image: take it with SamplingRun.step, and sample with DDIM or DDPM for log-probabilities");
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "step %s (timestep %s)", index, timestep);
  }
}

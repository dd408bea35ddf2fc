package org.tastemaker.diffusion.schedule;

import java.util.Locale;

/**
 * One step of a sampling run: when it is, what the model is given, and what is done with its
 * answer.
 *
 * @param index the step's place in the whole schedule, 0 for the noisiest; a run that starts late
 *     begins with a higher one
 * @param timestep what the model is conditioned on; whole, except for Euler's linspace and Karras
 *     schedules
 * @param inputScale what the sample is multiplied by before the model sees it; 1 except for Euler
 * @param signalScale weight of the clean sample in a sample at this step
 * @param noiseScale weight of standard normal noise in a sample at this step
 * @param coefficients the step itself
 */
public record SamplingStep(
    int index,
    double timestep,
    double inputScale,
    double signalScale,
    double noiseScale,
    StepCoefficients coefficients) {
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "step %s (timestep %s)", index, timestep);
  }
}

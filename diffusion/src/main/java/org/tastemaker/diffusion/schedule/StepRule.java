package org.tastemaker.diffusion.schedule;

/**
 * What is done with the model's output in one step: {@link StepCoefficients} where the step depends
 * on nothing before it, and {@link MemoryStep} where it does, or where the clean sample is bounded
 * image by image.
 */
public sealed interface StepRule permits StepCoefficients, MemoryStep {
  /**
   * How much noise is added.
   *
   * @return the deviation of the noise that this step draws; 0 for a deterministic step
   */
  double sigma();
}

package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;

/**
 * The gradient of a denoising step as a function of what goes into it, with its noise held fixed:
 * what carries a gradient from a sample back to the noisier one that it was made from.
 *
 * <pre>
 *   x' = mean(x, o) + sigma e
 *   d L / d o = d L / d x'  d mean / d o          where the predicted x0 is clipped, what goes
 *   d L / d x = d L / d x'  d mean / d x          around it alone
 * </pre>
 *
 * <p>The second is at a fixed output {@code o}. Where the output is a model's answer to {@code x},
 * the model's own gradient comes on top.
 */
public final class StepGradient {
  private StepGradient() {}

  /**
   * The gradient of a step.
   *
   * @param c the step; {@link StepCoefficients#toCleanSample} for a prediction of x0
   * @param output o, the model's output, [N, ...]
   * @param sample x, the same size
   * @param byPrevious d L / d x', the same size
   * @param byOutput receives d L / d o, the same size; may be {@code byPrevious}
   * @param bySample receives d L / d x, the same size; may be {@code byPrevious}, if {@code
   *     byOutput} is not
   */
  public static void backward(
      StepCoefficients c,
      FloatBuffer output,
      FloatBuffer sample,
      FloatBuffer byPrevious,
      FloatBuffer byOutput,
      FloatBuffer bySample) {
    int length = Elementwise.imageSize(1, output, "sample", sample, "byPrevious", byPrevious);
    Elementwise.requireSize("byOutput", byOutput, length);
    Elementwise.requireSize("bySample", bySample, length);
    for (int i = 0; i < length; i++) {
      double o = Elementwise.get(output, i);
      double x = Elementwise.get(sample, i);
      double g = Elementwise.get(byPrevious, i);
      byOutput.put(byOutput.position() + i, (float) (g * c.meanByOutput(x, o)));
      bySample.put(bySample.position() + i, (float) (g * c.meanBySample(x, o)));
    }
  }
}

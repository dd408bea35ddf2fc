package org.tastemaker.diffusion.schedule;

import java.util.Locale;
import java.util.OptionalInt;

/** A {@link StepKernel} that takes steps on tensors where they lie, without copies. */
public interface ResidentStepKernel extends StepKernel {
  /**
   * Where it works.
   *
   * @return the number of the GPU; empty for the host
   */
  OptionalInt gpu();

  /**
   * Takes a step like {@link StepKernel#sample}, on tensors in place.
   *
   * @param c the step
   * @param reduction over an image's elements
   * @param tensors where they lie
   * @param noise where sigma is above 0, drawn from; it says how many images there are
   * @param logProbabilities receives one number per image, [N]; of length 0 where none is wanted
   */
  void sample(
      StepCoefficients c,
      Reduction reduction,
      Tensors tensors,
      StepNoise noise,
      double[] logProbabilities);

  /**
   * Tensors of N images in float32, in C order without gaps.
   *
   * @param stream the CUDA stream in which they are written and read; 0 on the host
   * @param size elements of an image
   * @param guidanceScale 1 where there is no guidance
   * @param unconditional address of the model's output for the negative prompts; 0 where there is
   *     no guidance
   * @param conditional address of the model's output for the prompts
   * @param sample address of x_t, where x_{t-1} is written
   */
  record Tensors(
      long stream,
      int size,
      double guidanceScale,
      long unconditional,
      long conditional,
      long sample) {
    public Tensors {
      if (size < 1 || conditional == 0 || sample == 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "tensors of %s elements at %x (output) and %x (sample)",
                size,
                conditional,
                sample));
      }
    }
  }
}

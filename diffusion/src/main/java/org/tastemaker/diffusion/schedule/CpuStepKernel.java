package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The step on the CPU, the reference: {@link DenoisingStep} with its guidance and its noise. */
public final class CpuStepKernel implements ResidentStepKernel {
  private FloatBuffer guided = FloatBuffer.allocate(0);
  private FloatBuffer drawn = FloatBuffer.allocate(0);

  /** A kernel with scratch memory of its own. */
  public CpuStepKernel() {}

  @Override
  public void sample(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      StepNoise noise,
      FloatBuffer previous,
      double[] logProbabilities) {
    FloatBuffer o = guide(output);
    FloatBuffer z = null;
    if (c.sigma() != 0) {
      drawn = atLeast(drawn, o.remaining());
      z = drawn.slice(0, o.remaining());
      noise.fill(z);
    }
    if (logProbabilities.length == 0) {
      DenoisingStep.sample(c, o, sample, z, previous);
    } else {
      requireImages(noise, logProbabilities);
      DenoisingStep.sample(
          c, reduction, o, sample, z == null ? sample : z, previous, logProbabilities);
    }
  }

  @Override
  public OptionalInt gpu() {
    return OptionalInt.empty();
  }

  @Override
  public void sample(
      StepCoefficients c,
      Reduction reduction,
      Tensors tensors,
      StepNoise noise,
      double[] logProbabilities) {
    int length = noise.seeds().size() * tensors.size();
    FloatBuffer conditional = FloatBuffers.at(tensors.conditional(), length);
    FloatBuffer sample = FloatBuffers.at(tensors.sample(), length);
    ModelOutput output =
        tensors.unconditional() == 0
            ? ModelOutput.of(conditional)
            : ModelOutput.guided(
                tensors.guidanceScale(),
                FloatBuffers.at(tensors.unconditional(), length),
                conditional);
    sample(c, reduction, output, sample, noise, sample, logProbabilities);
  }

  @Override
  public void logProbability(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] logProbabilities) {
    DenoisingStep.logProbability(c, reduction, guide(output), sample, previous, logProbabilities);
  }

  @Override
  public void logProbabilityGradient(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] weights,
      FloatBuffer gradient,
      @Nullable FloatBuffer unconditionalGradient) {
    requireSameHalves(output, unconditionalGradient);
    DenoisingStep.logProbabilityGradient(
        c, reduction, guide(output), sample, previous, weights, gradient);
    if (unconditionalGradient != null) {
      Guidance.gradient(output.guidanceScale(), gradient, unconditionalGradient, gradient);
    }
  }

  @Override
  public void close() {}

  private FloatBuffer guide(ModelOutput output) {
    FloatBuffer u = output.unconditional();
    if (u == null) {
      return output.conditional();
    }
    int length = u.remaining();
    guided = atLeast(guided, length);
    FloatBuffer out = guided.slice(0, length);
    Guidance.guide(output.guidanceScale(), u, output.conditional(), out);
    return out;
  }

  private static FloatBuffer atLeast(FloatBuffer scratch, int length) {
    return scratch.capacity() >= length ? scratch : FloatBuffer.allocate(length);
  }

  private static void requireImages(StepNoise noise, double[] logProbabilities) {
    if (noise.seeds().size() != logProbabilities.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there are %s seeds, but room for the log-probabilities of %s images",
              noise.seeds().size(),
              logProbabilities.length));
    }
  }

  private static void requireSameHalves(
      ModelOutput output, @Nullable FloatBuffer unconditionalGradient) {
    if ((output.unconditional() == null) != (unconditionalGradient == null)) {
      throw new IllegalArgumentException(
          "unconditionalGradient must be given if and only if the model's output has an unconditional half");
    }
  }
}

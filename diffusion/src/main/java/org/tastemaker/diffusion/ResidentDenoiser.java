package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.util.Optional;
import org.tastemaker.diffusion.condition.UNetInputs;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.ResidentStepKernel;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.SamplingStep;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.schedule.StepNoise;

/**
 * Denoising steps whose latents stay where the U-Net has its inputs, from the first step to the
 * last. The sample x_t lies in the first B rows of the U-Net's own input, where the kernel replaces
 * it by x_{t-1}; with guidance the last B rows are a copy of it. One object is for one batch.
 */
final class ResidentDenoiser {
  private final Residence unet;
  private final ResidentStepKernel kernel;
  private final SamplingOptions options;
  private final LatentShape shape;
  private final long half; // elements of B rows
  private boolean textsSent;

  private ResidentDenoiser(
      Residence unet,
      ResidentStepKernel kernel,
      SamplingOptions options,
      LatentShape shape,
      long half) {
    this.unet = unet;
    this.kernel = kernel;
    this.options = options;
    this.shape = shape;
    this.half = half;
  }

  /**
   * Steps in place, if they can be taken so: the U-Net has a residence, the kernel works on the
   * same device, and each step needs the model's output, unscaled, and the sample alone.
   */
  static Optional<ResidentDenoiser> of(
      GraphFunction unet,
      StepKernel kernel,
      SamplingRun run,
      SamplingOptions options,
      int rows,
      LatentShape shape) {
    boolean plain =
        run.steps().stream()
            .allMatch(step -> step.inputScale() == 1 && step.rule() instanceof StepCoefficients);
    if (!plain || options.rescaled() || !(kernel instanceof ResidentStepKernel there)) {
      return Optional.empty();
    }
    return unet.residence()
        .filter(residence -> residence.gpu().equals(there.gpu()))
        .map(
            residence ->
                new ResidentDenoiser(residence, there, options, shape, (long) rows * shape.size()));
  }

  /** Sends the noisiest sample, [B, C, h, w]. */
  void begin(FloatBuffer z) {
    unet.upload(UNet2DConditionModel.SAMPLE, 0, z);
    copyToSecondHalf();
  }

  /** Takes a step. */
  void step(SamplingStep step, UNetInputs inputs, StepNoise noise, double[] logProbabilities) {
    // 1. The network; of its inputs only the timesteps are new in each step. The texts are sent
    // once, since whoever ran the function before may have left others there.
    inputs.sendTimestepsTo(unet);
    if (!textsSent) {
      inputs.sendTextsTo(unet);
      textsSent = true;
    }
    unet.run();
    // 2. The step, on its output: u first, then c.
    long output = unet.address(UNet2DConditionModel.OUT);
    boolean guided = options.guided();
    kernel.sample(
        step.coefficients(),
        options.reduction(),
        new ResidentStepKernel.Tensors(
            unet.stream(),
            shape.size(),
            options.guidanceScale(),
            guided ? output : 0,
            guided ? output + half * Float.BYTES : output,
            unet.address(UNet2DConditionModel.SAMPLE)),
        noise,
        logProbabilities);
    copyToSecondHalf();
  }

  private void copyToSecondHalf() {
    if (options.guided()) {
      unet.copyWithin(UNet2DConditionModel.SAMPLE, 0, half, half);
    }
  }

  /** Fetches the sample, [B, C, h, w]. */
  void read(FloatBuffer z) {
    unet.download(UNet2DConditionModel.SAMPLE, z);
  }
}

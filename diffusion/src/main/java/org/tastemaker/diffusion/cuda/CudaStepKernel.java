package org.tastemaker.diffusion.cuda;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.ResidentStepKernel;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepNoise;

/**
 * The denoising step on a GPU, for buffers on the host: each call copies its inputs there, launches
 * one kernel, and copies the results back. The copies cost far more than the kernel; a model whose
 * output is on the GPU already uses {@link DenoisingKernels}.
 *
 * <p>Only the thread that opened it may use it.
 */
final class CudaStepKernel implements ResidentStepKernel {
  private final CudaContext context;
  private final List<AutoCloseable> resources = new ArrayList<>();
  private final CudaStream stream;
  private final DenoisingKernels kernels;
  private final StepArguments arguments = new StepArguments();
  private final StagedBuffer conditional;
  private final StagedBuffer unconditional;
  private final StagedBuffer sample;
  private final StagedBuffer previous;
  private final StagedBuffer conditionalGradient;
  private final StagedBuffer unconditionalGradient;
  private final StagedBuffer perImage;
  private final StagedBuffer logProbabilities;
  private final Map<Long, ResidentSteps> resident = new HashMap<>(); // by the stream's handle

  /**
   * Takes over the context.
   *
   * @throws CudaException if the GPU cannot run the kernels; the context is closed then
   */
  CudaStepKernel(CudaContext context) {
    this.context = context;
    try {
      stream = keep(context.stream());
      kernels = keep(DenoisingKernels.load(context, stream));
      conditional = keep(new StagedBuffer(context, stream));
      unconditional = keep(new StagedBuffer(context, stream));
      sample = keep(new StagedBuffer(context, stream));
      previous = keep(new StagedBuffer(context, stream));
      conditionalGradient = keep(new StagedBuffer(context, stream));
      unconditionalGradient = keep(new StagedBuffer(context, stream));
      perImage = keep(new StagedBuffer(context, stream));
      logProbabilities = keep(new StagedBuffer(context, stream));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public void sample(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      StepNoise noise,
      FloatBuffer previous,
      double[] logProbabilities) {
    int images = noise.seeds().size();
    requireRoom(images, logProbabilities);
    if (images == 0) {
      return;
    }
    int length = begin(c, reduction, images, output, sample, previous);
    boolean wanted = logProbabilities.length != 0;
    if (wanted) {
      requireDensity(c);
    }
    upload(output);
    arguments
        .samples(this.sample.upload(sample), this.previous.reserve(4L * length))
        .noise(
            perImage.upload(noise.seeds().stream().mapToLong(Seed::key).toArray()), noise.stream())
        .logProbabilities(wanted ? this.logProbabilities.reserve(16L * images) : 0);
    kernels.sample(StorageType.FLOAT32, arguments);
    this.previous.fetch(4L * length);
    if (wanted) {
      this.logProbabilities.fetch(16L * images);
    }
    stream.synchronize();
    download(this.previous, previous);
    if (wanted) {
      downloadLogProbabilities(reduction, logProbabilities);
    }
  }

  @Override
  public OptionalInt gpu() {
    return OptionalInt.of(context.device());
  }

  @Override
  public void sample(
      StepCoefficients c,
      Reduction reduction,
      Tensors tensors,
      StepNoise noise,
      double[] logProbabilities) {
    int images = noise.seeds().size();
    requireRoom(images, logProbabilities);
    if (images == 0) {
      return;
    }
    if (logProbabilities.length != 0) {
      requireDensity(c);
    }
    context.makeCurrent(); // another library may have been at work on another GPU
    resident
        .computeIfAbsent(tensors.stream(), handle -> keep(new ResidentSteps(context, handle)))
        .sample(c, reduction, tensors, noise, logProbabilities);
  }

  private static void requireRoom(int images, double[] logProbabilities) {
    if (logProbabilities.length != 0 && logProbabilities.length != images) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there are %s seeds, but room for the log-probabilities of %s images",
              images,
              logProbabilities.length));
    }
  }

  @Override
  public void logProbability(
      StepCoefficients c,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      FloatBuffer previous,
      double[] logProbabilities) {
    int images = logProbabilities.length;
    requireDensity(c);
    if (images == 0) {
      return;
    }
    begin(c, reduction, images, output, sample, previous);
    upload(output);
    arguments
        .samples(this.sample.upload(sample), this.previous.upload(previous))
        .logProbabilities(this.logProbabilities.reserve(16L * images));
    kernels.replay(StorageType.FLOAT32, arguments);
    this.logProbabilities.fetch(16L * images);
    stream.synchronize();
    downloadLogProbabilities(reduction, logProbabilities);
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
    boolean guided = output.unconditional() != null;
    if (guided != (unconditionalGradient != null)) {
      throw new IllegalArgumentException(
          "unconditionalGradient must be given if and only if the model's output has an unconditional half");
    }
    requireDensity(c);
    if (weights.length == 0) {
      return;
    }
    int length = begin(c, reduction, weights.length, output, sample, previous);
    requireSize("gradient", gradient, length);
    if (unconditionalGradient != null) {
      requireSize("unconditionalGradient", unconditionalGradient, length);
    }
    upload(output);
    arguments
        .samples(this.sample.upload(sample), this.previous.upload(previous))
        .gradient(
            perImage.upload(weights),
            conditionalGradient.reserve(4L * length),
            guided ? this.unconditionalGradient.reserve(4L * length) : 0);
    kernels.gradient(StorageType.FLOAT32, arguments);
    conditionalGradient.fetch(4L * length);
    if (guided) {
      this.unconditionalGradient.fetch(4L * length);
    }
    stream.synchronize();
    download(conditionalGradient, gradient);
    if (unconditionalGradient != null) {
      download(this.unconditionalGradient, unconditionalGradient);
    }
  }

  /** Checks sizes and fills in what all launches have; returns the number of elements. */
  private int begin(
      StepCoefficients c,
      Reduction reduction,
      int images,
      ModelOutput output,
      FloatBuffer sample,
      FloatBuffer previous) {
    int length = output.conditional().remaining();
    requireSize("sample", sample, length);
    requireSize("previous", previous, length);
    if (length == 0 || length % images != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s elements are not a whole number for each of %s images",
              length,
              images));
    }
    arguments.batch(images, length / images).step(c, reduction);
    return length;
  }

  private void upload(ModelOutput output) {
    FloatBuffer u = output.unconditional();
    if (u == null) {
      arguments.output(conditional.upload(output.conditional()));
    } else {
      arguments.guided(
          output.guidanceScale(),
          unconditional.upload(u),
          conditional.upload(output.conditional()));
    }
  }

  private static void download(StagedBuffer from, FloatBuffer to) {
    FloatBuffer values = from.fetched(4L * to.remaining()).asFloatBuffer();
    to.put(to.position(), values, 0, to.remaining());
  }

  private void downloadLogProbabilities(Reduction reduction, double[] to) {
    DoubleBuffer values = logProbabilities.fetched(16L * to.length).asDoubleBuffer();
    int offset = reduction == Reduction.MEAN ? 0 : 1;
    for (int n = 0; n < to.length; n++) {
      to[n] = values.get(2 * n + offset);
    }
  }

  private static void requireSize(String name, FloatBuffer buffer, int expected) {
    if (buffer.remaining() != expected) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must hold %s elements like the others, but holds %s",
              name,
              expected,
              buffer.remaining()));
    }
  }

  private static void requireDensity(StepCoefficients c) {
    if (c.sigma() == 0) {
      throw new IllegalArgumentException(
          "the log-probability of a deterministic step (sigma = 0) is not defined: sample with eta above 0 and DdimScheduler.FinalStep.DDPO");
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    resources.add(resource);
    return resource;
  }

  @Override
  public void close() {
    CudaResources.close(resources, context);
  }
}

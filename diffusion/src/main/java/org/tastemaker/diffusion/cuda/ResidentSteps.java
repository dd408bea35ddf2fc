package org.tastemaker.diffusion.cuda;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.ResidentStepKernel.Tensors;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepNoise;

/**
 * Denoising steps on tensors that another library has on the GPU, in that library's stream: the
 * kernel comes after what wrote the tensors and before what reads them, and nobody waits, unless
 * for log-probabilities. Seeds are all that is sent.
 */
final class ResidentSteps implements AutoCloseable {
  private final CudaStream stream;
  private final DenoisingKernels kernels;
  private final StagedBuffer keys;
  private final StagedBuffer logProbabilities;
  private final StepArguments arguments = new StepArguments();
  private List<Seed> sent = List.of();
  private long sentTo;

  ResidentSteps(CudaContext context, long handle) {
    stream = CudaStream.of(context.calls(), handle);
    kernels = DenoisingKernels.load(context, stream);
    keys = new StagedBuffer(context, stream);
    logProbabilities = new StagedBuffer(context, stream);
  }

  void sample(
      StepCoefficients c,
      Reduction reduction,
      Tensors tensors,
      StepNoise noise,
      double[] densities) {
    int images = noise.seeds().size();
    boolean wanted = densities.length != 0;
    arguments.batch(images, tensors.size()).step(c, reduction);
    if (tensors.unconditional() == 0) {
      arguments.output(tensors.conditional());
    } else {
      arguments.guided(tensors.guidanceScale(), tensors.unconditional(), tensors.conditional());
    }
    arguments
        .samples(tensors.sample(), tensors.sample())
        .noise(keys(noise.seeds()), noise.stream())
        .logProbabilities(wanted ? logProbabilities.reserve(16L * images) : 0);
    kernels.sample(StorageType.FLOAT32, arguments);
    if (wanted) {
      logProbabilities.fetch(16L * images);
      stream.synchronize();
      DoubleBuffer values = logProbabilities.fetched(16L * images).asDoubleBuffer();
      int offset = reduction == Reduction.MEAN ? 0 : 1;
      for (int n = 0; n < images; n++) {
        densities[n] = values.get(2 * n + offset);
      }
    }
  }

  /** The keys of a batch's seeds, sent with its first step. */
  private long keys(List<Seed> seeds) {
    if (!seeds.equals(sent)) {
      stream.synchronize(); // the memory that they are copied from may still be read
      sentTo = keys.upload(seeds.stream().mapToLong(Seed::key).toArray());
      sent = List.copyOf(seeds);
    }
    return sentTo;
  }

  @Override
  public void close() {
    stream.synchronize();
    List<AutoCloseable> all = new ArrayList<>(List.of(kernels, keys, logProbabilities));
    CudaResources.close(all, stream);
  }
}

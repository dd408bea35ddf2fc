package org.tastemaker.diffusion.cuda;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The denoising step on a GPU, on tensors that are there: one launch computes guidance, the affine
 * map of the step, noise, and the log-probability of each image.
 *
 * <p>A launch reads each input once and writes each output once. What it computes is {@code
 * DenoisingStep} in float32 (src/main/cuda/denoising_step.h): equal to it to 1e-5, and
 * bit-identical whatever the batch, the alignment and the GPU. The noise is that of {@code
 * Seed.gaussian} to 1e-6.
 *
 * <p>All launches go into one stream and return at once.
 */
public final class DenoisingKernels implements AutoCloseable {
  private static final String SAMPLE = "sample";
  private static final String REPLAY = "replay";
  private static final String GRADIENT = "gradient";

  private final CudaContext context;
  private final CudaStream stream;
  private final CudaModule module;
  private final Map<StorageType, CudaFunction> sample = new EnumMap<>(StorageType.class);
  private final Map<StorageType, CudaFunction> replay = new EnumMap<>(StorageType.class);
  private final Map<StorageType, CudaFunction> gradient = new EnumMap<>(StorageType.class);
  private @Nullable DeviceMemory partialSums;
  private @Nullable DeviceMemory arrivals;

  private DenoisingKernels(CudaContext context, CudaStream stream, CudaModule module) {
    this.context = context;
    this.stream = stream;
    this.module = module;
    for (StorageType type : StorageType.values()) {
      sample.put(type, module.function(SAMPLE + "_" + type.key()));
      replay.put(type, module.function(REPLAY + "_" + type.key()));
      gradient.put(type, module.function(GRADIENT + "_" + type.key()));
    }
  }

  /**
   * Loads the kernels.
   *
   * @param context of the GPU
   * @param stream all launches go into; stays the caller's
   * @return the kernels: the caller closes them
   * @throws CudaUnavailableException if the driver is too old for them
   * @throws CudaException if the GPU cannot run them
   */
  public static DenoisingKernels load(CudaContext context, CudaStream stream) {
    KernelImage image = KernelImage.read();
    image.requireDriver(context.calls());
    CudaModule module = context.module(image.code());
    try {
      return new DenoisingKernels(context, stream, module);
    } catch (RuntimeException e) {
      module.close();
      throw e;
    }
  }

  /**
   * Takes a step: writes {@code previous}, and log-probabilities where they have an address.
   *
   * @param type of all tensors
   * @param arguments batch, step, output, samples, noise, log-probabilities
   */
  public void sample(StorageType type, StepArguments arguments) {
    arguments.requireSampling(type.bytes());
    launch(sample, type, arguments);
  }

  /**
   * Writes the log-probabilities of a step that was taken before.
   *
   * @param type of all tensors
   * @param arguments batch, step, output, samples, log-probabilities
   */
  public void replay(StorageType type, StepArguments arguments) {
    arguments.requireReplay(type.bytes());
    launch(replay, type, arguments);
  }

  /**
   * Writes the gradient of the weighted sum of log-probabilities with respect to the model's
   * output.
   *
   * @param type of all tensors
   * @param arguments batch, step, output, samples, gradient
   */
  public void gradient(StorageType type, StepArguments arguments) {
    arguments.requireGradient(type.bytes());
    launch(gradient, type, arguments);
  }

  private void launch(
      Map<StorageType, CudaFunction> functions, StorageType type, StepArguments arguments) {
    int images = arguments.images();
    int blocks = images * arguments.tiles();
    DeviceMemory sums = atLeast(partialSums, 8L * blocks);
    partialSums = sums;
    DeviceMemory counts = atLeast(arrivals, 4L * images);
    arrivals = counts;
    arguments.workspace(sums.address(), counts.address());
    CudaFunction function = functions.get(type);
    if (function != null) {
      function.launch(blocks, StepArguments.THREADS, stream, arguments.parameters());
    }
  }

  /** New memory is filled with zeros; each launch leaves zeros where the next one needs them. */
  private DeviceMemory atLeast(@Nullable DeviceMemory memory, long bytes) {
    if (memory != null && memory.bytes() >= bytes) {
      return memory;
    }
    DeviceMemory larger = context.allocate(bytes);
    larger.fill((byte) 0, stream);
    if (memory != null) {
      stream.synchronize(); // a launch may be at work on it
      memory.close();
    }
    return larger;
  }

  /** Unloads the kernels, after all launches. */
  @Override
  public void close() {
    DeviceMemory sums = partialSums;
    if (sums != null) {
      sums.close();
    }
    DeviceMemory counts = arrivals;
    if (counts != null) {
      counts.close();
    }
    module.close();
  }
}

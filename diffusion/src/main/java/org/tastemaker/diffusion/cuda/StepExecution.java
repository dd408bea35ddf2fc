package org.tastemaker.diffusion.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.StepKernel;

/**
 * Where denoising steps are computed.
 *
 * <pre>{@code
 * try (StepKernel kernel = StepExecution.AUTO.open()) {
 *   Rollout rollout = model.with(kernel).rollout(prompts, seed);
 * }
 * }</pre>
 */
public enum StepExecution {
  /** On the first GPU that can; where there is none, on the CPU, and the log says why. */
  AUTO,
  /** On the CPU: the reference. */
  CPU,
  /** On the first GPU that can; where there is none, opening fails. */
  CUDA;

  private static final Logger LOG = LoggerFactory.getLogger(StepExecution.class);

  /**
   * The execution of a name, as in a configuration.
   *
   * @param name auto, cpu or cuda, in lower or upper case
   * @return the execution
   */
  public static StepExecution of(String name) {
    return Arrays.stream(values())
        .filter(value -> value.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "a step's execution must be one of %s, but was \"%s\"",
                        Arrays.stream(values())
                            .map(value -> value.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", ")),
                        name)));
  }

  /**
   * Opens the kernel. A GPU's serves the calling thread alone.
   *
   * @return the kernel: the caller closes it
   * @throws CudaUnavailableException if CUDA is asked for and there is no GPU or driver for it, or
   *     one that is too old; the message says which
   */
  public StepKernel open() {
    return open(CudaDriver::load);
  }

  /** Where the driver comes from. */
  @FunctionalInterface
  interface DriverSource {
    CudaDriver load();
  }

  StepKernel open(DriverSource source) {
    if (this == CPU) {
      return new CpuStepKernel();
    }
    try {
      return openCuda(source.load());
    } catch (CudaUnavailableException | CudaException e) {
      if (this == CUDA) {
        throw e;
      }
      LOG.warn("Denoising steps run on the CPU: {}", e.getMessage());
      return new CpuStepKernel();
    }
  }

  private static StepKernel openCuda(CudaDriver driver) {
    List<CudaDevice> devices = driver.devices();
    if (devices.isEmpty()) {
      throw new CudaUnavailableException(
          "NVIDIA's driver finds no GPU: look at nvidia-smi and CUDA_VISIBLE_DEVICES");
    }
    KernelImage image = KernelImage.read();
    image.requireDriver(driver.calls());
    CudaDevice device =
        devices.stream()
            .filter(image::runsOn)
            .findFirst()
            .orElseThrow(
                () ->
                    new CudaUnavailableException(
                        String.format(
                            Locale.ROOT,
                            "the kernels need a compute capability of at least %s, but there is %s",
                            image.lowestCapability() / 10.0,
                            devices)));
    StepKernel kernel = new CudaStepKernel(device.open());
    LOG.info("Denoising steps run on {}", device);
    return kernel;
  }
}

package org.tastemaker.diffusion.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Properties;

/**
 * Compiled kernels in the jar, and what they need: a fat binary that src/main/cuda/build.sh made,
 * with machine code for the named architectures and PTX for those to come.
 *
 * @param code the fat binary
 * @param cudaVersion of the compiler, which the driver must support, such as 13000
 * @param lowestCapability the least compute capability, such as 75
 * @param properties all that the build wrote down
 */
record KernelImage(byte[] code, int cudaVersion, int lowestCapability, Properties properties) {
  private static final String NAME = "denoising_step";

  /** The kernels of the denoising step. */
  static KernelImage read() {
    return read(KernelImage.class, NAME);
  }

  private static KernelImage read(Class<?> owner, String name) {
    Properties properties = new Properties();
    try (InputStream text = resource(owner, name + ".properties");
        InputStream code = resource(owner, name + ".fatbin")) {
      properties.load(text);
      return new KernelImage(
          code.readAllBytes(),
          Integer.parseInt(properties.getProperty("cuda.version")),
          Arrays.stream(properties.getProperty("architectures").split(" ", -1))
              .mapToInt(Integer::parseInt)
              .min()
              .orElseThrow(),
          properties);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream resource(Class<?> owner, String name) throws IOException {
    InputStream in = owner.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("the jar lacks its compiled kernels: resource " + name);
    }
    return in;
  }

  /** Checks that a driver takes this code. */
  void requireDriver(CudaCalls driver) {
    int version = driver.version();
    if (version < cudaVersion) {
      throw new CudaUnavailableException(
          String.format(
              Locale.ROOT,
              "NVIDIA's driver is too old: it supports CUDA %s, and the kernels need %s (driver 580 or newer)",
              text(version),
              text(cudaVersion)));
    }
  }

  /** Whether a device runs this code. */
  boolean runsOn(CudaDevice device) {
    return device.computeCapability() >= lowestCapability;
  }

  private static String text(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }
}

package org.tastemaker.diffusion.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.diffusion.schedule.StepKernel;

/**
 * The kernels' arithmetic on this computer's processor, behind the driver's functions: built from
 * src/test/cuda by the host's C++ compiler.
 */
public final class SoftwareGpu {
  private static final Path LIBRARY = build();

  private SoftwareGpu() {}

  private static Path build() {
    Path library = Path.of("target", "software-gpu", "libcuda-software.so").toAbsolutePath();
    try {
      Files.createDirectories(library.getParent());
      run(
          "g++",
          "-std=c++17",
          "-O2",
          "-ffp-contract=off",
          "-Wall",
          "-Wextra",
          "-Werror",
          "-shared",
          "-fPIC",
          "-Isrc/main/cuda",
          "-o",
          library.toString(),
          "src/test/cuda/software_gpu.cpp");
    } catch (IOException e) {
      throw new UncheckedIOException(
          "these tests need a C++ compiler, g++; without -Dtastemaker.cuda they are left out", e);
    }
    return library;
  }

  /** Runs a program and gives what it printed; fails if it does. */
  static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + " failed:\n" + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    return output;
  }

  static CudaDriver driver() {
    return CudaDriver.of(LibCuda.load(LIBRARY.toString()));
  }

  /** The step on the software GPU: the caller closes it. */
  public static StepKernel stepKernel() {
    return StepExecution.CUDA.open(SoftwareGpu::driver);
  }

  /** How many allocations, streams and so on are open. */
  static int live() {
    return function("softwareGpuLive").invokeInt(new Object[0]);
  }

  /** 16-byte accesses since the last call. */
  static long accesses() {
    return function("softwareGpuAccesses").invokeLong(new Object[0]);
  }

  static Function function(String name) {
    return NativeLibrary.getInstance(LIBRARY.toString()).getFunction(name);
  }
}

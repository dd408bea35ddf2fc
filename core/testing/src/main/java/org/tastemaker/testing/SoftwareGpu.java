package org.tastemaker.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * Runs the CUDA kernels' arithmetic on the CPU, behind the driver's functions: a library that the
 * host's C++ compiler builds and that is loaded in place of the driver.
 */
public final class SoftwareGpu {
  private static final String PROPERTY = "tastemaker.cuda.library";

  private SoftwareGpu() {}

  /**
   * Builds the library.
   *
   * @param diffusion the module's folder
   * @param headers the folder of the kernels' headers; the module's own are in {@code
   *     src/main/cuda}
   * @param library the file to write
   */
  public static void build(Path diffusion, Path headers, Path library) {
    try {
      Files.createDirectories(library.toAbsolutePath().getParent());
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
          "-I" + headers,
          "-o",
          library.toString(),
          diffusion.resolve("src/test/cuda/software_gpu.cpp").toString());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "these tests need a C++ compiler, g++; without -Dtastemaker.cuda they are skipped", e);
    }
  }

  /**
   * Runs a program; fails if the program fails.
   *
   * @param command the program and its arguments
   * @return what it printed
   * @throws IOException if it cannot be started
   */
  public static String run(String... command) throws IOException {
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

  /**
   * Opens something while the given library takes the place of the driver.
   *
   * @param <T> what is opened
   * @param library that {@link #build} wrote
   * @param open what loads the driver
   * @return what was opened
   * @throws Exception what opening it threw
   */
  public static <T> T asDriver(Path library, Callable<T> open) throws Exception {
    String before = System.getProperty(PROPERTY);
    System.setProperty(PROPERTY, library.toString());
    try {
      return open.call();
    } finally {
      if (before == null) {
        System.clearProperty(PROPERTY);
      } else {
        System.setProperty(PROPERTY, before);
      }
    }
  }
}

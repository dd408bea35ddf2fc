package org.tastemaker.diffusion.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.testing.SoftwareGpu;

/**
 * The kernels' arithmetic on this computer's processor, behind the driver's functions: built from
 * src/test/cuda by the host's C++ compiler.
 */
public final class SoftwareDriver {
  private static final Path LIBRARY = build();

  private SoftwareDriver() {}

  private static Path build() {
    Path library =
        Path.of("target", "software-gpu", ProcessHandle.current().pid() + ".so").toAbsolutePath();
    SoftwareGpu.build(Path.of(""), Path.of("src/main/cuda"), library);
    return library;
  }

  static CudaDriver driver() {
    return CudaDriver.of(LibCuda.load(LIBRARY.toString()));
  }

  /** The step on the software GPU: the caller closes it. */
  public static StepKernel stepKernel() {
    return StepExecution.CUDA.open(SoftwareDriver::driver);
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

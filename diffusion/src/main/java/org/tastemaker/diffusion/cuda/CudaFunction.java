package org.tastemaker.diffusion.cuda;

import com.sun.jna.Pointer;

/** A kernel. */
public final class CudaFunction {
  private final CudaCalls calls;
  private final String name;
  private final long handle;

  CudaFunction(CudaCalls calls, String name, long handle) {
    this.calls = calls;
    this.name = name;
    this.handle = handle;
  }

  /**
   * Puts a launch of the kernel into a stream.
   *
   * @param blocks at least 1
   * @param threads of a block, at least 1
   * @param stream in which
   * @param parameters an array of the addresses of the kernel's parameters; both are read before
   *     this returns
   * @throws CudaException if the driver rejects the launch; a later failure is thrown by the
   *     stream's next synchronization
   */
  public void launch(int blocks, int threads, CudaStream stream, Pointer parameters) {
    calls.check(
        "cuLaunchKernel(" + name + ")",
        calls
            .api()
            .cuLaunchKernel(
                handle,
                blocks,
                1,
                1,
                threads,
                1,
                1,
                0,
                stream.handle(),
                Pointer.nativeValue(parameters),
                0));
  }
}

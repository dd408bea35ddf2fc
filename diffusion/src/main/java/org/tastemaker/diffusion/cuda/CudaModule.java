package org.tastemaker.diffusion.cuda;

import java.nio.charset.StandardCharsets;

/** Compiled code on a GPU. */
public final class CudaModule implements AutoCloseable {
  private final CudaCalls calls;
  private final long handle;
  private boolean closed;

  CudaModule(CudaCalls calls, long handle) {
    this.calls = calls;
    this.handle = handle;
  }

  /**
   * A kernel of the module.
   *
   * @param name as in the compiled code
   * @return the kernel, valid until the module is closed
   */
  public CudaFunction function(String name) {
    long[] function = new long[1];
    byte[] text = (name + "\0").getBytes(StandardCharsets.US_ASCII);
    calls.check(
        "cuModuleGetFunction(" + name + ")",
        calls.api().cuModuleGetFunction(function, handle, text));
    return new CudaFunction(calls, name, function[0]);
  }

  /** Unloads the code, after all work with it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuModuleUnload", calls.api().cuModuleUnload(handle));
    }
  }
}

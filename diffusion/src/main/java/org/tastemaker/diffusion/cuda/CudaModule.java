package org.tastemaker.diffusion.cuda;

import java.nio.charset.StandardCharsets;

/** Compiled code on a GPU. */
public final class CudaModule implements AutoCloseable {
  private final CudaDriver driver;
  private final long handle;
  private boolean closed;

  CudaModule(CudaDriver driver, long handle) {
    this.driver = driver;
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
    driver.check(
        "cuModuleGetFunction(" + name + ")",
        driver.api().cuModuleGetFunction(function, handle, text));
    return new CudaFunction(driver, name, function[0]);
  }

  /** Unloads the code, after all work with it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      driver.check("cuModuleUnload", driver.api().cuModuleUnload(handle));
    }
  }
}

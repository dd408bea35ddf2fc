package org.tastemaker.diffusion.cuda;

/** A queue of work for a GPU, done in order. */
public final class CudaStream implements AutoCloseable {
  private static final int NON_BLOCKING = 1;

  private final CudaDriver driver;
  private final long handle;
  private boolean closed;

  private CudaStream(CudaDriver driver, long handle) {
    this.driver = driver;
    this.handle = handle;
  }

  static CudaStream create(CudaDriver driver) {
    long[] stream = new long[1];
    driver.check("cuStreamCreate", driver.api().cuStreamCreate(stream, NON_BLOCKING));
    return new CudaStream(driver, stream[0]);
  }

  long handle() {
    if (closed) {
      throw new IllegalStateException("this stream was closed");
    }
    return handle;
  }

  /**
   * Waits for all work that was put in so far.
   *
   * @throws CudaException if any of it failed
   */
  public void synchronize() {
    driver.check("cuStreamSynchronize", driver.api().cuStreamSynchronize(handle()));
  }

  /** Frees the stream; the driver finishes what is in it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      driver.check("cuStreamDestroy_v2", driver.api().cuStreamDestroy_v2(handle));
    }
  }
}

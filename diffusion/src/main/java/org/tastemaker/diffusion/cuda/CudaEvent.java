package org.tastemaker.diffusion.cuda;

/** A mark in a stream, with its time on the GPU. */
public final class CudaEvent implements AutoCloseable {
  private final CudaDriver driver;
  private final long handle;
  private boolean closed;

  private CudaEvent(CudaDriver driver, long handle) {
    this.driver = driver;
    this.handle = handle;
  }

  static CudaEvent create(CudaDriver driver) {
    long[] event = new long[1];
    driver.check("cuEventCreate", driver.api().cuEventCreate(event, 0));
    return new CudaEvent(driver, event[0]);
  }

  /**
   * Sets the mark behind all work that was put in so far.
   *
   * @param stream of whose work
   */
  public void record(CudaStream stream) {
    driver.check("cuEventRecord", driver.api().cuEventRecord(handle, stream.handle()));
  }

  /**
   * Waits until the stream has come past the mark, and tells the time since an earlier one.
   *
   * @param start recorded before
   * @return milliseconds, in steps of about half a microsecond
   */
  public double millisecondsSince(CudaEvent start) {
    driver.check("cuEventSynchronize", driver.api().cuEventSynchronize(handle));
    float[] milliseconds = new float[1];
    driver.check(
        "cuEventElapsedTime", driver.api().cuEventElapsedTime(milliseconds, start.handle, handle));
    return milliseconds[0];
  }

  /** Frees the event. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      driver.check("cuEventDestroy_v2", driver.api().cuEventDestroy_v2(handle));
    }
  }
}

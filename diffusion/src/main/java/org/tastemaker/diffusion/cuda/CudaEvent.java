package org.tastemaker.diffusion.cuda;

/** A mark in a stream, with its time on the GPU. */
final class CudaEvent implements AutoCloseable {
  private final CudaCalls calls;
  private final long handle;
  private boolean closed;

  private CudaEvent(CudaCalls calls, long handle) {
    this.calls = calls;
    this.handle = handle;
  }

  static CudaEvent create(CudaCalls calls) {
    long[] event = new long[1];
    calls.check("cuEventCreate", calls.api().cuEventCreate(event, 0));
    return new CudaEvent(calls, event[0]);
  }

  /**
   * Sets the mark behind all work that was put in so far.
   *
   * @param stream of whose work
   */
  void record(CudaStream stream) {
    calls.check("cuEventRecord", calls.api().cuEventRecord(handle, stream.handle()));
  }

  /**
   * Waits until the stream has reached the mark, and returns the time since an earlier one.
   *
   * @param start recorded before
   * @return milliseconds, in steps of about half a microsecond
   */
  double millisecondsSince(CudaEvent start) {
    calls.check("cuEventSynchronize", calls.api().cuEventSynchronize(handle));
    float[] milliseconds = new float[1];
    calls.check(
        "cuEventElapsedTime", calls.api().cuEventElapsedTime(milliseconds, start.handle, handle));
    return milliseconds[0];
  }

  /** Frees the event. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuEventDestroy_v2", calls.api().cuEventDestroy_v2(handle));
    }
  }
}

package org.tastemaker.diffusion.cuda;

/** A queue of work for a GPU, done in order. */
public final class CudaStream implements AutoCloseable {
  private static final int NON_BLOCKING = 1;

  private final CudaCalls calls;
  private final long handle;
  private boolean closed;

  private CudaStream(CudaCalls calls, long handle) {
    this.calls = calls;
    this.handle = handle;
  }

  static CudaStream create(CudaCalls calls) {
    long[] stream = new long[1];
    calls.check("cuStreamCreate", calls.api().cuStreamCreate(stream, NON_BLOCKING));
    return new CudaStream(calls, stream[0]);
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
    calls.check("cuStreamSynchronize", calls.api().cuStreamSynchronize(handle()));
  }

  /** Frees the stream; the driver finishes what is in it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuStreamDestroy_v2", calls.api().cuStreamDestroy_v2(handle));
    }
  }
}

package org.tastemaker.diffusion.cuda;

/** A queue of work for a GPU, done in order. */
public final class CudaStream implements AutoCloseable {
  private static final int NON_BLOCKING = 1;

  private final CudaCalls calls;
  private final long handle;
  private final boolean owned;
  private boolean closed;

  private CudaStream(CudaCalls calls, long handle, boolean owned) {
    this.calls = calls;
    this.handle = handle;
    this.owned = owned;
  }

  /** A stream of another library's in this process, 0 for the default one; it stays theirs. */
  static CudaStream of(CudaCalls calls, long handle) {
    return new CudaStream(calls, handle, false);
  }

  static CudaStream create(CudaCalls calls) {
    long[] stream = new long[1];
    calls.check("cuStreamCreate", calls.api().cuStreamCreate(stream, NON_BLOCKING));
    return new CudaStream(calls, stream[0], true);
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
      if (!owned) {
        return;
      }
      calls.check("cuStreamDestroy_v2", calls.api().cuStreamDestroy_v2(handle));
    }
  }
}

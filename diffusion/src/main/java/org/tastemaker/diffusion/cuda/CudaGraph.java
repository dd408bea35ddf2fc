package org.tastemaker.diffusion.cuda;

/** Work that was recorded from a stream, to be given to the GPU again in one piece. */
public final class CudaGraph implements AutoCloseable {
  /** Other threads, such as those of LibTorch's autograd, may allocate memory meanwhile. */
  private static final int RELAXED = 2;

  private final CudaCalls calls;
  private final long executable;
  private boolean closed;

  private CudaGraph(CudaCalls calls, long executable) {
    this.calls = calls;
    this.executable = executable;
  }

  /**
   * Records what some work puts into a stream; nothing of it is computed.
   *
   * @param context of the GPU, current for the calling thread
   * @param stream a handle, of a stream that is not the default one
   * @param work puts kernels and copies on the device into the stream, and waits for none of them
   * @return the recorded work: the caller closes it
   * @throws CudaException if the work did something that cannot be recorded
   */
  public static CudaGraph record(CudaContext context, long stream, Runnable work) {
    CudaCalls calls = context.calls();
    calls.check("cuStreamBeginCapture_v2", calls.api().cuStreamBeginCapture_v2(stream, RELAXED));
    long[] graph = new long[1];
    int end;
    try {
      work.run();
    } finally {
      end = calls.api().cuStreamEndCapture(stream, graph);
    }
    calls.check("cuStreamEndCapture", end);
    long[] executable = new long[1];
    int instantiated = calls.api().cuGraphInstantiateWithFlags(executable, graph[0], 0);
    int destroyed = calls.api().cuGraphDestroy(graph[0]); // the executable is a copy
    calls.check("cuGraphInstantiateWithFlags", instantiated);
    CudaGraph recorded = new CudaGraph(calls, executable[0]);
    try {
      calls.check("cuGraphDestroy", destroyed);
    } catch (CudaException e) {
      recorded.close();
      throw e;
    }
    return recorded;
  }

  /**
   * Puts the work into a stream.
   *
   * @param stream a handle
   */
  public void launch(long stream) {
    if (closed) {
      throw new IllegalStateException("this graph was closed");
    }
    calls.check("cuGraphLaunch", calls.api().cuGraphLaunch(executable, stream));
  }

  /** Frees the graph, after all launches. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuGraphExecDestroy", calls.api().cuGraphExecDestroy(executable));
    }
  }
}

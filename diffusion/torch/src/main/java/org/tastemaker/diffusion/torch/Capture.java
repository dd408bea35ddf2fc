package org.tastemaker.diffusion.torch;

/** Records the work that is put into a stream, to be put there again in one piece. */
interface Capture extends AutoCloseable {
  /** Recorded work. */
  interface Replay extends AutoCloseable {
    /** Puts the work into the stream. */
    void run();

    @Override
    void close();
  }

  /** The stream's handle. */
  long stream();

  /** Runs something with the stream as the calling thread's, so that LibTorch's work goes there. */
  void inStream(Runnable work);

  /**
   * Records work, within {@link #inStream}; nothing is computed. The memory that it takes is kept
   * for the replays.
   *
   * @throws RuntimeException if the work cannot be recorded; the stream can be used all the same
   */
  Replay record(Runnable work);

  @Override
  void close();
}

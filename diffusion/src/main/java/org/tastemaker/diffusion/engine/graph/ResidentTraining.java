package org.tastemaker.diffusion.engine.graph;

import java.nio.FloatBuffer;

/**
 * Trained parameters where an engine computes, and with them what an optimizer keeps for each: a
 * gradient, two moments and perhaps an average. Updates are made there, so that neither gradients
 * nor weights travel.
 *
 * <p>While it is open, every function of the engine, whether it trains these parameters or not,
 * reads them here and not in their arrays, which stay as they were. It begins with zeros: {@link
 * #upload} comes first. Whoever closes it downloads what is wanted before, since nothing is written
 * back; functions read the arrays again afterwards.
 *
 * <p>Gradients come from {@link GraphFunction#backward(java.util.Map, ResidentTraining)}.
 * Parameters are counted from 0, in the order in which they were given. Not thread-safe; no
 * function of the engine may run while a method does.
 */
public interface ResidentTraining extends AutoCloseable {
  /** What is kept of each parameter, a float for each element. */
  enum Kind {
    /** The parameters themselves. */
    WEIGHTS,
    /** What was added up since {@link ResidentTraining#begin}. */
    GRADIENTS,
    /** The running means of the gradients. */
    FIRST_MOMENTS,
    /** The running means of the squared gradients. */
    SECOND_MOMENTS,
    /** There only if they were asked for. */
    AVERAGES
  }

  /**
   * Writes numbers of the host.
   *
   * @param kind what is written
   * @param parameter of which parameter
   * @param values all of its elements in C order, from the buffer's position
   */
  void upload(Kind kind, int parameter, FloatBuffer values);

  /**
   * Reads numbers, after everything that was given to do.
   *
   * @param kind what is read
   * @param parameter of which parameter
   * @param to filled from its position, which is left as it is
   */
  void download(Kind kind, int parameter, FloatBuffer to);

  /** Discards the gradient. */
  void begin();

  /**
   * Whether a gradient was added since {@link #begin}.
   *
   * @param parameter of which parameter
   * @return whether there is one
   */
  boolean hasGradient(int parameter);

  /**
   * The sum of the gradient's squares, in double; its order is the same at each call.
   *
   * @return at least 0, or not finite
   */
  double squares();

  /**
   * The sum of the squares of one parameter's gradient.
   *
   * @param parameter of which parameter
   * @return at least 0, or not finite
   */
  double squares(int parameter);

  /**
   * Updates weights and moments with the gradient.
   *
   * @param step the numbers of this update
   */
  void update(AdamStep step);

  /**
   * Moves the averages towards the weights, {@code a - share (a - p)} in double.
   *
   * @param share in [0, 1]
   */
  void average(double share);

  /**
   * Runs something while all weights are 0.
   *
   * @param action what to run
   */
  void asZeros(Runnable action);

  /** Frees everything. */
  @Override
  void close();
}

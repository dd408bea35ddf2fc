package org.tastemaker.diffusion.engine.graph;

import java.nio.FloatBuffer;
import java.util.OptionalInt;

/**
 * A function's inputs and outputs where the engine has them, for a loop that does its own work
 * there too, so that nothing but a few numbers travels between two runs.
 *
 * <p>Tensors lie in C order without gaps, inputs of floats and all outputs in float32, and stay at
 * their addresses until the function is closed. Inputs keep what was put there. It is an error to
 * name an input or output that the graph does not have. Not thread-safe.
 */
public interface Residence {
  /**
   * Where the memory is.
   *
   * @return the number of the GPU; empty for the host's memory
   */
  OptionalInt gpu();

  /**
   * The CUDA stream in which {@link #run} and copies work: work that is put into it comes before
   * what is put in later.
   *
   * @return its handle, 0 for the default stream and on the host
   */
  long stream();

  /**
   * Where an input or an output lies.
   *
   * @param name of it
   * @return its address, on the host or on the GPU
   */
  long address(String name);

  /**
   * Writes a part of an input.
   *
   * @param input of floats
   * @param at the first element that is written
   * @param values from the buffer's position to its limit; it has been read on return
   */
  void upload(String input, long at, FloatBuffer values);

  /**
   * Reads the beginning of an input or an output, after all work in the stream.
   *
   * @param name of it
   * @param to filled from its position to its limit, which are left as they are
   */
  void download(String name, FloatBuffer to);

  /**
   * Copies a part of an input to another place in it.
   *
   * @param input of floats
   * @param from the first element that is read
   * @param to the first element that is written
   * @param count how many; the two parts do not overlap
   */
  void copyWithin(String input, long from, long to, long count);

  /**
   * Computes the outputs from the inputs that are there; on a GPU it need not be done on return.
   */
  void run();
}

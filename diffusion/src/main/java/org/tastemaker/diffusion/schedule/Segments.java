package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Walks over the elements of a batch at the speed of memory: in parallel over segments, and within
 * a segment over blocks that are copied to arrays in the core's own cache. (Access through a
 * FloatBuffer, element by element, is a virtual call as soon as a program has heap and native
 * buffers.)
 *
 * <p>An image is cut in the same way whatever batch it is in, and what its segments add up to is
 * added in their order: sums are bit-identical whatever the batch and the number of threads.
 */
final class Segments {
  /** Elements of a segment: a task of about 10 microseconds. */
  private static final int SEGMENT = 1 << 14;

  /**
   * Elements of a block: 32 kB of each tensor, so that several pages of a tensor are read before
   * the next tensor; the arithmetic then reads from the second-level cache.
   */
  static final int BLOCK = 1 << 13;

  /** The largest number of inputs, and of outputs, of a body. */
  private static final int MOST = 4;

  /**
   * The blocks of a thread, made once: with small latents they were most of what a step allocated.
   * What is in them does not outlive a segment, and no body walks over segments itself.
   */
  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private Segments() {}

  private static final class Scratch {
    final float[][][] in = arrays(); // [inputs][input][BLOCK]
    final float[][][] out = arrays();

    private static float[][][] arrays() {
      float[][] blocks = new float[MOST][BLOCK];
      float[][][] firstOf = new float[MOST + 1][][];
      for (int k = 0; k <= MOST; k++) {
        firstOf[k] = Arrays.copyOf(blocks, k);
      }
      return firstOf;
    }
  }

  /** What is done with a block. */
  @FunctionalInterface
  interface Body {
    /**
     * Computes outputs from inputs.
     *
     * @param image which image the block belongs to
     * @param in one array per input, valid up to length
     * @param out one array per output, to be written up to length
     * @param length at most {@link #BLOCK}
     * @return what the block adds to its image's sum
     */
    double block(int image, float[][] in, float[][] out, int length);
  }

  /**
   * Calls the body for every block. An output may be an input, element on element.
   *
   * @param inputs from their positions on, {@code images * size} elements
   * @param outputs likewise
   * @param sums receives the sum of each image, [images]; null if they are not wanted
   */
  static void forEach(
      int images,
      int size,
      FloatBuffer[] inputs,
      FloatBuffer[] outputs,
      double @Nullable [] sums,
      Body body) {
    int perImage = (size + SEGMENT - 1) / SEGMENT;
    int count = Math.multiplyExact(images, perImage);
    double[] parts = new double[count];
    IntStream range = IntStream.range(0, count);
    boolean large = count > 1 && (long) images * size >= 4 * SEGMENT;
    (large ? range.parallel() : range)
        .forEach(
            i -> {
              int image = i / perImage;
              int first = i % perImage * SEGMENT;
              int length = Math.min(SEGMENT, size - first);
              parts[i] = segment(image, image * size + first, length, inputs, outputs, body);
            });
    if (sums != null) {
      for (int image = 0; image < images; image++) {
        double sum = 0;
        for (int s = 0; s < perImage; s++) {
          sum += parts[image * perImage + s];
        }
        sums[image] = sum;
      }
    }
  }

  private static double segment(
      int image, int first, int length, FloatBuffer[] inputs, FloatBuffer[] outputs, Body body) {
    Scratch scratch = SCRATCH.get();
    float[][] in = scratch.in[inputs.length];
    float[][] out = scratch.out[outputs.length];
    double sum = 0;
    for (int at = 0; at < length; at += BLOCK) {
      int n = Math.min(BLOCK, length - at);
      for (int k = 0; k < in.length; k++) {
        inputs[k].get(inputs[k].position() + first + at, in[k], 0, n);
      }
      sum += body.block(image, in, out, n);
      for (int k = 0; k < out.length; k++) {
        outputs[k].put(outputs[k].position() + first + at, out[k], 0, n);
      }
    }
    return sum;
  }
}

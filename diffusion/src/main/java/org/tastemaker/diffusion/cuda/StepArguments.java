package org.tastemaker.diffusion.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.Locale;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * The parameters of a launch of {@link DenoisingKernels}, in the layout of {@code StepArguments} in
 * denoising_step.h. One object serves all launches: it is filled in before each, and has been read
 * when the launch returns.
 *
 * <p>Tensors are addresses on the GPU of N x size elements without gaps. Any address that is a
 * multiple of the element's size will do; where an image begins at a multiple of 16 bytes in every
 * tensor, accesses are of 16 bytes.
 */
public final class StepArguments {
  /** Elements of an image that one block of threads works on, and its threads. */
  static final int TILE = 4096;

  static final int THREADS = 256;
  static final int BYTES = 184;

  private static final int CONDITIONAL = 0;
  private static final int UNCONDITIONAL = 8;
  private static final int SAMPLE = 16;
  private static final int PREVIOUS = 24;
  private static final int CONDITIONAL_GRADIENT = 32;
  private static final int UNCONDITIONAL_GRADIENT = 40;
  private static final int KEYS = 48;
  private static final int WEIGHTS = 56;
  private static final int LOG_PROBABILITIES = 64;
  private static final int PARTIAL_SUMS = 72;
  private static final int ARRIVALS = 80;
  private static final int SQUARES_SCALE = 88;
  private static final int LOG_CONSTANT = 96;
  private static final int GRADIENT_SCALE = 104;
  private static final int SIZE = 112;
  private static final int TILES = 116;
  private static final int IMAGES = 120;
  private static final int STREAM = 124;
  private static final int GUIDANCE = 128;
  private static final int GUIDANCE_REST = 132;
  private static final int X0_FROM_SAMPLE = 136;
  private static final int X0_FROM_OUTPUT = 140;
  private static final int CLIP = 144;
  private static final int SAMPLE_WEIGHT = 148;
  private static final int SAMPLE_WEIGHT_LOW = 152;
  private static final int OUTPUT_WEIGHT = 156;
  private static final int CLIPPED_SAMPLE_WEIGHT = 160;
  private static final int CLIPPED_SAMPLE_WEIGHT_LOW = 164;
  private static final int CLIPPED_OUTPUT_WEIGHT = 168;
  private static final int CLIPPED_CONSTANT = 172;
  private static final int SIGMA = 176;

  private final Memory memory = new Memory(BYTES);
  private final Memory parameters = new Memory(8);

  /** Arguments with nothing filled in. */
  public StepArguments() {
    memory.clear();
    parameters.setPointer(0, memory);
  }

  /**
   * The batch.
   *
   * @param images N, at least 1
   * @param size elements of an image, at least 1
   * @return these arguments
   */
  public StepArguments batch(int images, int size) {
    if (images < 1 || size < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least one image of at least one element, but there were %s of %s",
              images,
              size));
    }
    int tiles = (size - 1) / TILE + 1;
    if ((long) images * tiles > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s images of %s elements are more than one launch takes",
              images,
              size));
    }
    memory.setInt(IMAGES, images);
    memory.setInt(SIZE, size);
    memory.setInt(TILES, tiles);
    return this;
  }

  /**
   * The step. Call {@code batch} first.
   *
   * @param c of a one-step sampler
   * @param reduction over an image's elements, which the gradient's weights are for
   * @return these arguments
   */
  public StepArguments step(StepCoefficients c, Reduction reduction) {
    double elements = reduction == Reduction.MEAN ? size() : 1;
    double variance = c.sigma() * c.sigma();
    // log sqrt(2 pi) is half of log(2 pi)
    memory.setDouble(LOG_CONSTANT, Math.log(c.sigma()) + 0.5 * Math.log(2 * Math.PI));
    memory.setDouble(SQUARES_SCALE, 1 / (2 * variance));
    memory.setDouble(GRADIENT_SCALE, 1 / (variance * elements));
    memory.setFloat(SIGMA, (float) c.sigma());
    memory.setFloat(X0_FROM_SAMPLE, (float) c.x0FromSample());
    memory.setFloat(X0_FROM_OUTPUT, (float) c.x0FromOutput());
    memory.setFloat(CLIP, (float) c.clip());
    // 1. Where x0 is not clipped, the mean is linear in x and o.
    double sampleWeight = c.meanFromX0() * c.x0FromSample() + c.meanFromSample();
    setSplit(SAMPLE_WEIGHT, SAMPLE_WEIGHT_LOW, sampleWeight);
    memory.setFloat(
        OUTPUT_WEIGHT, (float) (c.meanFromX0() * c.x0FromOutput() + c.meanFromOutput()));
    // 2. Where it is, x0 is a constant.
    boolean clips = c.clip() < Double.POSITIVE_INFINITY;
    setSplit(CLIPPED_SAMPLE_WEIGHT, CLIPPED_SAMPLE_WEIGHT_LOW, c.meanFromSample());
    memory.setFloat(CLIPPED_OUTPUT_WEIGHT, (float) c.meanFromOutput());
    memory.setFloat(CLIPPED_CONSTANT, clips ? (float) (c.clip() * c.meanFromX0()) : 0);
    return this;
  }

  /**
   * A model output without guidance.
   *
   * @param output its address
   * @return these arguments
   */
  public StepArguments output(long output) {
    return outputs(1, 0, output);
  }

  /**
   * A model output with guidance.
   *
   * @param guidanceScale finite
   * @param unconditional the address of the output for the empty or negative prompts
   * @param conditional the address of the output for the prompts
   * @return these arguments
   */
  public StepArguments guided(double guidanceScale, long unconditional, long conditional) {
    if (unconditional == 0 || !Double.isFinite(guidanceScale)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "guidance needs an unconditional output and a finite scale, but they were at %s and %s",
              Long.toHexString(unconditional),
              guidanceScale));
    }
    return outputs(guidanceScale, unconditional, conditional);
  }

  /**
   * The samples.
   *
   * @param sample the address of x_t
   * @param previous the address of x_{t-1}, which {@link DenoisingKernels#sample} writes and the
   *     other kernels read; may be that of the sample
   * @return these arguments
   */
  public StepArguments samples(long sample, long previous) {
    memory.setLong(SAMPLE, sample);
    memory.setLong(PREVIOUS, previous);
    return this;
  }

  /**
   * The noise.
   *
   * @param keys the address of each image's {@code Seed.key}, [N] longs; read where sigma is above
   *     0
   * @param stream of the seeds, at least 0
   * @return these arguments
   */
  public StepArguments noise(long keys, int stream) {
    if (stream < 0) {
      throw new IllegalArgumentException("stream must be at least 0, but was " + stream);
    }
    memory.setLong(KEYS, keys);
    memory.setInt(STREAM, stream);
    return this;
  }

  /**
   * Where log-probabilities go.
   *
   * @param logProbabilities the address of [N, 2] doubles, mean and sum of each image; 0 for none
   * @return these arguments
   */
  public StepArguments logProbabilities(long logProbabilities) {
    memory.setLong(LOG_PROBABILITIES, logProbabilities);
    return this;
  }

  /**
   * The gradient.
   *
   * @param weights the address of [N] doubles, the derivative of a loss by each log-probability
   * @param conditional the address of the gradient by the conditional, or only, output
   * @param unconditional the address of the gradient by the unconditional output; 0 without
   *     guidance
   * @return these arguments
   */
  public StepArguments gradient(long weights, long conditional, long unconditional) {
    memory.setLong(WEIGHTS, weights);
    memory.setLong(CONDITIONAL_GRADIENT, conditional);
    memory.setLong(UNCONDITIONAL_GRADIENT, unconditional);
    return this;
  }

  private StepArguments outputs(double guidanceScale, long unconditional, long conditional) {
    memory.setFloat(GUIDANCE, (float) guidanceScale);
    memory.setFloat(GUIDANCE_REST, (float) (1 - guidanceScale));
    memory.setLong(UNCONDITIONAL, unconditional);
    memory.setLong(CONDITIONAL, conditional);
    return this;
  }

  /** A weight as the sum of two floats. */
  private void setSplit(int high, int low, double weight) {
    memory.setFloat(high, (float) weight);
    memory.setFloat(low, (float) (weight - (float) weight));
  }

  /** Where the last sums of an image are added; zeros between launches. */
  void workspace(long partialSums, long arrivals) {
    memory.setLong(PARTIAL_SUMS, partialSums);
    memory.setLong(ARRIVALS, arrivals);
  }

  /** Checks that a sampling launch has all that it needs, for elements of some bytes. */
  void requireSampling(int bytes) {
    requireTensors(bytes);
    requireDensity(memory.getLong(LOG_PROBABILITIES) != 0);
    if (memory.getFloat(SIGMA) != 0) {
      requireAddress("keys", KEYS, 8);
    }
  }

  void requireReplay(int bytes) {
    requireTensors(bytes);
    requireDensity(true);
    requireAddress("logProbabilities", LOG_PROBABILITIES, 8);
  }

  void requireGradient(int bytes) {
    requireTensors(bytes);
    requireDensity(true);
    requireAddress("weights", WEIGHTS, 8);
    requireAddress("gradient", CONDITIONAL_GRADIENT, bytes);
    if (memory.getLong(UNCONDITIONAL) != 0) {
      requireAddress("unconditional gradient", UNCONDITIONAL_GRADIENT, bytes);
    }
  }

  int images() {
    return memory.getInt(IMAGES);
  }

  int size() {
    if (memory.getInt(SIZE) == 0) {
      throw new IllegalStateException("the batch must be given first");
    }
    return memory.getInt(SIZE);
  }

  int tiles() {
    return memory.getInt(TILES);
  }

  Pointer parameters() {
    return parameters;
  }

  private void requireTensors(int bytes) {
    size();
    requireAddress("output", CONDITIONAL, bytes);
    requireAddress("sample", SAMPLE, bytes);
    requireAddress("previous", PREVIOUS, bytes);
    if (memory.getLong(UNCONDITIONAL) % bytes != 0) {
      requireAddress("unconditional output", UNCONDITIONAL, bytes);
    }
  }

  private void requireDensity(boolean wanted) {
    if (wanted && !(memory.getFloat(SIGMA) > 0)) {
      throw new IllegalArgumentException(
          "the log-probability of a deterministic step (sigma = 0) is not defined: sample with eta above 0 and DdimScheduler.FinalStep.DDPO");
    }
  }

  private void requireAddress(String name, int offset, int bytes) {
    long address = memory.getLong(offset);
    if (address == 0 || address % bytes != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must be at an address that is a multiple of %s, but was at 0x%s",
              name,
              bytes,
              Long.toHexString(address)));
    }
  }
}

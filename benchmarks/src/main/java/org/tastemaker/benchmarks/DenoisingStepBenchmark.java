package org.tastemaker.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * The denoising step on the CPU, compared with a copy of the same number of bytes by the same
 * threads, those of the common pool.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DenoisingStepBenchmark {
  private static final int SIZE = 64 * 64 * 4;

  /** Images of 64 x 64 x 4; a tensor of 512 images is 34 MB. */
  @Param({"16", "512"})
  public int images;

  private StepCoefficients step;
  private FloatBuffer output;
  private FloatBuffer sample;
  private FloatBuffer noise;
  private FloatBuffer previous;
  private FloatBuffer copied;
  private double[] numbers = {};

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public DenoisingStepBenchmark() {}

  /** Makes random tensors in native memory. */
  @Setup
  public void setUp() {
    step =
        DdimScheduler.of(SchedulerConfig.stableDiffusion(), DdimScheduler.Options.ddpo())
            .begin(50)
            .steps()
            .get(25)
            .coefficients();
    output = gaussian(0);
    sample = gaussian(1);
    noise = gaussian(2);
    previous = gaussian(3);
    copied = gaussian(4);
    numbers = new double[images];
    java.util.Arrays.fill(numbers, 1);
  }

  private FloatBuffer gaussian(int stream) {
    float[] one = new float[SIZE];
    Seed.of(1).gaussian(stream, one);
    FloatBuffer tensor =
        ByteBuffer.allocateDirect(4 * images * SIZE).order(ByteOrder.nativeOrder()).asFloatBuffer();
    for (int n = 0; n < images; n++) {
      tensor.put(n * SIZE, one);
    }
    return tensor;
  }

  /**
   * A step with its log-probability: three tensors read, one written.
   *
   * @return the log-probabilities
   */
  @Benchmark
  public double[] sample() {
    DenoisingStep.sample(step, Reduction.MEAN, output, sample, noise, copied, numbers);
    return numbers;
  }

  /**
   * The log-probability of a given step: three tensors read.
   *
   * @return the log-probabilities
   */
  @Benchmark
  public double[] replay() {
    DenoisingStep.logProbability(step, Reduction.MEAN, output, sample, previous, numbers);
    return numbers;
  }

  /**
   * The gradient: three tensors read, one written.
   *
   * @return the gradient
   */
  @Benchmark
  public FloatBuffer gradient() {
    DenoisingStep.logProbabilityGradient(
        step, Reduction.MEAN, output, sample, previous, numbers, copied);
    return copied;
  }

  /**
   * Two tensors copied: two read, two written, as many bytes as {@link #sample} and {@link
   * #gradient}.
   *
   * @return the last copy
   */
  @Benchmark
  public FloatBuffer copyOfFour() {
    copy(output, copied, images * SIZE);
    copy(sample, previous, images * SIZE);
    return copied;
  }

  /**
   * One and a half tensors copied: as many bytes as {@link #replay}.
   *
   * @return the last copy
   */
  @Benchmark
  public FloatBuffer copyOfThree() {
    copy(output, copied, images * SIZE);
    copy(sample, previous, images * SIZE / 2);
    return copied;
  }

  private static void copy(FloatBuffer from, FloatBuffer to, int length) {
    IntStream.range(0, length / SIZE)
        .parallel()
        .forEach(i -> to.put(i * SIZE, from, i * SIZE, SIZE));
  }
}

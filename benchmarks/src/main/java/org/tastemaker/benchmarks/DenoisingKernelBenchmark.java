package org.tastemaker.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.cuda.CudaContext;
import org.tastemaker.diffusion.cuda.CudaDevice;
import org.tastemaker.diffusion.cuda.CudaDriver;
import org.tastemaker.diffusion.cuda.CudaStream;
import org.tastemaker.diffusion.cuda.DenoisingKernels;
import org.tastemaker.diffusion.cuda.DeviceMemory;
import org.tastemaker.diffusion.cuda.PinnedMemory;
import org.tastemaker.diffusion.cuda.StepArguments;
import org.tastemaker.diffusion.cuda.StorageType;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.StepCoefficients;

/**
 * The CUDA kernel on tensors that are on the GPU, with guidance and log-probability, compared with
 * copies of the same number of bytes within the GPU's memory and with the unfused sequence.
 *
 * <p>A measurement is the mean of {@value #LAUNCHES} launches and one wait for them. Launches cycle
 * through several sets of tensors: before a set is used again, at least twice the size of the
 * second-level cache has been read and written.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class DenoisingKernelBenchmark {
  static final int LAUNCHES = 16;

  /** The method that is not compared with another. */
  static final String WAITING = "sampleAndWait";

  private static final double GUIDANCE = 5;
  private static final int TENSORS = 6; // u, c, x, previous and two gradients

  /** Images and the size of each: 64 x 64 x 4, and 128 x 128 x 4 as in SDXL. */
  @Param({
    "1x16384",
    "8x16384",
    "64x16384",
    "512x16384",
    "1024x16384",
    "4096x16384",
    "1x65536",
    "64x65536",
    "512x65536"
  })
  public String batch = "";

  private int images;
  private int size;
  private int sets;
  private int turn; // the set of the next launch
  private long bytes; // of a tensor
  private StepCoefficients step;
  private CudaContext context;
  private CudaStream stream;
  private DenoisingKernels kernels;
  private UnfusedSteps unfused;
  private DeviceMemory tensors; // [sets, TENSORS] of bytes
  private DeviceMemory scratch;
  private DeviceMemory perImage; // keys, weights, log-probabilities
  private final StepArguments arguments = new StepArguments();

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public DenoisingKernelBenchmark() {}

  /** Opens the first GPU and fills its memory with random numbers. */
  @Setup
  public void setUp() {
    int x = batch.indexOf('x');
    images = Integer.parseInt(batch.substring(0, x));
    size = Integer.parseInt(batch.substring(x + 1));
    bytes = 4L * images * size;
    step =
        DdimScheduler.of(SchedulerConfig.stableDiffusion(), DdimScheduler.Options.ddpo())
            .begin(50)
            .steps()
            .get(25)
            .coefficients();
    CudaDevice device = CudaDriver.load().devices().get(0);
    context = device.open();
    stream = context.stream();
    kernels = DenoisingKernels.load(context, stream);
    unfused = new UnfusedSteps(context, stream, device.multiprocessors());
    sets = sets(device.l2CacheBytes(), bytes);
    tensors = context.allocate(sets * ((long) TENSORS) * bytes);
    scratch = context.allocate(4 * bytes);
    perImage = context.allocate(32L * images);
    fill();
    arguments
        .batch(images, size)
        .step(step, Reduction.MEAN)
        .noise(perImage.address(), 7)
        .logProbabilities(perImage.address() + 16L * images);
  }

  /**
   * A launch moves at least the bytes of 2 tensors: that of half precision does, and so does its
   * copy.
   */
  static int sets(long cacheBytes, long tensorBytes) {
    return (int) (1 + (cacheBytes + tensorBytes - 1) / tensorBytes);
  }

  /** All settings. */
  static List<String> batches() {
    try {
      Param setting = DenoisingKernelBenchmark.class.getField("batch").getAnnotation(Param.class);
      return List.of(Objects.requireNonNull(setting).value());
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(e);
    }
  }

  private int next() {
    turn = (turn + 1) % sets;
    return turn;
  }

  private void fill() {
    float[] one = new float[1 << 16];
    long[] keys = LongStream.range(0, images).map(n -> Seed.of(1).split(n).key()).toArray();
    double[] weights = new double[images];
    Arrays.fill(weights, 1);
    try (PinnedMemory numbers = context.allocatePinned(4L * one.length);
        PinnedMemory header = context.allocatePinned(16L * images);
        DeviceMemory staged = context.allocate(4L * one.length)) {
      header.buffer().asLongBuffer().put(keys);
      header.buffer().asDoubleBuffer().put(images, weights);
      perImage.copyFrom(header, 16L * images, stream);
      for (long at = 0; at < tensors.bytes(); at += 4L * one.length) {
        if (at < 64L * 4 * one.length) { // then start again from the first
          Seed.of(2).gaussian((int) (at / (4L * one.length)), one);
          numbers.buffer().asFloatBuffer().put(one);
          staged.copyFrom(numbers, staged.bytes(), stream);
          stream.synchronize();
        }
        staged.copyTo(tensors, at, Math.min(staged.bytes(), tensors.bytes() - at), stream);
      }
      stream.synchronize();
    }
  }

  private long tensor(int set, int which) {
    return tensors.address() + (set * (long) TENSORS + which) * bytes;
  }

  private StepArguments of(int set) {
    return arguments
        .guided(GUIDANCE, tensor(set, 0), tensor(set, 1))
        .samples(tensor(set, 2), tensor(set, 3));
  }

  /** A step with noise and log-probability: three tensors read, one written. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void sample() {
    for (int i = 0; i < LAUNCHES; i++) {
      kernels.sample(StorageType.FLOAT32, of(next()));
    }
    stream.synchronize();
  }

  /** The same on half the bytes: half-precision tensors. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void sampleFloat16() {
    for (int i = 0; i < LAUNCHES; i++) {
      kernels.sample(StorageType.FLOAT16, of(next()));
    }
    stream.synchronize();
  }

  /** The log-probability of a given step: four tensors read. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void replay() {
    for (int i = 0; i < LAUNCHES; i++) {
      kernels.replay(StorageType.FLOAT32, of(next()));
    }
    stream.synchronize();
  }

  /** The gradient of both halves: four tensors read, two written. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void gradient() {
    for (int i = 0; i < LAUNCHES; i++) {
      int set = next();
      kernels.gradient(
          StorageType.FLOAT32,
          of(set).gradient(perImage.address() + 8L * images, tensor(set, 4), tensor(set, 5)));
    }
    stream.synchronize();
  }

  /** Two tensors copied: as many bytes as a step, a replay, or the unfused steps' result. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void copyOfFour() {
    for (int i = 0; i < LAUNCHES; i++) {
      copy(2 * bytes);
    }
    stream.synchronize();
  }

  /** One tensor copied: as many bytes as a step in half precision. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void copyOfTwo() {
    for (int i = 0; i < LAUNCHES; i++) {
      copy(bytes);
    }
    stream.synchronize();
  }

  /** Three tensors copied: as many bytes as a gradient. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void copyOfSix() {
    for (int i = 0; i < LAUNCHES; i++) {
      copy(3 * bytes);
    }
    stream.synchronize();
  }

  private void copy(long length) {
    long from = next() * ((long) TENSORS) * bytes;
    tensors.copyWithin(from, from + 3 * bytes, length, stream);
  }

  /** The step of {@link #sample} as seven kernels. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void unfused() {
    for (int i = 0; i < LAUNCHES; i++) {
      int set = next();
      unfused.step(
          step,
          GUIDANCE,
          images,
          size,
          tensor(set, 0),
          tensor(set, 1),
          tensor(set, 2),
          tensor(set, 3),
          perImage.address(),
          perImage.address() + 16L * images,
          scratch.address());
    }
    stream.synchronize();
  }

  /** One launch, and the wait for it: for a single image, this is the cost of launching. */
  @Benchmark
  public void sampleAndWait() {
    kernels.sample(StorageType.FLOAT32, of(0));
    stream.synchronize();
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    perImage.close();
    scratch.close();
    tensors.close();
    unfused.close();
    kernels.close();
    stream.close();
    context.close();
  }
}

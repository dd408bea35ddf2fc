package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.ResidentStepKernel;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.schedule.StepNoise;

/** What the GPU computes, computed on the host by the same source, against the step on the CPU. */
@Tag("toolkit")
class DenoisingKernelTest {
  /** What float32 is asked for: 1e-5, as ||ours - reference|| / ||reference||. */
  private static final double BOUND = 1e-5;

  /** A step on random data. */
  record Case(
      StepCoefficients c,
      Reduction reduction,
      int images,
      int size,
      double guidanceScale,
      Seed seed,
      String name) {
    @Override
    public String toString() {
      return name;
    }

    FloatBuffer tensor(String which, double scale) {
      float[] values = new float[images * size];
      seed.split(which).gaussian(0, values);
      for (int i = 0; i < values.length; i++) {
        values[i] *= (float) scale;
      }
      return FloatBuffer.wrap(values);
    }

    ModelOutput output() {
      return guidanceScale == 1
          ? ModelOutput.of(tensor("conditional", 1))
          : ModelOutput.guided(guidanceScale, tensor("unconditional", 1), tensor("conditional", 1));
    }

    StepNoise noise() {
      return new StepNoise(seed.splits(images), 17);
    }
  }

  static Stream<Case> cases() {
    RandomGenerator random = Seed.of(2026).generator();
    List<Case> cases = new ArrayList<>();
    int[][] shapes = {
      {1, 1, 1, 1},
      {3, 4, 3, 3},
      {2, 3, 5, 7},
      {5, 1, 17, 1},
      {2, 4, 32, 32},
      {1, 4, 64, 64},
      {3, 4, 33, 31},
      {2, 5, 41, 43},
      {1, 16, 37, 64},
      {7, 4, 8, 8},
      {1, 4, 128, 128}
    };
    for (int i = 0; i < 44; i++) {
      int[] shape = shapes[i % shapes.length];
      PredictionType type = List.of(PredictionType.values()).get(i % 3);
      boolean clip = random.nextInt(3) == 0;
      double eta = random.nextBoolean() ? 1 : .1 + .8 * random.nextDouble();
      int steps = 5 + random.nextInt(46);
      int step = random.nextInt(steps);
      double guidance = random.nextInt(3) == 0 ? 1 : 1 + 8 * random.nextDouble();
      StepCoefficients c = step(type, clip, eta, steps, step);
      int size = shape[1] * shape[2] * shape[3];
      String name =
          "N %d of %d, %s, clip %s, eta %.2f, step %d of %d, guidance %.2f"
              .formatted(shape[0], size, type.key(), clip, eta, step, steps, guidance);
      cases.add(
          new Case(
              c,
              List.of(Reduction.values()).get(i % 2),
              shape[0],
              size,
              guidance,
              Seed.of(i),
              name));
    }
    return cases.stream();
  }

  private static StepCoefficients step(
      PredictionType type, boolean clip, double eta, int steps, int step) {
    SchedulerConfig config =
        SchedulerConfig.stableDiffusion()
            .with("prediction_type", type.key())
            .with("clip_sample", clip);
    return DdimScheduler.of(config, new DdimScheduler.Options(eta, DdimScheduler.FinalStep.DDPO))
        .begin(steps)
        .steps()
        .get(step)
        .coefficients();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void samplesAndLogProbabilitiesAreThoseOfTheCpu(Case example) {
    FloatBuffer x = example.tensor("sample", 1);
    FloatBuffer expected = FloatBuffer.allocate(x.capacity());
    FloatBuffer found = poisoned(x.capacity());
    double[] expectedDensity = new double[example.images()];
    double[] foundDensity = new double[example.images()];
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      cpu.sample(
          example.c(),
          example.reduction(),
          example.output(),
          x,
          example.noise(),
          expected,
          expectedDensity);
      gpu.sample(
          example.c(),
          example.reduction(),
          example.output(),
          x,
          example.noise(),
          found,
          foundDensity);
    }
    assertThat(error(found, expected)).isLessThan(BOUND);
    assertThat(error(foundDensity, expectedDensity)).isLessThan(BOUND);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aStepInPlaceIsTheOneOnTheHostsBuffers(Case example) {
    int length = example.images() * example.size();
    FloatBuffer expected = FloatBuffer.allocate(length);
    double[] expectedDensity = new double[example.images()];
    double[] foundDensity = new double[example.images()];
    ModelOutput output = example.output();
    FloatBuffer u = output.unconditional();
    try (StepKernel kernel = SoftwareDriver.stepKernel();
        FloatPointer conditional = at(output.conditional());
        FloatPointer unconditional = at(u == null ? output.conditional() : u);
        FloatPointer sample = at(example.tensor("sample", 1))) {
      ResidentStepKernel gpu = (ResidentStepKernel) kernel;
      gpu.sample(
          example.c(),
          example.reduction(),
          output,
          example.tensor("sample", 1),
          example.noise(),
          expected,
          expectedDensity);
      gpu.sample(
          example.c(),
          example.reduction(),
          new ResidentStepKernel.Tensors(
              0,
              example.size(),
              example.guidanceScale(),
              u == null ? 0 : unconditional.address(),
              conditional.address(),
              sample.address()),
          example.noise(),
          foundDensity);
      float[] found = new float[length];
      sample.get(found);
      assertThat(gpu.gpu()).hasValue(0);
      assertThat(found).isEqualTo(expected.array());
      assertThat(foundDensity).isEqualTo(expectedDensity);
    }
  }

  @Test
  void streamsThatTakeTurnsKeepTheirKernels() {
    Case example = cases().toList().get(0);
    try (StepKernel kernel = SoftwareDriver.stepKernel();
        CudaContext context = SoftwareDriver.driver().devices().get(0).open();
        CudaStream other = context.stream();
        FloatPointer output = at(example.output().conditional());
        FloatPointer sample = at(example.tensor("sample", 1))) {
      List<Integer> live = new ArrayList<>();
      for (int turn = 0; turn < 6; turn++) {
        ((ResidentStepKernel) kernel)
            .sample(
                example.c(),
                example.reduction(),
                new ResidentStepKernel.Tensors(
                    turn % 2 == 0 ? 0 : other.handle(),
                    example.size(),
                    1,
                    0,
                    output.address(),
                    sample.address()),
                example.noise(),
                new double[0]);
        live.add(SoftwareDriver.live());
      }
      assertThat(live.get(1)).isGreaterThan(live.get(0));
      assertThat(live.subList(1, 6)).containsOnly(live.get(1));
    }
  }

  /** Memory that the software GPU takes for its own. */
  private static FloatPointer at(FloatBuffer values) {
    return new FloatPointer(values);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aReplayIsThatOfTheCpu(Case example) {
    FloatBuffer x = example.tensor("sample", 1);
    FloatBuffer previous = previous(example, x);
    double[] expected = new double[example.images()];
    double[] found = new double[example.images()];
    ModelOutput moved = moved(example);
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      cpu.logProbability(example.c(), example.reduction(), moved, x, previous, expected);
      gpu.logProbability(example.c(), example.reduction(), moved, x, previous, found);
    }
    assertThat(error(found, expected)).isLessThan(BOUND);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theGradientIsThatOfTheCpu(Case example) {
    FloatBuffer x = example.tensor("sample", 1);
    FloatBuffer previous = previous(example, x);
    ModelOutput moved = moved(example);
    boolean guided = moved.unconditional() != null;
    double[] weights =
        IntStream.range(0, example.images()).mapToDouble(n -> n % 2 == 0 ? 1 + n : -.5).toArray();
    FloatBuffer[] gradients = new FloatBuffer[4];
    for (int i = 0; i < 4; i++) {
      gradients[i] = poisoned(x.capacity());
    }
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      cpu.logProbabilityGradient(
          example.c(),
          example.reduction(),
          moved,
          x,
          previous,
          weights,
          gradients[0],
          guided ? gradients[1] : null);
      gpu.logProbabilityGradient(
          example.c(),
          example.reduction(),
          moved,
          x,
          previous,
          weights,
          gradients[2],
          guided ? gradients[3] : null);
    }
    // Where x0 is within float32's rounding of the clip range, either side is right. And where the
    // few elements of a small image happen to be near the mean, the gradient's size is not theirs
    // but that of elements a standard deviation away.
    double usual = 0;
    for (double weight : weights) {
      double elements = example.reduction() == Reduction.MEAN ? example.size() : 1;
      usual += example.size() * 2 * example.c().klFactor() * Math.pow(weight / elements, 2);
    }
    usual = Math.sqrt(usual) * example.guidanceScale();
    assertThat(errorButFor(2e-4, gradients[2], gradients[0], usual)).isLessThan(BOUND);
    if (guided) {
      assertThat(errorButFor(2e-4, gradients[3], gradients[1], usual)).isLessThan(BOUND);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aReplayOfAFreshSampleHasItsLogProbabilityToTheLastBit(Case example) {
    FloatBuffer x = example.tensor("sample", 1);
    double[] drawn = new double[example.images()];
    double[] replayed = new double[example.images()];
    FloatBuffer previous = poisoned(x.capacity());
    try (StepKernel gpu = SoftwareDriver.stepKernel()) {
      gpu.sample(
          example.c(), example.reduction(), example.output(), x, example.noise(), previous, drawn);
      gpu.logProbability(example.c(), example.reduction(), example.output(), x, previous, replayed);
    }
    assertThat(replayed).isEqualTo(drawn);
  }

  @Test
  void anImageIsTheSameToTheLastBitInEveryBatchAndAtEveryAlignment() {
    // 4,099 elements: two tiles, and the second image begins at 16,396 bytes
    StepCoefficients c = step(PredictionType.EPSILON, false, 1, 20, 11);
    Case batch = new Case(c, Reduction.SUM, 3, 4099, 5, Seed.of(5), "three");
    FloatBuffer x = batch.tensor("sample", 1);
    FloatBuffer together = poisoned(x.capacity());
    double[] densities = new double[3];
    ModelOutput output = batch.output();
    FloatBuffer u = java.util.Objects.requireNonNull(output.unconditional());
    try (StepKernel gpu = SoftwareDriver.stepKernel()) {
      gpu.sample(c, Reduction.SUM, output, x, batch.noise(), together, densities);
      for (int n = 0; n < 3; n++) {
        FloatBuffer alone = poisoned(4099);
        double[] density = new double[1];
        gpu.sample(
            c,
            Reduction.SUM,
            ModelOutput.guided(
                5, u.slice(n * 4099, 4099), output.conditional().slice(n * 4099, 4099)),
            x.slice(n * 4099, 4099),
            new StepNoise(batch.noise().seeds().subList(n, n + 1), 17),
            alone,
            density);
        assertThat(density[0]).isEqualTo(densities[n]);
        assertThat(alone).isEqualTo(together.slice(n * 4099, 4099));
      }
    }
  }

  @Test
  void everyWholeVectorOfAnAlignedImageIsOneAccess() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 1, 20, 11);
    // Elements of an image, and its whole vectors of 4. The second of two images of 4,099 begins
    // at 16,396 bytes, which is no multiple of 16: there are none in it.
    int[][] sizes = {{256, 2 * 64}, {4, 2}, {4096 + 256, 2 * 1088}, {3, 0}, {4099, 1024}};
    try (StepKernel gpu = SoftwareDriver.stepKernel()) {
      for (int[] size : sizes) {
        Case two = new Case(c, Reduction.SUM, 2, size[0], 5, Seed.of(6), "two");
        FloatBuffer x = two.tensor("sample", 1);
        FloatBuffer previous = poisoned(x.capacity());
        SoftwareDriver.accesses();
        gpu.sample(c, Reduction.SUM, two.output(), x, two.noise(), previous, new double[2]);
        assertThat(SoftwareDriver.accesses()).as("%d elements", size[0]).isEqualTo(4L * size[1]);
        gpu.logProbability(c, Reduction.SUM, two.output(), x, previous, new double[2]);
        assertThat(SoftwareDriver.accesses()).isEqualTo(4L * size[1]);
        gpu.logProbabilityGradient(
            c,
            Reduction.SUM,
            two.output(),
            x,
            previous,
            new double[] {1, -1},
            poisoned(x.capacity()),
            poisoned(x.capacity()));
        assertThat(SoftwareDriver.accesses()).isEqualTo(6L * size[1]);
      }
    }
  }

  @Test
  void aPartOfATileIsTheSameToTheLastBitWhereverItsMemoryBegins() {
    // The first image's last vector and the second image are read element by element; alone and
    // aligned, they are not. 257 elements: no full tile; 4,353: one, and a part.
    StepCoefficients c = step(PredictionType.V_PREDICTION, true, 1, 20, 11);
    for (int size : new int[] {257, 4353}) {
      Case batch = new Case(c, Reduction.SUM, 2, size, 5, Seed.of(5), "two");
      FloatBuffer x = batch.tensor("sample", 1);
      FloatBuffer together = poisoned(x.capacity());
      double[] densities = new double[2];
      ModelOutput output = batch.output();
      FloatBuffer u = java.util.Objects.requireNonNull(output.unconditional());
      try (StepKernel gpu = SoftwareDriver.stepKernel()) {
        gpu.sample(c, Reduction.SUM, output, x, batch.noise(), together, densities);
        FloatBuffer alone = poisoned(size);
        double[] density = new double[1];
        gpu.sample(
            c,
            Reduction.SUM,
            ModelOutput.guided(5, u.slice(size, size), output.conditional().slice(size, size)),
            x.slice(size, size),
            new StepNoise(batch.noise().seeds().subList(1, 2), 17),
            alone,
            density);
        assertThat(density[0]).isEqualTo(densities[1]);
        assertThat(alone).isEqualTo(together.slice(size, size));
      }
    }
  }

  @Test
  void aDeterministicStepNeedsNoNoiseAndHasNoLogProbability() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 0, 20, 11);
    Case example = new Case(c, Reduction.MEAN, 2, 50, 7.5, Seed.of(9), "eta 0");
    FloatBuffer x = example.tensor("sample", 1);
    FloatBuffer expected = FloatBuffer.allocate(100);
    FloatBuffer found = poisoned(100);
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      for (StepKernel kernel : List.of(cpu, gpu)) {
        assertThatThrownBy(
                () ->
                    kernel.logProbability(c, Reduction.MEAN, example.output(), x, x, new double[2]))
            .hasMessageContaining("deterministic step (sigma = 0)");
        assertThatThrownBy(
                () ->
                    kernel.sample(
                        c,
                        Reduction.MEAN,
                        example.output(),
                        x,
                        example.noise(),
                        found,
                        new double[2]))
            .hasMessageContaining("deterministic step (sigma = 0)");
      }
      cpu.sample(c, Reduction.MEAN, example.output(), x, example.noise(), expected, new double[0]);
      gpu.sample(c, Reduction.MEAN, example.output(), x, example.noise(), found, new double[0]);
    }
    assertThat(error(found, expected)).isLessThan(BOUND);
  }

  @Test
  void theSampleMayBeReplacedInDirectBuffersThatBeginAnywhere() {
    StepCoefficients c = step(PredictionType.V_PREDICTION, false, 1, 20, 3);
    Case example = new Case(c, Reduction.MEAN, 2, 30, 5, Seed.of(10), "in place");
    FloatBuffer x = example.tensor("sample", 1);
    FloatBuffer direct =
        java.nio.ByteBuffer.allocateDirect(4 * 67)
            .order(java.nio.ByteOrder.nativeOrder())
            .asFloatBuffer()
            .position(7);
    direct.put(x.duplicate()).position(7);
    FloatBuffer expected = poisoned(60);
    try (StepKernel gpu = SoftwareDriver.stepKernel()) {
      gpu.sample(c, Reduction.MEAN, example.output(), x, example.noise(), expected, new double[0]);
      gpu.sample(
          c, Reduction.MEAN, example.output(), direct, example.noise(), direct, new double[0]);
    }
    assertThat(direct.position()).isEqualTo(7);
    assertThat(direct).isEqualTo(expected);
  }

  @Test
  void sizesAreCheckedBeforeAnythingIsWritten() {
    StepCoefficients c = step(PredictionType.EPSILON, false, 1, 20, 3);
    FloatBuffer ten = FloatBuffer.allocate(10);
    FloatBuffer nine = FloatBuffer.allocate(9);
    ModelOutput output = ModelOutput.of(ten);
    double[] three = new double[3];
    try (StepKernel cpu = new CpuStepKernel();
        StepKernel gpu = SoftwareDriver.stepKernel()) {
      for (StepKernel kernel : List.of(cpu, gpu)) {
        assertThatThrownBy(
                () -> kernel.logProbability(c, Reduction.MEAN, output, nine, ten, new double[2]))
            .hasMessage("sample must hold 10 elements like the others, but holds 9");
        assertThatThrownBy(
                () -> kernel.logProbability(c, Reduction.MEAN, output, ten, nine, new double[2]))
            .hasMessage("previous must hold 10 elements like the others, but holds 9");
        assertThatThrownBy(() -> kernel.logProbability(c, Reduction.MEAN, output, ten, ten, three))
            .hasMessage("10 elements are not a whole number for each of 3 images");
        assertThatThrownBy(
                () ->
                    kernel.sample(
                        c,
                        Reduction.MEAN,
                        output,
                        ten,
                        new StepNoise(Seed.of(1).splits(2), 0),
                        ten,
                        three))
            .hasMessage("there are 2 seeds, but room for the log-probabilities of 3 images");
        assertThatThrownBy(
                () ->
                    kernel.logProbabilityGradient(
                        c, Reduction.MEAN, output, ten, ten, new double[2], ten, ten))
            .hasMessageContaining("if and only if the model's output has an unconditional half");
        assertThatThrownBy(
                () ->
                    kernel.logProbabilityGradient(
                        c, Reduction.MEAN, output, ten, ten, new double[2], nine, null))
            .hasMessage("gradient must hold 10 elements like the others, but holds 9");
      }
    }
    assertThat(ten).isEqualTo(FloatBuffer.allocate(10));
  }

  @Test
  void closingFreesEverything() {
    int before = SoftwareDriver.live();
    StepCoefficients c = step(PredictionType.EPSILON, false, 1, 20, 3);
    try (StepKernel gpu = SoftwareDriver.stepKernel()) {
      for (int size : new int[] {10, 10_000, 100}) { // buffers grow
        FloatBuffer x = FloatBuffer.allocate(size);
        gpu.logProbability(c, Reduction.MEAN, ModelOutput.of(x), x, x, new double[1]);
      }
      assertThat(SoftwareDriver.live()).isGreaterThan(before);
    }
    assertThat(SoftwareDriver.live()).isEqualTo(before);
  }

  /** A sample of a step before the model has moved. */
  private static FloatBuffer previous(Case example, FloatBuffer x) {
    FloatBuffer previous = FloatBuffer.allocate(x.capacity());
    try (StepKernel cpu = new CpuStepKernel()) {
      cpu.sample(
          example.c(),
          example.reduction(),
          example.output(),
          x,
          example.noise(),
          previous,
          new double[0]);
    }
    return previous;
  }

  /** The output of a model that has moved. */
  private static ModelOutput moved(Case example) {
    ModelOutput output = example.output();
    FloatBuffer c = output.conditional();
    FloatBuffer change = example.tensor("change", .01);
    for (int i = 0; i < c.capacity(); i++) {
      c.put(i, c.get(i) + change.get(i));
    }
    return output;
  }

  private static FloatBuffer poisoned(int length) {
    FloatBuffer buffer = FloatBuffer.allocate(length);
    for (int i = 0; i < length; i++) {
      buffer.put(i, Float.NaN);
    }
    return buffer;
  }

  private static double error(double[] found, double[] expected) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      error += (found[i] - expected[i]) * (found[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(error / norm);
  }

  private static double error(FloatBuffer found, FloatBuffer expected) {
    return errorButFor(0, found, expected, 0);
  }

  /** The error without a share of the elements: those that are furthest off. */
  private static double errorButFor(
      double share, FloatBuffer found, FloatBuffer expected, double leastNorm) {
    int length = expected.capacity();
    double norm = 0;
    double[] squares = new double[length];
    for (int i = 0; i < length; i++) {
      double difference = (double) found.get(i) - expected.get(i);
      squares[i] = difference * difference;
      norm += (double) expected.get(i) * expected.get(i);
    }
    java.util.Arrays.sort(squares); // NaN last
    double error = 0;
    for (int i = 0; i < length - (int) (share * length); i++) {
      error += squares[i];
    }
    return error == 0 ? 0 : Math.sqrt(error) / Math.max(leastNorm, Math.sqrt(norm));
  }
}

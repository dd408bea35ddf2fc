package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

/** The CPU's kernel is the denoising step with its guidance and noise. */
class StepKernelTest {
  private static final int IMAGES = 3;
  private static final int SIZE = 20_011; // more than a segment, and not a multiple of a block

  private final StepCoefficients c =
      DdimScheduler.of(SchedulerConfig.stableDiffusion(), DdimScheduler.Options.ddpo())
          .begin(10)
          .steps()
          .get(6)
          .coefficients();
  private final FloatBuffer u = gaussian(0);
  private final FloatBuffer cond = gaussian(1);
  private final FloatBuffer x = gaussian(2);
  private final StepNoise noise = new StepNoise(Seed.of(4).splits(IMAGES), 9);
  private final StepKernel kernel = new CpuStepKernel();

  private static FloatBuffer gaussian(int stream) {
    float[] values = new float[IMAGES * SIZE];
    Seed.of(8).gaussian(stream, values);
    return FloatBuffer.wrap(values);
  }

  private static FloatBuffer empty() {
    return FloatBuffer.allocate(IMAGES * SIZE);
  }

  private FloatBuffer guided() {
    FloatBuffer guided = empty();
    Guidance.guide(5, u, cond, guided);
    return guided;
  }

  private FloatBuffer drawn() {
    FloatBuffer z = empty();
    float[] one = new float[SIZE];
    for (int n = 0; n < IMAGES; n++) {
      noise.seeds().get(n).gaussian(9, one);
      z.put(n * SIZE, one);
    }
    return z;
  }

  @Test
  void aStepIsGuidanceNoiseAndTheDenoisingStep() {
    FloatBuffer expected = empty();
    double[] expectedDensity = new double[IMAGES];
    DenoisingStep.sample(c, Reduction.SUM, guided(), x, drawn(), expected, expectedDensity);
    FloatBuffer found = empty();
    double[] density = new double[IMAGES];
    kernel.sample(c, Reduction.SUM, ModelOutput.guided(5, u, cond), x, noise, found, density);
    assertThat(found).isEqualTo(expected);
    assertThat(density).isEqualTo(expectedDensity);
    kernel.sample(c, Reduction.SUM, ModelOutput.guided(5, u, cond), x, noise, found, new double[0]);
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void theGradientGoesToBothHalves() {
    FloatBuffer previous = drawn();
    double[] weights = {1, -2, .5};
    FloatBuffer whole = empty();
    DenoisingStep.logProbabilityGradient(c, Reduction.MEAN, guided(), x, previous, weights, whole);
    FloatBuffer expectedU = empty();
    FloatBuffer expectedC = empty();
    Guidance.gradient(5, whole, expectedU, expectedC);
    FloatBuffer byU = empty();
    FloatBuffer byC = empty();
    kernel.logProbabilityGradient(
        c, Reduction.MEAN, ModelOutput.guided(5, u, cond), x, previous, weights, byC, byU);
    assertThat(byU).isEqualTo(expectedU);
    assertThat(byC).isEqualTo(expectedC);
    kernel.logProbabilityGradient(
        c, Reduction.MEAN, ModelOutput.of(guided()), x, previous, weights, byC, null);
    assertThat(byC).isEqualTo(whole);
  }

  @Test
  void sumsDoNotDependOnTheBatchOrOnWhereBuffersBegin() {
    double[] together = new double[IMAGES];
    kernel.logProbability(c, Reduction.SUM, ModelOutput.of(cond), x, u, together);
    for (int n = 0; n < IMAGES; n++) {
      double[] alone = new double[1];
      kernel.logProbability(
          c,
          Reduction.SUM,
          ModelOutput.of(image(cond, n)),
          image(x, n),
          image(u, n).duplicate(),
          alone);
      assertThat(alone[0]).isEqualTo(together[n]);
    }
  }

  private static FloatBuffer image(FloatBuffer batch, int n) {
    return batch.duplicate().position(n * SIZE).limit((n + 1) * SIZE);
  }

  @Test
  void aRunTakesItsStepsWithTheKernelAndMultistepOnesOnTheCpu() {
    for (Scheduler scheduler :
        List.of(
            DdimScheduler.of(SchedulerConfig.stableDiffusion(), DdimScheduler.Options.ddpo()),
            DpmSolverScheduler.of(SchedulerConfig.stableDiffusion()))) {
      SamplingRun byParts = scheduler.begin(4);
      SamplingRun byKernel = scheduler.begin(4);
      FloatBuffer expected = x.duplicate();
      FloatBuffer found = x.duplicate();
      for (int i = 0; i < 3; i++) {
        FloatBuffer next = empty();
        byParts.step(i, guided(), expected, drawn(), next);
        expected = next;
        FloatBuffer ours = empty();
        byKernel.step(
            kernel,
            i,
            Reduction.MEAN,
            ModelOutput.guided(5, u, cond),
            found,
            noise,
            ours,
            new double[0]);
        found = ours;
      }
      assertThat(found).isEqualTo(expected);
    }
    SamplingRun multistep = DpmSolverScheduler.of(SchedulerConfig.stableDiffusion()).begin(4);
    assertThatThrownBy(
            () ->
                multistep.step(
                    kernel,
                    2,
                    Reduction.MEAN,
                    ModelOutput.of(u),
                    x,
                    noise,
                    empty(),
                    new double[IMAGES]))
        .hasMessageStartingWith("step 2 (timestep ");
  }

  @Test
  void anOutputSaysWhatIsWrongWithIt() {
    assertThatThrownBy(() -> ModelOutput.guided(Double.NaN, u, cond))
        .hasMessage("guidance scale must be finite, but was NaN");
    assertThatThrownBy(() -> new ModelOutput(cond, null, 5))
        .hasMessage("guidance of scale 5.0 needs the unconditional output");
    assertThatThrownBy(() -> ModelOutput.guided(5, image(u, 1), cond))
        .hasMessage("unconditional must hold 60033 elements like conditional, but holds 20011");
    assertThatThrownBy(() -> new StepNoise(Seed.of(1).splits(2), 0).fill(FloatBuffer.allocate(3)))
        .hasMessage("3 elements are not a whole number for each of 2 seeds");
    assertThatThrownBy(() -> new StepNoise(Seed.of(1).splits(2), -1))
        .hasMessage("stream must be at least 0, but was -1");
  }

  @Test
  void theFirstImagesOfAnOutputAreAPartOfBothHalves() {
    ModelOutput first = ModelOutput.guided(5, u, cond).first(SIZE);
    assertThat(first.conditional()).isEqualTo(image(cond, 0));
    assertThat(first.unconditional()).isEqualTo(image(u, 0));
    assertThat(first.guidanceScale()).isEqualTo(5);
  }
}

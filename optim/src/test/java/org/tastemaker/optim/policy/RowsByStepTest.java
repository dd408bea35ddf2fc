package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.Guidance;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.schedule.StepNoise;
import org.tastemaker.diffusion.testing.TinyModel;

class RowsByStepTest {
  private static final int CAPACITY = 6;
  private static final int SIZE = 12;
  private static final int[] STEPS = {2, 0, 2, 1, 2};

  private final RandomGenerator random = Seed.of(7).generator();
  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final CountingKernel kernel = new CountingKernel();

  @AfterEach
  void close() {
    model.close();
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 3.5})
  void everyRowIsAnsweredAsByItself(double guidance) {
    SamplingOptions options = model.options().withGuidanceScale(guidance);
    int halves = guidance == 1 ? 1 : 2;
    FloatBuffer answer = normal(halves * CAPACITY * SIZE);
    List<FloatBuffer> x = rows();
    List<FloatBuffer> next = rows();
    RowsByStep rows = new RowsByStep(kernel, RowsByStepTest::step, options, CAPACITY, SIZE);
    rows.set(STEPS, answer, x::get, next::get);
    double[] weights = {0.3, -2, 1, 0, -0.5};
    FloatBuffer gradient = FloatBuffer.allocate(answer.capacity());
    rows.gradient(weights, gradient);

    double[] found = rows.logProbabilities();

    for (int n = 0; n < STEPS.length; n++) {
      FloatBuffer o = FloatBuffer.allocate(SIZE);
      FloatBuffer first = answer.slice(n * SIZE, SIZE);
      if (halves == 2) {
        Guidance.guide(guidance, first, answer.slice((CAPACITY + n) * SIZE, SIZE), o);
      } else {
        o.put(0, first, 0, SIZE);
      }
      double[] one = new double[1];
      DenoisingStep.logProbability(
          step(STEPS[n]), options.reduction(), o, x.get(n), next.get(n), one);
      assertThat(found[n]).isEqualTo(one[0]); // the same operations in the same order
      FloatBuffer byGuided = FloatBuffer.allocate(SIZE);
      one[0] = weights[n];
      DenoisingStep.logProbabilityGradient(
          step(STEPS[n]), options.reduction(), o, x.get(n), next.get(n), one, byGuided);
      for (int i = 0; i < SIZE; i++) {
        float byLast = gradient.get(((halves - 1) * CAPACITY + n) * SIZE + i);
        assertThat(byLast).isEqualTo((float) guidance * byGuided.get(i));
        if (halves == 2) {
          assertThat(gradient.get(n * SIZE + i))
              .isEqualTo((float) (1 - guidance) * byGuided.get(i));
        }
      }
    }
  }

  @Test
  void theKernelIsCalledOnceAStep() {
    RowsByStep rows = new RowsByStep(kernel, RowsByStepTest::step, model.options(), CAPACITY, SIZE);
    int halves = model.options().guidanceScale() == 1 ? 1 : 2;
    rows.set(STEPS, normal(halves * CAPACITY * SIZE), rows()::get, rows()::get);

    rows.logProbabilities();

    assertThat(kernel.images).containsExactly(1, 1, 3); // steps 0, 1 and 2
  }

  @Test
  void policyGradientsAreComputedByTheModelsKernel() {
    try (Lora lora = TinyModel.lora(model, Seed.of(2));
        DiffusionPolicy policy = DiffusionPolicy.lora(model.with(kernel), lora);
        Rollout rollout = policy.sampler().rollout(TinyModel.prompts(2), Seed.of(3))) {
      kernel.images.clear();
      Transitions transitions = policy.transitions(rollout, 4);
      transitions.forward(new int[] {0, 1, 1}, new int[] {1, 1, 0});
      transitions.logProbabilities();
      transitions.backward(new double[] {1, 1, 1}, null);

      assertThat(kernel.images).containsExactly(1, 2, 1, 2);
    }
  }

  private static StepCoefficients step(int step) {
    return new StepCoefficients(
        1.1 + 0.1 * step, -0.4, Double.POSITIVE_INFINITY, 0.9, 0.05, 0.1, 0.1 * (step + 1));
  }

  private List<FloatBuffer> rows() {
    List<FloatBuffer> rows = new ArrayList<>();
    for (int n = 0; n < STEPS.length; n++) {
      rows.add(normal(SIZE));
    }
    return rows;
  }

  private FloatBuffer normal(int length) {
    FloatBuffer values = FloatBuffer.allocate(length);
    for (int i = 0; i < length; i++) {
      values.put(i, (float) random.nextGaussian());
    }
    return values;
  }

  /** The CPU's, which notes how many images each call was about. */
  private static final class CountingKernel implements StepKernel {
    private final StepKernel cpu = new CpuStepKernel();
    private final List<Integer> images = new ArrayList<>();

    @Override
    public void sample(
        StepCoefficients c,
        Reduction reduction,
        ModelOutput output,
        FloatBuffer sample,
        StepNoise noise,
        FloatBuffer previous,
        double[] logProbabilities) {
      images.add(noise.seeds().size());
      cpu.sample(c, reduction, output, sample, noise, previous, logProbabilities);
    }

    @Override
    public void logProbability(
        StepCoefficients c,
        Reduction reduction,
        ModelOutput output,
        FloatBuffer sample,
        FloatBuffer previous,
        double[] logProbabilities) {
      images.add(logProbabilities.length);
      cpu.logProbability(c, reduction, output, sample, previous, logProbabilities);
    }

    @Override
    public void logProbabilityGradient(
        StepCoefficients c,
        Reduction reduction,
        ModelOutput output,
        FloatBuffer sample,
        FloatBuffer previous,
        double[] weights,
        FloatBuffer gradient,
        @Nullable FloatBuffer unconditionalGradient) {
      images.add(weights.length);
      cpu.logProbabilityGradient(
          c, reduction, output, sample, previous, weights, gradient, unconditionalGradient);
    }

    @Override
    public void close() {}
  }
}

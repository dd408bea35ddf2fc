package org.tastemaker.diffusion.schedule;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One run from noise to a clean sample: the table of steps, and the history of a multistep solver.
 *
 * <p>Steps are counted from 0 within the run. A run of a one-step sampler (DDIM, DDPM, Euler with
 * and without noise, LCM, TCD) holds no state, and its steps may be taken in any order, more than
 * once, and by several threads. A run of another one serves one batch: its steps are taken in
 * order, once, or from step 0 again.
 */
public final class SamplingRun {
  private final List<SamplingStep> steps;
  private final double initialNoiseScale;
  private final boolean remembers;
  private final SampleMemory memory = new SampleMemory();
  private int next;

  private SamplingRun(List<SamplingStep> steps, double initialNoiseScale) {
    this.steps = steps;
    this.initialNoiseScale = initialNoiseScale;
    this.remembers = steps.stream().anyMatch(step -> step.rule() instanceof MemoryStep);
    int kept = 0;
    for (SamplingStep step : steps) {
      if (step.rule() instanceof MemoryStep rule) {
        if (rule.reads() > kept) {
          throw new IllegalStateException(step + " reads what no step before it has left");
        }
        kept = rule.remembered().size();
      }
    }
  }

  /**
   * The run over the steps from {@code first} to {@code steps - 1}.
   *
   * @param planner gives the step of an index in the whole schedule
   */
  static SamplingRun plan(
      int first, int steps, double initialNoiseScale, IntFunction<SamplingStep> planner) {
    return new SamplingRun(
        IntStream.range(first, steps).mapToObj(planner).toList(), initialNoiseScale);
  }

  /**
   * Checks the arguments of {@link Scheduler#begin(int, double)}.
   *
   * @return the index of the first step
   */
  static int firstStep(int steps, double strength, int trainSteps) {
    if (steps < 1 || steps > trainSteps) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the number of steps must be in [1, %s], the number of training steps, but was %s",
              trainSteps,
              steps));
    }
    if (!(strength >= 0 && strength <= 1)) {
      throw new IllegalArgumentException("strength must be in [0, 1], but was " + strength);
    }
    return steps - (int) (steps * strength);
  }

  /** The run over steps that are there already. */
  static SamplingRun of(List<SamplingStep> steps, double initialNoiseScale) {
    return new SamplingRun(List.copyOf(steps), initialNoiseScale);
  }

  /** The rule of a step; an error about it names the step. */
  static <R extends StepRule> R rule(
      int index, double timestep, PredictionType type, Supplier<R> of) {
    try {
      return of.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "step %s (timestep %s) cannot be taken with prediction_type %s: %s",
              index,
              timestep,
              type.key(),
              e.getMessage()),
          e);
    }
  }

  /**
   * The steps, noisiest first.
   *
   * @return as many as asked for, or fewer in a run that starts part of the way
   */
  public List<SamplingStep> steps() {
    return steps;
  }

  /**
   * What standard normal noise is multiplied by to start from it.
   *
   * @return about the largest noise level for k-diffusion's samplers (Euler, Heun, KDPM2, LMS,
   *     DPM++ SDE); 1 for the others
   */
  public double initialNoiseScale() {
    return initialNoiseScale;
  }

  /**
   * This run inside of a window of its steps, and another outside.
   *
   * @param window at least one of this run's steps is in it
   * @param outside a run over the same timesteps
   * @return a run of both
   * @throws IllegalArgumentException if no step is in the window
   */
  public SamplingRun inside(StepWindow window, SamplingRun outside) {
    if (window.first() >= steps.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the run has steps 0 to %s, of which none is in the window: %s",
              steps.size() - 1,
              window));
    }
    if (!Arrays.equals(timesteps(), outside.timesteps())) {
      throw new IllegalArgumentException("two runs with other timesteps cannot be one");
    }
    return new SamplingRun(
        IntStream.range(0, steps.size())
            .mapToObj(i -> (window.contains(i) ? this : outside).steps.get(i))
            .toList(),
        initialNoiseScale);
  }

  /**
   * The timesteps that the model is conditioned on, noisiest first.
   *
   * @return one for each step
   */
  public double[] timesteps() {
    return steps.stream().mapToDouble(SamplingStep::timestep).toArray();
  }

  /**
   * Checks that every step has a log-probability, as a policy-gradient rollout needs.
   *
   * @return this run
   * @throws IllegalStateException naming the first step that has none, and what to do
   */
  public SamplingRun requireLogProbabilities() {
    for (SamplingStep step : steps) {
      if (!(step.rule() instanceof StepCoefficients)) {
        throw new IllegalStateException(
            step
                + " depends on the steps before it, so it has no log-probability of its own. Sample with DDIM and eta above 0.");
      }
      if (step.rule().sigma() == 0 && step.timestep() == 0) {
        throw new IllegalStateException(
            step
                + " is at the smallest noise level, from where nothing is left to draw (sigma = 0), so it has no log-probability. Choose a timestep_spacing of leading with a steps_offset of at least 1, or of trailing: linspace always ends at timestep 0.");
      }
      if (step.rule().sigma() == 0) {
        throw new IllegalStateException(
            step
                + " is deterministic (sigma = 0), so it has no log-probability, which policy gradients need. Give the model SamplingOptions.ddpo(), with steps and guidance of your choice: DDIM with eta above 0 (and FinalStep.DDPO and a steps_offset of at least 1, where they are chosen by hand).");
      }
    }
    return this;
  }

  /**
   * Checks that no step draws noise, so that the initial noise alone decides what comes out.
   *
   * @return this run
   * @throws IllegalStateException naming the first step that draws, and what to do
   */
  public SamplingRun requireDeterministic() {
    for (SamplingStep step : steps) {
      if (step.rule().sigma() != 0) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s draws noise (sigma = %s), so the initial noise does not decide the image. Sample with DDIM and eta 0, DPM-Solver++ or Euler.",
                step,
                step.rule().sigma()));
      }
    }
    return this;
  }

  /**
   * Noise clean samples to where the run starts: image-to-image. A run without steps leaves them as
   * they are. {@code out} may be one of the inputs.
   *
   * @param clean x_0, [N, ...]
   * @param noise standard normal, the same size
   * @param out receives the sample of the first step, the same size
   */
  public void addNoise(FloatBuffer clean, FloatBuffer noise, FloatBuffer out) {
    int length = Elementwise.imageSize(1, clean, "noise", noise, "out", out);
    double signalScale = steps.isEmpty() ? 1 : steps.get(0).signalScale();
    double noiseScale = steps.isEmpty() ? 0 : steps.get(0).noiseScale();
    Elementwise.combine(signalScale, clean, noiseScale, noise, out, 0, length);
  }

  /**
   * Scale a sample for the model.
   *
   * @param i the step, from 0
   * @param sample x_t, [N, ...]
   * @param input receives the model's input, the same size; may be {@code sample} only where the
   *     scale is 1, because the step needs the sample itself
   */
  public void scaleInput(int i, FloatBuffer sample, FloatBuffer input) {
    int length = Elementwise.imageSize(1, sample, "input", input, "input", input);
    Elementwise.combine(step(i).inputScale(), sample, 0, sample, input, 0, length);
  }

  /**
   * Take a step.
   *
   * @param i the step, from 0
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise standard normal, the same size; null only where the step's sigma is 0
   * @param previous receives x_{t-1}, the same size; may be {@code sample}
   * @throws IllegalStateException if a multistep run's steps are not taken in order
   */
  public void step(
      int i,
      FloatBuffer output,
      FloatBuffer sample,
      @Nullable FloatBuffer noise,
      FloatBuffer previous) {
    step(i, 1, output, sample, noise, previous);
  }

  /** The same for a batch of N images, which bounds by image need to know. */
  private void step(
      int i,
      int images,
      FloatBuffer output,
      FloatBuffer sample,
      @Nullable FloatBuffer noise,
      FloatBuffer previous) {
    SamplingStep step = step(i);
    if (!remembers) {
      named(step, () -> DenoisingStep.sample(step.coefficients(), output, sample, noise, previous));
      return;
    }
    if (i != 0 && i != next) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the steps of a multistep run are taken in order: expected step %s or 0, but was %s",
              next,
              i));
    }
    if (i == 0) {
      memory.clear();
    }
    MemoryStep rule =
        step.rule() instanceof MemoryStep one
            ? one
            : MemoryStep.of(step.coefficients(), X0Bound.NONE);
    named(step, () -> memory.take(rule, images, output, sample, noise, previous));
    next = i + 1;
  }

  /**
   * Take a step and compute its log-probability: {@link DenoisingStep#sample(StepCoefficients,
   * Reduction, FloatBuffer, FloatBuffer, FloatBuffer, FloatBuffer, double[])}.
   *
   * @param i the step, from 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise standard normal, the same size
   * @param previous receives x_{t-1}, the same size
   * @param logProbabilities receives one number per image, [N]
   * @throws IllegalArgumentException naming the step, if it is deterministic
   */
  public void step(
      int i,
      Reduction reduction,
      FloatBuffer output,
      FloatBuffer sample,
      FloatBuffer noise,
      FloatBuffer previous,
      double[] logProbabilities) {
    SamplingStep step = step(i);
    named(
        step,
        () ->
            DenoisingStep.sample(
                step.coefficients(), reduction, output, sample, noise, previous, logProbabilities));
  }

  /**
   * Take a step with a given kernel. A step that depends on those before it is taken on the CPU,
   * whatever the kernel.
   *
   * @param kernel computes the step
   * @param i the step, from 0
   * @param reduction over an image's elements
   * @param output the model's output, [N, ...]
   * @param sample x_t, the same size
   * @param noise one seed per image, [N]; drawn from where the step's sigma is above 0
   * @param previous receives x_{t-1}, the same size; may be {@code sample}
   * @param logProbabilities receives one number per image, [N]; of length 0 where none is wanted
   * @throws IllegalArgumentException naming the step, if it is deterministic and log-probabilities
   *     are wanted
   */
  public void step(
      StepKernel kernel,
      int i,
      Reduction reduction,
      ModelOutput output,
      FloatBuffer sample,
      StepNoise noise,
      FloatBuffer previous,
      double[] logProbabilities) {
    SamplingStep step = step(i);
    if (!remembers || logProbabilities.length != 0) {
      StepCoefficients c = step.coefficients();
      named(
          step,
          () -> kernel.sample(c, reduction, output, sample, noise, previous, logProbabilities));
      return;
    }
    int length = output.conditional().remaining();
    FloatBuffer guided = output.conditional();
    FloatBuffer u = output.unconditional();
    if (u != null) {
      guided = FloatBuffer.allocate(length);
      Guidance.guide(output.guidanceScale(), u, output.conditional(), guided);
    }
    FloatBuffer z = null;
    if (step.rule().sigma() != 0) {
      z = FloatBuffer.allocate(length);
      noise.fill(z);
    }
    step(i, noise.seeds().size(), guided, sample, z, previous);
  }

  private SamplingStep step(int i) {
    if (i < 0 || i >= steps.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "the run has steps 0 to %s, but was asked for %s", steps.size() - 1, i));
    }
    return steps.get(i);
  }

  private static void named(SamplingStep step, Runnable action) {
    try {
      action.run();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(step + ": " + e.getMessage(), e);
    }
  }
}

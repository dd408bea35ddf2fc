package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.Guidance;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.SamplingStep;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepGradient;
import org.tastemaker.diffusion.schedule.StepNoise;

/**
 * Denoising steps of a rollout's images one after the other, under the policy as it is now, as a
 * function that can be gone through backward: row n begins at a recorded x_t of image i, which is
 * held fixed.
 *
 * <pre>
 *   o_t     = u + g (c - u),  c = U-Net(x_t, t, z),  u = U-Net(x_t, t, z')      both are trained
 *   x_{t-1} = mean(x_t, o_t) + sigma_t e_t                                      e_t of the image's seed
 *   x0^     = x0(x_t, o_t)                                        {@link #predictClean}: at once
 *   backward, from the last step to the first:
 *     d L / d theta += d L / d o_t  d o_t / d theta
 *     d L / d x_t    = d L / d x_{t-1} d mean / d x_t  +  d L / d o_t  d o_t / d x_t
 * </pre>
 *
 * <p>The noise is what the rollout drew: a step's is a function of the image's seed; one that drew
 * none is taken without. So until the policy changes a chain ends at the recorded latents, but for
 * float rounding, and its gradient is that of the recorded image.
 *
 * <p><b>Memory.</b> For K steps of B images K + 1 latents are kept, and nothing of a step's
 * network: {@link #backward} runs each step's U-Net forward again right before it goes through it
 * backward, except the last one. So the memory of activations is that of one compiled U-Net for B
 * rows, or 2 B with guidance, whatever K is, and a gradient of K steps costs 2 K - 1 forward and K
 * backward passes. Not thread-safe.
 */
public final class DenoisingChain {
  private final PolicyNetwork policy;
  private final List<Trajectory> trajectories;
  private final List<Seed> seeds;
  private final SamplingOptions options;
  private final ImmutableList<SamplingStep> steps; // as the rollout took them
  private final Conditions conditions;
  private final int capacity; // B
  private final int size; // C h w
  private final List<FloatBuffer> samples = new ArrayList<>(); // x_t of the chain, [B, C, h, w]
  private final FloatBuffer output; // o, guided, [B, C, h, w]
  private final FloatBuffer noise; // e, [B, C, h, w]
  private final FloatBuffer byOutput; // [B, C, h, w]
  private final FloatBuffer bySample; // [B, C, h, w]
  private int[] images = {};
  private List<Link> links = List.of();
  private @Nullable DenoiserBatch batch; // [B or 2B, ...]

  /** A step of the chain. */
  private record Link(SamplingStep step, StepCoefficients coefficients) {}

  DenoisingChain(PolicyNetwork policy, Rollout rollout, int microBatch) {
    if (microBatch < 1) {
      throw new IllegalArgumentException("microBatch must be at least 1, but was " + microBatch);
    }
    this.policy = policy;
    this.trajectories = Transitions.of(policy, rollout);
    this.seeds = rollout.seeds();
    this.options = policy.model().options();
    this.steps = steps(policy, trajectories);
    this.capacity = microBatch;
    this.size = policy.model().latentShape().size();
    this.conditions = policy.conditions(texts().size());
    this.output = FloatBuffer.allocate(microBatch * size);
    this.noise = FloatBuffer.allocate(microBatch * size);
    this.byOutput = FloatBuffer.allocate(microBatch * size);
    this.bySample = FloatBuffer.allocate(microBatch * size);
  }

  /** The policy's steps, or those of the ODE where the rollout drew no noise. */
  private static ImmutableList<SamplingStep> steps(
      PolicyNetwork policy, List<Trajectory> trajectories) {
    SamplingRun random = policy.denoisingSteps();
    SamplingRun ode =
        DdimScheduler.of(
                policy.model().components().scheduler(), DdimScheduler.Options.ddpo().withEta(0))
            .begin(random.steps().size());
    ImmutableList.Builder<SamplingStep> steps = ImmutableList.builder();
    for (int i = 0; i < random.steps().size(); i++) {
      int step = i;
      long drawn = trajectories.stream().filter(image -> image.hasLikelihood(step)).count();
      if (drawn != 0 && drawn != trajectories.size()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s drew noise for %s of %s images: images that are trained on together must be"
                    + " sampled in the same way",
                random.steps().get(i),
                drawn,
                trajectories.size()));
      }
      steps.add((drawn == 0 ? ode : random).steps().get(i));
    }
    return steps.build();
  }

  private Set<String> texts() {
    Set<String> texts = new HashSet<>();
    for (Trajectory trajectory : trajectories) {
      texts.add(trajectory.prompt().text());
      if (guided()) {
        texts.add(trajectory.prompt().negativeText());
      }
    }
    return texts;
  }

  private boolean guided() {
    return options.guidanceScale() != 1;
  }

  /**
   * How many images go through the U-Net together.
   *
   * @return B, at least 1
   */
  public int microBatch() {
    return capacity;
  }

  /**
   * How many steps an image has.
   *
   * @return T, at least 1
   */
  public int steps() {
    return steps.size();
  }

  // ---- Forward

  /**
   * Takes the last steps of images.
   *
   * @param rows the image of each row, from 0; 1 to {@link #microBatch}
   * @param last how many steps, 1 to {@link #steps}: from the recorded latents that many steps
   *     before the end
   * @return x_0, [rows, C, h, w], valid until the next call
   */
  public FloatBuffer forward(int[] rows, int last) {
    Objects.checkIndex(last - 1, steps());
    int first = steps() - last;
    begin(rows, n -> recorded(n, first));
    return take(
        steps.subList(first, steps()).stream()
            .map(step -> new Link(step, step.coefficients()))
            .collect(ImmutableList.toImmutableList()));
  }

  /**
   * Predicts the clean latents of images from the recorded ones before a step, at once.
   *
   * @param rows the image of each row, from 0; 1 to {@link #microBatch}
   * @param step from 0, the noisiest
   * @return x0^, [rows, C, h, w], valid until the next call
   */
  public FloatBuffer predictClean(int[] rows, int step) {
    Objects.checkIndex(step, steps());
    begin(rows, n -> recorded(n, step));
    return predict(step);
  }

  /**
   * Predicts the clean latents of images at once, from their recorded clean latents with new noise
   * of the last step's level.
   *
   * @param rows the image of each row, from 0; 1 to {@link #microBatch}
   * @param drawn the seed of each row's noise, as many
   * @return x0^, [rows, C, h, w], valid until the next call
   */
  public FloatBuffer predictCleanAgain(int[] rows, List<Seed> drawn) {
    int last = steps() - 1;
    SamplingStep step = steps.get(last);
    float[] e = new float[size];
    begin(
        rows,
        n -> {
          drawn.get(n).gaussian(0, e);
          FloatBuffer clean = recorded(n, steps());
          FloatBuffer noisy = FloatBuffer.allocate(size);
          for (int i = 0; i < size; i++) {
            noisy.put(i, (float) (step.signalScale() * clean.get(i) + step.noiseScale() * e[i]));
          }
          return noisy;
        });
    return predict(last);
  }

  private FloatBuffer predict(int step) {
    SamplingStep at = steps.get(step);
    return take(ImmutableList.of(new Link(at, at.coefficients().toCleanSample())));
  }

  private void begin(int[] rows, IntFunction<FloatBuffer> start) {
    if (rows.length < 1 || rows.length > capacity) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be 1 to %s rows with an image each, but there were %s",
              capacity,
              rows.length));
    }
    for (int image : rows) {
      Objects.checkIndex(image, trajectories.size());
    }
    images = rows.clone();
    FloatBuffer x = sample(0);
    for (int row = 0; row < capacity; row++) {
      FloatBuffer from = start.apply(row < rows.length ? row : 0); // unused ones repeat the first
      x.put(row * size, from, from.position(), size);
    }
  }

  private FloatBuffer recorded(int row, int step) {
    return trajectories.get(images[row]).latents().get(step);
  }

  private FloatBuffer sample(int k) {
    while (samples.size() <= k) {
      samples.add(FloatBuffer.allocate(capacity * size));
    }
    return samples.get(k);
  }

  private FloatBuffer take(List<Link> chain) {
    links = chain;
    int rows = guided() ? 2 * capacity : capacity;
    // The gradient by the latents is needed from one step to the one before.
    batch = links.size() == 1 ? policy.batch(rows) : policy.linkedBatch(rows);
    setConditions(batch);
    for (int k = 0; k < links.size(); k++) {
      predict(batch, k);
      StepCoefficients c = links.get(k).coefficients();
      if (c.sigma() != 0) {
        new StepNoise(rowSeeds(), links.get(k).step().index() + 1).fill(noise);
      }
      DenoisingStep.sample(c, output, sample(k), noise, sample(k + 1));
    }
    return sample(links.size()).slice(0, images.length * size);
  }

  private List<Seed> rowSeeds() {
    return IntStream.range(0, capacity)
        .mapToObj(row -> seeds.get(images[row < images.length ? row : 0]))
        .toList();
  }

  private void setConditions(DenoiserBatch to) {
    for (int row = 0; row < capacity; row++) {
      Prompt prompt = trajectories.get(images[row < images.length ? row : 0]).prompt();
      if (guided()) {
        to.setCondition(row, conditions.negative(prompt.negativeText()));
        to.setCondition(capacity + row, conditions.of(prompt.text()));
      } else {
        to.setCondition(row, conditions.of(prompt.text()));
      }
    }
  }

  /** Runs the U-Net on the k-th latents of the chain. */
  private void predict(DenoiserBatch with, int k) {
    double t = links.get(k).step().timestep();
    for (int row = 0; row < capacity; row++) {
      FloatBuffer x = sample(k).slice(row * size, size);
      with.setSample(row, x, t);
      if (guided()) {
        with.setSample(capacity + row, x, t);
      }
    }
    FloatBuffer answer = with.forward(); // [B or 2B, C, h, w]
    int half = capacity * size;
    if (guided()) {
      Guidance.guide(
          options.guidanceScale(), answer.slice(0, half), answer.slice(half, half), output);
    } else {
      output.put(0, answer, 0, half);
    }
  }

  // ---- Backward

  /**
   * Adds the gradient of a loss of what was returned last to the policy's.
   *
   * @param byResult d L / d x of each row, [rows, C, h, w]
   */
  public void backward(FloatBuffer byResult) {
    if (batch == null) {
      throw new IllegalStateException("a forward pass comes before its gradient");
    }
    if (byResult.remaining() != images.length * size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the gradient of %s rows must have %s numbers, but has %s",
              images.length,
              images.length * size,
              byResult.remaining()));
    }
    for (int i = 0; i < capacity * size; i++) { // rows that are not used have none
      bySample.put(i, i < byResult.remaining() ? byResult.get(byResult.position() + i) : 0);
    }
    for (int k = links.size() - 1; k >= 0; k--) {
      if (k < links.size() - 1) { // the last one's activations are still there
        predict(batch, k);
      }
      // 1. Through the step, to the guided output and around it.
      StepGradient.backward(
          links.get(k).coefficients(), output, sample(k), bySample, byOutput, bySample);
      // 2. Through guidance, to both halves of the U-Net's output.
      FloatBuffer cotangents = batch.cotangents(); // [B or 2B, C, h, w]
      int half = capacity * size;
      if (guided()) {
        Guidance.gradient(
            options.guidanceScale(),
            byOutput,
            cotangents.slice(0, half),
            cotangents.slice(half, half));
      } else {
        cotangents.put(0, byOutput, 0, half);
      }
      // 3. Through the U-Net, to its parameters and its latents.
      Map<String, INDArray> found = policy.backwardToInputs(batch);
      if (k > 0) {
        addSamples(FloatBuffers.of(Objects.requireNonNull(found.get(UNet2DConditionModel.SAMPLE))));
      }
    }
  }

  private void addSamples(FloatBuffer byInput) {
    int half = capacity * size;
    for (int i = 0; i < half; i++) {
      float g = byInput.get(i) + (guided() ? byInput.get(half + i) : 0);
      bySample.put(i, bySample.get(i) + g);
    }
  }
}

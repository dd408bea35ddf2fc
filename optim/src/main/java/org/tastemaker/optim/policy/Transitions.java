package org.tastemaker.optim.policy;

import com.google.common.collect.Lists;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.Guidance;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKl;
import org.tastemaker.optim.policy.TransitionLoss.Drift;
import org.tastemaker.optim.policy.TransitionLoss.Numbers;
import org.tastemaker.optim.policy.TransitionLoss.Terms;

/**
 * The denoising steps of some images under the policy as it is now, row by row: row n is step t of
 * image i, and rows of different steps go through the U-Net together.
 *
 * <pre>
 *   o_n   = u + g (c - u)                                   the U-Net's output with guidance
 *   log p_n = log p(x_{t-1} | x_t, z)                       {@link #logProbabilities}
 *   log p_ref,n                                             {@link #referenceLogProbabilities}
 *   KL_n  = KL(p(. | x_t, z) || p_ref(. | x_t, z))          {@link #kl}
 *   D_n   = KL(p(. | x_t, z) || p_old(. | x_t, z))          {@link #klToSampling}
 *   backward: d/d(parameters) of sum_n a_n log p_n + b_n KL_n + d_n D_n
 * </pre>
 *
 * <p>Numbers are over an image's elements as the options' reduction says, mean or sum, the KL like
 * the log-probabilities. Log-probabilities and their gradients come from the model's {@link
 * LatentDiffusion#stepKernel}, the KL from the CPU.
 *
 * <p>A step that was deterministic when it was sampled has no likelihood: asking for it, or for its
 * gradient, is an error. Its KL to the reference is that of the policy at its sample.
 */
public final class Transitions {
  private final PolicyNetwork policy;
  private final List<Trajectory> trajectories;
  private final SamplingOptions options;
  private final SamplingRun run;
  private final Conditions conditions;
  private final int capacity; // B
  private final int size; // C h w
  private final DenoiserBatch batch; // [B or 2B, ...]
  private final RowsByStep rows;
  private final FloatBuffer output; // o, guided, for the KL, [B, C, h, w]
  private final FloatBuffer referenceOutput; // [B, C, h, w]
  private final FloatBuffer gradient; // by o, [B, C, h, w]
  private final SampledMeans sampledMeans; // mu_old, [B, C, h, w]
  private int[] images = {};
  private int[] steps = {};
  private boolean compared;
  private KlForm form = KlForm.EXACT;
  private @Nullable DenoiserBatch reference;
  private @Nullable Conditions referenceConditions;

  Transitions(PolicyNetwork policy, List<Trajectory> trajectories, int microBatch) {
    this.policy = policy;
    this.trajectories = List.copyOf(trajectories);
    this.options = policy.model().options();
    this.capacity = microBatch;
    if (microBatch < 1) {
      throw new IllegalArgumentException("microBatch must be at least 1, but was " + microBatch);
    }
    this.run = policy.denoisingSteps();
    this.size = policy.model().latentShape().size();
    this.trajectories.forEach(this::requireOwn);
    this.conditions = policy.conditions(texts().size());
    this.batch = policy.batch(guided() ? 2 * microBatch : microBatch);
    this.rows =
        new RowsByStep(
            policy.model().stepKernel(),
            step -> run.steps().get(step).coefficients(),
            options,
            microBatch,
            size);
    this.output = FloatBuffer.allocate(microBatch * size);
    this.referenceOutput = FloatBuffer.allocate(microBatch * size);
    this.gradient = FloatBuffer.allocate(microBatch * size);
    this.sampledMeans = new SampledMeans(options.reduction(), microBatch, size);
  }

  private void requireOwn(Trajectory trajectory) {
    if (trajectory.steps() != run.steps().size()
        || trajectory.latents().stream().anyMatch(x -> x.capacity() != size)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the policy has %s steps of latents of %s elements, but a trajectory has %s of %s",
              run.steps().size(),
              size,
              trajectory.steps(),
              trajectory.latents().get(0).capacity()));
    }
  }

  /** Every image of a rollout, if the policy could have sampled it. */
  static List<Trajectory> of(PolicyNetwork policy, Rollout rollout) {
    requireOwn(rollout, policy.denoisingSteps(), policy.model());
    return IntStream.range(0, rollout.size()).mapToObj(i -> Trajectory.of(rollout, i)).toList();
  }

  /** Whether the policy could have sampled a rollout. */
  static boolean fits(PolicyNetwork policy, Rollout rollout) {
    return timesteps(policy.denoisingSteps()).equals(rollout.timesteps())
        && Arrays.equals(wanted(policy.model().latentShape()), found(rollout));
  }

  private static void requireOwn(Rollout rollout, SamplingRun run, LatentDiffusion model) {
    List<Integer> expected = timesteps(run);
    if (!expected.equals(rollout.timesteps())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the rollout was sampled at timesteps %s, but the policy steps through %s: sample it with policy.sampler()",
              rollout.timesteps(),
              expected));
    }
    long[] found = found(rollout);
    if (!Arrays.equals(wanted(model.latentShape()), found)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the rollout's images are %s with %s channels in their latents, but the policy's are %s with %s: sample it with policy.sampler()",
              ImageSize.of(model, found[1], found[2]),
              found[0],
              ImageSize.of(model),
              model.latentShape().channels()));
    }
  }

  private static List<Integer> timesteps(SamplingRun run) {
    return Arrays.stream(run.timesteps()).mapToObj(t -> (int) Math.rint(t)).toList();
  }

  private static long[] wanted(LatentShape shape) {
    return new long[] {shape.channels(), shape.height(), shape.width()};
  }

  private static long[] found(Rollout rollout) {
    return Arrays.copyOfRange(rollout.latents().shape(), 2, 5);
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
   * How many rows go through the U-Net together.
   *
   * @return at least 1
   */
  public int microBatch() {
    return capacity;
  }

  /** Is told each row of an update, in order. */
  @FunctionalInterface
  public interface Seen {
    /**
     * A row was evaluated.
     *
     * @param row its place in the update
     * @param numbers of it
     * @param terms its loss
     */
    void row(int row, Numbers numbers, Terms terms);
  }

  /**
   * Adds the gradient of a whole update to the policy's: that of the mean loss of its rows, and of
   * the KL to the reference. They go through the U-Net in micro-batches, here or, if {@link
   * DiffusionPolicy#computeGradientsBy} says so, elsewhere, with the same result.
   *
   * @param rows of the update, whose images are among those given
   * @param loss of a row
   * @param klWeight of the KL to the reference, at least 0; above 0 only where the loss names a
   *     form
   * @param seen is told each row before its gradient is added; what it throws ends the update
   */
  public void update(
      List<TrainingOrder.Row> rows, TransitionLoss loss, double klWeight, Seen seen) {
    List<List<TrainingOrder.Row>> parts = Lists.partition(rows, capacity);
    GradientSource source = policy.gradientSource();
    if (source == null) {
      for (int k = 0; k < parts.size(); k++) {
        int first = k * capacity;
        update(parts.get(k), rows.size(), loss, klWeight, (n, x, t) -> seen.row(first + n, x, t));
      }
      return;
    }
    if (loss.kl().isPresent()) {
      policy.requireOwnReference();
    }
    int[] next = {0};
    source.run(
        new GradientSource.Work(trajectories, parts, capacity, rows.size(), loss, klWeight),
        (numbers, gradient) -> {
          for (Numbers each : numbers) {
            int n = next[0]++;
            seen.row(n, each, loss.of(each, rows.get(n).advantage()));
          }
          policy.addGradient(gradient);
        });
    if (next[0] != rows.size()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "an update has %s rows, but %s were evaluated", rows.size(), next[0]));
    }
  }

  /**
   * Adds the gradient of one micro-batch of an update, computed here.
   *
   * @param some the rows, 1 to {@link #microBatch}
   * @param all R: how many rows the whole update has
   * @param loss of a row
   * @param klWeight of the KL to the reference
   * @param seen is told each row
   */
  public void update(
      List<TrainingOrder.Row> some, int all, TransitionLoss loss, double klWeight, Seen seen) {
    // 1. Forward: the recorded steps under the policy as it is, as it sampled, as it began.
    forward(
        some.stream().mapToInt(TrainingOrder.Row::image).toArray(),
        some.stream().mapToInt(TrainingOrder.Row::step).toArray());
    int b = some.size();
    double[] now = logProbabilities(); // log p_theta, [B]
    double[] old = recordedLogProbabilities(); // log p_old, [B]
    double[] drift = loss.drift() == Drift.UNUSED ? new double[b] : klToSampling(); // D, [B]
    double[] deviations = deviations(); // s, [B]
    double[] reference = loss.kl().map(this::kl).orElse(new double[b]); // [B]

    // 2. Loss: its derivatives by log p_theta, D and the KL, of the mean over all R rows.
    double[] slopes = new double[b]; // [B]
    double[] driftSlopes = new double[b]; // [B]
    double[] referenceSlopes = new double[b]; // [B]
    for (int n = 0; n < b; n++) {
      Numbers numbers = new Numbers(now[n], old[n], deviations[n], drift[n], reference[n]);
      Terms terms = loss.of(numbers, some.get(n).advantage());
      slopes[n] = terms.byLogProbability() / all;
      driftSlopes[n] = terms.byDrift() / all;
      referenceSlopes[n] = klWeight / all;
      seen.row(n, numbers, terms);
    }

    // 3. Backward: by all three, added to the gradient.
    backward(
        slopes,
        klWeight > 0 ? referenceSlopes : null,
        loss.drift() == Drift.TRAINED ? driftSlopes : null);
  }

  /**
   * Runs the U-Net on some rows.
   *
   * @param images the image of each row, from 0, among those given
   * @param steps the step of each row, from 0, the noisiest; as many as images, 1 to {@link
   *     #microBatch}
   */
  public void forward(int[] images, int[] steps) {
    requireRows(images, steps);
    this.images = images.clone();
    this.steps = steps.clone();
    compared = false;
    // 1. Latents, timesteps and texts; rows that are not used repeat the first.
    for (int row = 0; row < capacity; row++) {
      int n = row < images.length ? row : 0;
      FloatBuffer x = latents(steps[n], images[n]);
      double t = run.steps().get(steps[n]).timestep();
      Prompt prompt = trajectories.get(images[n]).prompt();
      if (guided()) {
        batch.setRow(row, x, t, conditions.negative(prompt.negativeText()));
        batch.setRow(capacity + row, x, t, conditions.of(prompt.text()));
      } else {
        batch.setRow(row, x, t, conditions.of(prompt.text()));
      }
    }
    // 2. The network.
    FloatBuffer answer = batch.forward(); // [B or 2B, C, h, w]
    rows.set(
        this.steps,
        answer,
        n -> latents(this.steps[n], this.images[n]),
        n -> latents(this.steps[n] + 1, this.images[n]));
    guide(answer, output);
  }

  private void requireRows(int[] rows, int[] rowSteps) {
    if (rows.length < 1 || rows.length > capacity || rows.length != rowSteps.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be 1 to %s rows with an image and a step each, but there were %s images and %s steps",
              capacity,
              rows.length,
              rowSteps.length));
    }
    for (int n = 0; n < rows.length; n++) {
      Objects.checkIndex(rows[n], trajectories.size());
      Objects.checkIndex(rowSteps[n], run.steps().size());
    }
  }

  private void guide(FloatBuffer answer, FloatBuffer out) {
    int half = capacity * size;
    if (guided()) {
      Guidance.guide(options.guidanceScale(), answer.slice(0, half), answer.slice(half, half), out);
    } else {
      out.put(0, answer, 0, half);
    }
  }

  /**
   * The log-probability of each row's recorded step under the policy as it is now.
   *
   * @return [rows]
   * @throws IllegalStateException if a row's step was deterministic
   */
  public double[] logProbabilities() {
    requireLikelihood();
    return rows.logProbabilities();
  }

  /**
   * The log-probability of each row's step as it was recorded when it was sampled.
   *
   * @return [rows]
   * @throws IllegalStateException if a row's step was deterministic
   */
  public double[] recordedLogProbabilities() {
    requireLikelihood();
    double[] all = new double[images.length];
    for (int n = 0; n < all.length; n++) {
      all[n] = trajectories.get(images[n]).logProbabilities().get(steps[n]);
    }
    return all;
  }

  private void requireLikelihood() {
    for (int n = 0; n < images.length; n++) {
      if (!trajectories.get(images[n]).hasLikelihood(steps[n])) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s of image %s has no likelihood: it was deterministic when it was sampled, or the image was made from another wording of its prompt. Train on steps that drew noise, of images that were made from their prompts",
                run.steps().get(steps[n]),
                images[n]));
      }
    }
  }

  /**
   * The KL from the policy to the one that sampled, in each row's step: exact, by the mean that the
   * step had, which is what was drawn less its noise.
   *
   * @return [rows], at least 0
   * @throws IllegalStateException if a row's step was deterministic, or its noise is not known
   * @throws IllegalArgumentException if what was drawn is not of the image's seed
   */
  public double[] klToSampling() {
    requireLikelihood();
    double[] all = new double[images.length];
    double[] one = new double[1];
    for (int n = 0; n < all.length; n++) {
      sampledMeans.set(n, run.steps().get(steps[n]), trajectories.get(images[n]));
      StepKl.klToMean(
          coefficients(n),
          options.reduction(),
          row(output, n),
          sampledMeans.row(n),
          latents(steps[n], images[n]),
          one);
      all[n] = one[0];
    }
    return all;
  }

  /**
   * The deviation of the noise in each row's step.
   *
   * @return s, [rows]
   */
  public double[] deviations() {
    return IntStream.range(0, images.length).mapToDouble(n -> coefficients(n).sigma()).toArray();
  }

  /**
   * The log-probability of each row's recorded step under {@link DiffusionPolicy#reference}. Runs
   * the reference.
   *
   * @return [rows]
   */
  public double[] referenceLogProbabilities() {
    if (!compared) {
      predictReference();
      compared = true;
    }
    double[] all = new double[images.length];
    double[] one = new double[1];
    for (int n = 0; n < all.length; n++) {
      policy
          .model()
          .stepKernel()
          .logProbability(
              coefficients(n),
              options.reduction(),
              ModelOutput.of(row(referenceOutput, n)),
              latents(steps[n], images[n]),
              latents(steps[n] + 1, images[n]),
              one);
      all[n] = one[0];
    }
    return all;
  }

  /**
   * Takes each row's step once more, with other noise.
   *
   * @param seeds of each row's noise, as many as rows
   * @return x_{t-1} as drawn from the policy as it is now, [rows] of [C, h, w]
   */
  public List<FloatBuffer> draw(List<Seed> seeds) {
    if (seeds.size() != images.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be a seed for each of the %s rows, but there were %s",
              images.length,
              seeds.size()));
    }
    List<FloatBuffer> drawn = new ArrayList<>();
    float[] noise = new float[size];
    for (int n = 0; n < images.length; n++) {
      seeds.get(n).gaussian(0, noise);
      FloatBuffer next = FloatBuffer.allocate(size);
      DenoisingStep.sample(
          coefficients(n),
          row(output, n),
          latents(steps[n], images[n]),
          FloatBuffer.wrap(noise),
          next);
      drawn.add(next);
    }
    return drawn;
  }

  /**
   * What each row's x_t is a noisy version of, by the U-Net's output for it.
   *
   * @return x_0 as estimated in one step, [rows] of [C, h, w]
   */
  public List<FloatBuffer> cleanEstimates() {
    List<FloatBuffer> estimates = new ArrayList<>();
    for (int n = 0; n < images.length; n++) {
      StepCoefficients c = coefficients(n);
      FloatBuffer x = latents(steps[n], images[n]);
      FloatBuffer clean = FloatBuffer.allocate(size);
      for (int i = 0; i < size; i++) {
        clean.put(i, (float) c.x0(x.get(i), output.get(n * size + i)));
      }
      estimates.add(clean);
    }
    return estimates;
  }

  /**
   * The KL from the policy to {@link DiffusionPolicy#reference} in each row's step. Runs the
   * reference.
   *
   * @param form how it is computed, which {@link #backward} then takes the gradient of
   * @return [rows], at least 0
   */
  public double[] kl(KlForm form) {
    this.form = form;
    if (!compared) {
      predictReference();
      compared = true;
    }
    double[] all = new double[images.length];
    double[] one = new double[1];
    for (int n = 0; n < all.length; n++) {
      switch (form) {
        case EXACT ->
            StepKl.kl(
                coefficients(n),
                options.reduction(),
                row(output, n),
                row(referenceOutput, n),
                latents(steps[n], images[n]),
                one);
        case UNWEIGHTED ->
            one[0] = SquaredError.of(options.reduction(), row(output, n), row(referenceOutput, n));
      }
      all[n] = one[0];
    }
    return all;
  }

  /**
   * {@link #kl} where no gradient is wanted: if the reference is the policy without its adapter, no
   * second graph is needed. Log-probabilities and gradients want a new {@link #forward}.
   */
  double[] klWithoutGradient() {
    if (policy.isItsOwnReference()) {
      float[] own = output.array().clone();
      int[] sameImages = images;
      int[] sameSteps = steps;
      policy.withoutAdapter(() -> forward(sameImages, sameSteps));
      referenceOutput.put(0, output, 0, output.capacity());
      output.put(0, own);
      compared = true;
    }
    return kl(KlForm.EXACT);
  }

  private void predictReference() {
    if (reference == null || referenceConditions == null) {
      reference = policy.referenceBatch(batch.rows());
      referenceConditions = policy.reference().conditions(texts().size());
    }
    reference.setSamplesOf(batch);
    for (int row = 0; row < capacity; row++) {
      Prompt prompt = trajectories.get(images[row < images.length ? row : 0]).prompt();
      if (guided()) {
        reference.setCondition(row, referenceConditions.negative(prompt.negativeText()));
        reference.setCondition(capacity + row, referenceConditions.of(prompt.text()));
      } else {
        reference.setCondition(row, referenceConditions.of(prompt.text()));
      }
    }
    guide(reference.forward(), referenceOutput);
  }

  /**
   * Adds the gradient of {@code sum_n a_n log p_n + b_n KL_n} to the policy's.
   *
   * @param byLogProbability a, the derivative of the loss by each row's log-probability, [rows]
   * @param byKl b, the derivative of the loss by each row's KL, [rows], of the form that {@link
   *     #kl} was last asked for; null for none
   */
  public void backward(double[] byLogProbability, double @Nullable [] byKl) {
    backward(byLogProbability, byKl, null);
  }

  /**
   * Adds the gradient of {@code sum_n a_n log p_n + b_n KL_n + d_n D_n} to the policy's.
   *
   * @param byLogProbability a, the derivative of the loss by each row's log-probability, [rows]
   * @param byKl b, the derivative of the loss by each row's KL, [rows], of the form that {@link
   *     #kl} was last asked for; null for none
   * @param byKlToSampling d, the derivative of the loss by each row's {@link #klToSampling}, which
   *     was asked for, [rows]; null for none
   */
  public void backward(
      double[] byLogProbability, double @Nullable [] byKl, double @Nullable [] byKlToSampling) {
    requireLikelihood();
    if (byLogProbability.length != images.length
        || (byKl != null && byKl.length != images.length)
        || (byKlToSampling != null && byKlToSampling.length != images.length)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "there must be a weight for each of the %s rows", images.length));
    }
    if (byKl != null && !compared) {
      throw new IllegalStateException("kl() comes before its gradient");
    }
    // 1. By the U-Net's output, in both halves; rows that are not used have none.
    FloatBuffer cotangents = batch.cotangents(); // [B or 2B, C, h, w]
    for (int i = 0; i < cotangents.limit(); i++) {
      cotangents.put(i, 0);
    }
    rows.gradient(byLogProbability, cotangents);
    // 2. The shares of the KLs, which go through the guided output.
    if (byKl != null || byKlToSampling != null) {
      Arrays.fill(gradient.array(), 0);
      for (int n = 0; n < images.length; n++) {
        FloatBuffer x = latents(steps[n], images[n]);
        if (byKl != null) {
          addKlGradient(n, x, byKl[n], row(gradient, n));
        }
        if (byKlToSampling != null) {
          StepKl.addGradientToMean(
              coefficients(n),
              options.reduction(),
              row(output, n),
              sampledMeans.row(n),
              x,
              new double[] {byKlToSampling[n]},
              row(gradient, n));
        }
      }
      addGuided(gradient, cotangents);
    }
    // 3. By the parameters.
    policy.backward(batch);
  }

  /** Adds a gradient by the guided output to that by the U-Net's output. */
  private void addGuided(FloatBuffer byGuided, FloatBuffer cotangents) {
    int half = capacity * size;
    float scale = (float) options.guidanceScale();
    for (int i = 0; i < half; i++) {
      float g = byGuided.get(i);
      if (guided()) {
        cotangents.put(i, cotangents.get(i) + (1 - scale) * g);
        cotangents.put(half + i, cotangents.get(half + i) + scale * g);
      } else {
        cotangents.put(i, cotangents.get(i) + g);
      }
    }
  }

  private void addKlGradient(int n, FloatBuffer x, double weight, FloatBuffer to) {
    FloatBuffer o = row(output, n);
    FloatBuffer r = row(referenceOutput, n);
    switch (form) {
      case EXACT ->
          StepKl.addGradient(
              coefficients(n), options.reduction(), o, r, x, new double[] {weight}, to);
      case UNWEIGHTED -> SquaredError.addGradient(options.reduction(), o, r, weight, to);
    }
  }

  private StepCoefficients coefficients(int n) {
    return run.steps().get(steps[n]).coefficients();
  }

  private FloatBuffer latents(int step, int image) {
    return trajectories.get(image).latents().get(step);
  }

  private FloatBuffer row(FloatBuffer rows, int n) {
    return rows.slice(n * size, size);
  }
}

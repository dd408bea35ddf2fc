package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.Reduction;

/**
 * Denoising as in pre-training, under the policy as it is now: row n is a clean latent x_0, a
 * timestep and noise, both drawn.
 *
 * <pre>
 *   x_t     = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e,  t uniform,  e ~ N(0, I)
 *   error_n = |target - o(x_t, t, z)|^2                 {@link #errors}, mean over an image's elements
 *   ref_n   = |target - o_ref(x_t, t, z)|^2             {@link #referenceErrors}, likewise
 *   diff_n  = |o_ref(x_t, t, z) - o(x_t, t, z)|^2       {@link #differences}, likewise
 *   backward: d/d(parameters) of sum_n a_n error_n + b_n diff_n, or of any function of the outputs
 * </pre>
 *
 * <p>The error stands for {@code -log p(x_0 | z)} up to the weight of a timestep (Ho, Jain and
 * Abbeel, 2020, section 3.4). There is no guidance: each text is denoised by itself. The target is
 * the noise, the velocity or x_0, as the model predicts.
 */
public final class DenoisingExamples {
  private static final int NOISE = 0;

  private final PolicyNetwork policy;
  private final PredictionType prediction;
  private final Conditions conditions;
  private final int capacity; // B
  private final int size; // C h w
  private final DenoiserBatch batch; // [B, ...]
  private final float[] noise; // e of one row
  private final FloatBuffer noisy; // x_t, [B, C, h, w]
  private final int[] timesteps; // t of each row
  private final FloatBuffer target; // [B, C, h, w]
  private final FloatBuffer referenceOutput; // [B, C, h, w]
  private FloatBuffer output; // [B, C, h, w]
  private List<String> texts = List.of();
  private boolean compared;
  private @Nullable DenoiserBatch reference;
  private @Nullable Conditions referenceConditions;

  DenoisingExamples(PolicyNetwork policy, int microBatch) {
    if (microBatch < 1) {
      throw new IllegalArgumentException("microBatch must be at least 1, but was " + microBatch);
    }
    this.policy = policy;
    this.prediction = policy.model().components().scheduler().predictionType();
    this.conditions = policy.conditions(0);
    this.capacity = microBatch;
    this.size = policy.model().latentShape().size();
    this.batch = policy.batch(microBatch);
    this.noise = new float[size];
    this.noisy = FloatBuffer.allocate(microBatch * size);
    this.timesteps = new int[microBatch];
    this.target = FloatBuffer.allocate(microBatch * size);
    this.referenceOutput = FloatBuffer.allocate(microBatch * size);
    this.output = FloatBuffer.allocate(0);
  }

  /**
   * How many rows go through the U-Net together.
   *
   * @return at least 1
   */
  public int microBatch() {
    return capacity;
  }

  /**
   * Draws timesteps and noise, and runs the U-Net. Rows with the same seed have the same timestep
   * and the same noise.
   *
   * @param clean x_0 of each row, [C, h, w], as the U-Net sees latents
   * @param texts z of each row, as many
   * @param seeds of each row's timestep and noise, as many
   */
  public void forward(List<FloatBuffer> clean, List<String> texts, List<Seed> seeds) {
    forward(clean, texts, seeds.stream().mapToInt(this::timestep).toArray(), seeds);
  }

  /** Uniform, of those at which what is trained is active. */
  private int timestep(Seed seed) {
    int steps = policy.noiseSchedule().trainSteps();
    RandomGenerator random = seed.generator();
    int t = random.nextInt(steps);
    while (!policy.model().adapted().contains(t, steps)) {
      t = random.nextInt(steps);
    }
    return t;
  }

  /**
   * Draws noise, and runs the U-Net at given timesteps.
   *
   * @param clean x_0 of each row, [C, h, w], as the U-Net sees latents
   * @param texts z of each row, as many
   * @param timesteps t of each row, from 0, as many
   * @param seeds of each row's noise, as many
   */
  public void forward(
      List<FloatBuffer> clean, List<String> texts, int[] timesteps, List<Seed> seeds) {
    int rows = clean.size();
    if (rows < 1
        || rows > capacity
        || texts.size() != rows
        || timesteps.length != rows
        || seeds.size() != rows) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be 1 to %s rows of latents, a text, a timestep and a seed, but there were %s, %s, %s and %s",
              capacity,
              rows,
              texts.size(),
              timesteps.length,
              seeds.size()));
    }
    this.texts = List.copyOf(texts);
    compared = false;
    for (int row = 0; row < capacity; row++) {
      int n = row < rows ? row : 0; // rows that are not used repeat the first
      setRow(row, clean.get(n), texts.get(n), timesteps[n], seeds.get(n));
    }
    output = batch.forward();
  }

  private void setRow(int row, FloatBuffer clean, String text, int timestep, Seed seed) {
    if (clean.remaining() != size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the latents of row %s must have %s elements, but have %s",
              row,
              size,
              clean.remaining()));
    }
    // 1. What is drawn.
    int[] t = {timestep};
    timesteps[row] = timestep;
    seed.gaussian(NOISE, noise);
    FloatBuffer e = FloatBuffer.wrap(noise);
    // 2. What should be answered.
    FloatBuffer answer = target.slice(row * size, size);
    switch (prediction) {
      case EPSILON -> answer.put(0, e, 0, size);
      case SAMPLE -> answer.put(0, clean, clean.position(), size);
      case V_PREDICTION -> policy.noiseSchedule().velocity(t, clean, e, answer);
    }
    // 3. What is asked.
    FloatBuffer x = noisy.slice(row * size, size);
    policy.noiseSchedule().addNoise(t, clean, e, x);
    batch.setRow(row, x, timestep, conditions.of(text));
  }

  /**
   * The squared error of each row.
   *
   * @return [rows], the mean over an image's elements
   */
  public double[] errors() {
    return errors(target);
  }

  /**
   * The squared error of {@link DiffusionPolicy#reference} on each row. Runs the reference.
   *
   * @return [rows], the mean over an image's elements
   */
  public double[] referenceErrors() {
    runReference();
    double[] errors = new double[texts.size()];
    for (int n = 0; n < errors.length; n++) {
      errors[n] = SquaredError.of(Reduction.MEAN, row(referenceOutput, n), row(target, n));
    }
    return errors;
  }

  /**
   * The squared difference of each row from what {@link DiffusionPolicy#reference} answers. Runs
   * the reference.
   *
   * @return [rows], the mean over an image's elements
   */
  public double[] differences() {
    runReference();
    return errors(referenceOutput);
  }

  /**
   * The squared error of another policy on each row. Runs it.
   *
   * @param snapshot of this policy
   * @return [rows], the mean over an image's elements
   */
  public double[] errorsOf(PolicySnapshot snapshot) {
    FloatBuffer answers = answersOf(snapshot);
    double[] errors = new double[texts.size()];
    for (int n = 0; n < errors.length; n++) {
      errors[n] = SquaredError.of(Reduction.MEAN, row(answers, n), row(target, n));
    }
    return errors;
  }

  private void runReference() {
    if (!compared) {
      if (reference == null || referenceConditions == null) {
        reference = policy.referenceBatch(capacity);
        referenceConditions = policy.reference().conditions(0);
      }
      reference.setSamplesOf(batch);
      for (int row = 0; row < capacity; row++) {
        reference.setCondition(
            row, referenceConditions.of(texts.get(row < texts.size() ? row : 0)));
      }
      referenceOutput.put(0, reference.forward(), 0, capacity * size);
      compared = true;
    }
  }

  private double[] errors(FloatBuffer answers) {
    double[] errors = new double[texts.size()];
    for (int n = 0; n < errors.length; n++) {
      errors[n] = SquaredError.of(Reduction.MEAN, row(output, n), row(answers, n));
    }
    return errors;
  }

  /**
   * Adds the gradient of {@code sum_n a_n error_n + b_n diff_n} to the policy's.
   *
   * @param byError a, the derivative of the loss by each row's error, [rows]
   * @param byDifference b, the derivative of the loss by each row's difference, [rows]; null for
   *     none
   */
  public void backward(double[] byError, double @Nullable [] byDifference) {
    if (byError.length != texts.size()
        || (byDifference != null && byDifference.length != texts.size())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "there must be a weight for each of the %s rows", texts.size()));
    }
    if (byDifference != null && !compared) {
      throw new IllegalStateException("differences() come before their gradient");
    }
    FloatBuffer cotangents = batch.cotangents();
    for (int i = 0; i < cotangents.capacity(); i++) {
      cotangents.put(i, 0);
    }
    for (int n = 0; n < texts.size(); n++) {
      FloatBuffer to = row(cotangents, n);
      SquaredError.addGradient(Reduction.MEAN, row(output, n), row(target, n), byError[n], to);
      if (byDifference != null) {
        SquaredError.addGradient(
            Reduction.MEAN, row(output, n), row(referenceOutput, n), byDifference[n], to);
      }
    }
    policy.backward(batch);
  }

  // ---- For losses of other forms

  /**
   * The timestep of a row.
   *
   * @param n the row
   * @return t, from 0
   */
  public int timestep(int n) {
    return timesteps[requireRow(n)];
  }

  /**
   * What the U-Net was shown.
   *
   * @param n the row
   * @return x_t, [C, h, w]; valid until the next {@code forward}, to be read by absolute index
   */
  public FloatBuffer noisy(int n) {
    return row(noisy, requireRow(n));
  }

  /**
   * What the U-Net answered.
   *
   * @param n the row
   * @return o, [C, h, w]; valid until the next {@code forward}, to be read by absolute index
   */
  public FloatBuffer output(int n) {
    return row(output, requireRow(n));
  }

  /**
   * What {@link DiffusionPolicy#reference} answers. Runs the reference.
   *
   * @param n the row
   * @return o_ref, [C, h, w]; valid until the next {@code forward}, to be read by absolute index
   */
  public FloatBuffer referenceOutput(int n) {
    int row = requireRow(n);
    runReference();
    return row(referenceOutput, row);
  }

  /**
   * What another policy answers to the same rows. Runs it.
   *
   * @param snapshot of this policy
   * @return [rows, C, h, w]; valid until the snapshot is asked again, to be read by absolute index
   */
  public FloatBuffer answersOf(PolicySnapshot snapshot) {
    DenoiserBatch other = snapshot.batch(capacity);
    other.setSamplesOf(batch);
    for (int row = 0; row < capacity; row++) {
      other.setCondition(row, conditions.of(texts.get(row < texts.size() ? row : 0)));
    }
    return other.forward().slice(0, texts.size() * size);
  }

  /**
   * Adds the gradient of a function of the outputs to the policy's.
   *
   * @param byOutput the derivative of the loss by each row's output, [rows, C, h, w]
   */
  public void backward(FloatBuffer byOutput) {
    int length = texts.size() * size;
    if (byOutput.remaining() != length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the derivative by the output of %s rows has %s elements, but there were %s",
              texts.size(),
              length,
              byOutput.remaining()));
    }
    FloatBuffer cotangents = batch.cotangents();
    for (int i = length; i < cotangents.capacity(); i++) {
      cotangents.put(i, 0);
    }
    cotangents.put(0, byOutput, byOutput.position(), length);
    policy.backward(batch);
  }

  private int requireRow(int n) {
    return Objects.checkIndex(n, texts.size());
  }

  private FloatBuffer row(FloatBuffer rows, int n) {
    return rows.slice(n * size, size);
  }
}

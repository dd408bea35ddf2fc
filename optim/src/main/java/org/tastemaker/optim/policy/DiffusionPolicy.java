package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.train.TrainingCheckpoint;
import org.tastemaker.diffusion.train.TrainingState;

/**
 * A latent diffusion model as a policy that learns: Black et al., "Training Diffusion Models with
 * Reinforcement Learning" (2023), section 4.1. The state is (z, t, x_t), the action x_{t-1}, and
 * the policy {@code p(x_{t-1} | x_t, z)} the Gaussian of a DDIM step with eta above 0.
 *
 * <pre>{@code
 * Lora lora = Lora.create("policy", LoraNetwork.UNET, unet.parameters(), Lora.Options.defaults(), seed);
 * try (DiffusionPolicy policy = DiffusionPolicy.lora(model.with(SamplingOptions.ddpo()), lora)) {
 *   Rollout rollout = policy.sampler().rollout(prompts, seeds);
 *   Transitions transitions = policy.transitions(rollout, 8);
 *   policy.begin();
 *   transitions.forward(images, steps);                   // rows of (image, step)
 *   transitions.backward(weights, null);                  // sum_n weights[n] d log p_n
 *   policy.update();
 * }
 * }</pre>
 *
 * <p>The view of the model that it is given carries everything about sampling: steps, guidance,
 * eta, the reduction of log-probabilities, the execution of graphs. Training uses the same guidance
 * as sampling, always; otherwise the likelihood would be that of another policy. A LoRA's dropout
 * is not applied, for the same reason.
 *
 * <p>The trained weights are {@link #parameters}: what changes them in place, here or elsewhere, is
 * seen by the next rollout. The model, the text encoder and the autoencoder stay as they are. Not
 * thread-safe; the model must not be used otherwise while a method runs.
 */
public final class DiffusionPolicy implements AutoCloseable {
  private static final String UNET = "unet";
  private static final Set<String> INPUTS =
      Set.of(UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TIMESTEP, UNet2DConditionModel.TEXT);

  private final LatentDiffusion model;
  private final @Nullable Lora lora;
  private final Options options;
  private final LatentDiffusion sampler;
  private final FunctionOptions trained;
  private final TrainingState state;
  private final ImmutableMap<String, FloatBuffer> parameters;
  private @Nullable Conditions conditions; // of the latest evaluation
  private final Map<Integer, DenoiserBatch> batches = new HashMap<>();
  private final NoiseSchedule noise;
  private final PolicyReference reference;
  private @Nullable String frozenSum;
  private boolean added;
  private boolean otherReference;

  /**
   * How gradients become weights.
   *
   * @param learningRate at least 0, constant
   * @param adamW of the optimizer
   * @param maxGradientNorm to which the gradient's global norm is clipped, above 0; infinite for no
   *     clipping
   * @param ema of the weights' moving average, or empty for none
   */
  public record Options(
      double learningRate, AdamW.Options adamW, double maxGradientNorm, Optional<Ema.Options> ema) {
    public Options {
      if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
        throw new IllegalArgumentException(
            "learningRate must be at least 0 and finite, but was " + learningRate);
      }
      Objects.requireNonNull(adamW, "adamW == null");
      if (!(maxGradientNorm > 0)) {
        throw new IllegalArgumentException(
            "maxGradientNorm must be above 0, but was " + maxGradientNorm);
      }
      Objects.requireNonNull(ema, "ema == null: use Optional.empty() for none");
    }

    /**
     * For LoRA, as ddpo-pytorch: AdamW at 3e-4 with weight decay 1e-4, a gradient norm of at most
     * 1, no average.
     *
     * @return the options
     */
    public static Options lora() {
      return new Options(3e-4, AdamW.Options.defaults(), 1, Optional.empty());
    }

    /**
     * For all weights, as the paper of DDPO: the same at 1e-5.
     *
     * @return the options
     */
    public static Options fullWeights() {
      return lora().withLearningRate(1e-5);
    }

    /**
     * For LoRA, as the paper of DPOK: the same at 1e-5 with a gradient norm of at most 0.1.
     *
     * @return the options
     */
    public static Options dpok() {
      return lora().withLearningRate(1e-5).withMaxGradientNorm(0.1);
    }

    /**
     * These options with another learning rate.
     *
     * @param learningRate at least 0
     * @return new options
     */
    public Options withLearningRate(double learningRate) {
      return new Options(learningRate, adamW, maxGradientNorm, ema);
    }

    /**
     * These options with other settings of AdamW.
     *
     * @param adamW of the optimizer
     * @return new options
     */
    public Options withAdamW(AdamW.Options adamW) {
      return new Options(learningRate, adamW, maxGradientNorm, ema);
    }

    /**
     * These options with another bound of the gradient.
     *
     * @param maxGradientNorm above 0; infinite for no clipping
     * @return new options
     */
    public Options withMaxGradientNorm(double maxGradientNorm) {
      return new Options(learningRate, adamW, maxGradientNorm, ema);
    }

    /**
     * These options with an average of the weights.
     *
     * @param ema of the average
     * @return new options
     */
    public Options withEma(Ema.Options ema) {
      return new Options(learningRate, adamW, maxGradientNorm, Optional.of(ema));
    }
  }

  private DiffusionPolicy(LatentDiffusion model, @Nullable Lora lora, Options options) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.lora = lora;
    this.options = Objects.requireNonNull(options, "options == null");
    if (!model.execution().adapter().equals(Adapter.NONE)) {
      throw new IllegalArgumentException(
          "the view of the model runs with an adapter of its own, which would be lost: merge it"
              + " into the weights (Lora.mergeInto) and give the view without it");
    }
    FunctionOptions plain = FunctionOptions.inference().withEngine(model.execution().engine());
    Components components = model.components();
    TrainedPart part;
    if (lora == null) {
      part = new TrainedPart(plain.withTrainable(name -> true), ImmutableList.of());
      sampler = model.with(plain);
    } else {
      if (lora.network() != LoraNetwork.UNET) {
        throw new IllegalArgumentException(
            "the policy is the U-Net, but LoRA \"%s\" adapts the %s"
                .formatted(lora.name(), lora.network()));
      }
      lora.requireFits(components.unet().parameters());
      part =
          new TrainedPart(
              plain.withAdapter(lora).withTrainable(lora.trainable()),
              ImmutableList.of(lora.parameters()));
      sampler = model.with(plain.withAdapter(lora));
    }
    trained = part.options();
    state =
        new TrainingState(
            new OptimizerOptions(
                Long.MAX_VALUE,
                1,
                // The rate itself is passed to each update; a schedule cannot be 0.
                new OptimizerOptions.Rate(OptimizerOptions.Decay.CONSTANT, 1, 0),
                options.adamW(),
                options.maxGradientNorm(),
                options.ema()),
            Map.of(UNET, part),
            Map.of(UNET, components.unet().parameters()));
    ImmutableMap.Builder<String, FloatBuffer> views = ImmutableMap.builder();
    state.weights().forEach((name, array) -> views.put(name, FloatBuffers.of(array)));
    parameters = views.buildOrThrow();
    noise = NoiseSchedule.of(components.scheduler());
    // Beside an adapter the weights stay as they are.
    reference = new PolicyReference(model, lora == null ? null : model.with(plain));
  }

  /**
   * A policy that trains a low-rank adapter, with {@link Options#lora}.
   *
   * @param model whose weights stay as they are; its view's options say how to sample
   * @param lora of the U-Net; it and the model stay the caller's to close, after the policy
   * @return the policy: the caller closes it
   */
  public static DiffusionPolicy lora(LatentDiffusion model, Lora lora) {
    return lora(model, lora, Options.lora());
  }

  /**
   * A policy that trains a low-rank adapter.
   *
   * @param model whose weights stay as they are; its view's options say how to sample
   * @param lora of the U-Net; it and the model stay the caller's to close, after the policy
   * @param options of the training
   * @return the policy: the caller closes it
   */
  public static DiffusionPolicy lora(LatentDiffusion model, Lora lora, Options options) {
    return new DiffusionPolicy(model, Objects.requireNonNull(lora, "lora == null"), options);
  }

  /**
   * A policy that trains all weights of the U-Net, with {@link Options#fullWeights}.
   *
   * @param model whose U-Net is trained in place; its view's options say how to sample
   * @return the policy: the caller closes it
   */
  public static DiffusionPolicy fullWeights(LatentDiffusion model) {
    return fullWeights(model, Options.fullWeights());
  }

  /**
   * A policy that trains all weights of the U-Net.
   *
   * @param model whose U-Net is trained in place; its view's options say how to sample
   * @param options of the training
   * @return the policy: the caller closes it
   */
  public static DiffusionPolicy fullWeights(LatentDiffusion model, Options options) {
    return new DiffusionPolicy(model, null, options);
  }

  // ---- What it is

  /**
   * The policy as it is now.
   *
   * @return a view of the model with the trained weights; do not close it
   */
  public LatentDiffusion sampler() {
    return sampler;
  }

  /**
   * The pre-trained model. With a LoRA it is the same weights without the adapter. With full
   * weights it is a copy, which is made at the first call and kept: ask before the first update.
   *
   * @return a view of the model as it was before training; do not close it
   * @throws IllegalStateException if the weights have been trained already and no copy was made
   */
  public LatentDiffusion reference() {
    return reference.view(state.step());
  }

  /**
   * Takes another model as the reference of divergences.
   *
   * @param other of the same latents, noise schedule and prediction; stays the caller's to close,
   *     after the policy
   * @throws IllegalArgumentException if it does not fit; the message says where
   */
  public void useReference(LatentDiffusion other) {
    reference.use(other);
    otherReference = true;
  }

  /**
   * The trained weights, flat.
   *
   * @return by name, views of the weights themselves, made once; to be read and written by absolute
   *     index
   */
  public ImmutableMap<String, FloatBuffer> parameters() {
    return parameters;
  }

  /**
   * The gradient that was added since {@link #begin}, flat; meaningless for a parameter that no
   * backward has reached yet.
   *
   * @return by the names of the parameters, views of the gradient itself
   */
  public Map<String, FloatBuffer> gradients() {
    return state.gradients();
  }

  /**
   * How many updates have been done.
   *
   * @return at least 0
   */
  public long updates() {
    return state.step();
  }

  /**
   * The options of the training.
   *
   * @return as given
   */
  public Options options() {
    return options;
  }

  /**
   * The noise schedule that the model was trained on.
   *
   * @return the schedule
   */
  public NoiseSchedule noiseSchedule() {
    return noise;
  }

  /**
   * What the U-Net attends to for a text, averaged over its tokens: a feature of the prompt.
   *
   * @param text any
   * @return [D]
   */
  public float[] textFeature(String text) {
    Conditions latest = conditions == null ? conditions(0) : conditions;
    return latest.of(text).tokenMean();
  }

  /**
   * The denoising steps, each a Gaussian policy.
   *
   * @return as many as the model's options say
   * @throws IllegalStateException if a step is deterministic (eta 0), and so without a likelihood
   */
  public SamplingRun denoisingSteps() {
    return model.denoisingSteps();
  }

  // ---- Gradients

  /**
   * The denoising steps of a rollout, to be evaluated in micro-batches. Use it before anything else
   * runs the model.
   *
   * @param rollout what is evaluated; stays the caller's, open
   * @param microBatch how many rows go through the U-Net together, at least 1; twice as many with
   *     guidance
   * @return the evaluation
   * @throws IllegalArgumentException if the rollout's steps or latents are not the policy's
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public Transitions transitions(Rollout rollout, int microBatch) {
    return transitions(trajectories(rollout), microBatch);
  }

  /**
   * The denoising steps of some images, to be evaluated in micro-batches. Use it before anything
   * else runs the model.
   *
   * @param trajectories of {@link #trajectories}, or copies of them
   * @param microBatch how many rows go through the U-Net together, at least 1; twice as many with
   *     guidance
   * @return the evaluation
   * @throws IllegalArgumentException if their steps or latents are not the policy's
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public Transitions transitions(List<Trajectory> trajectories, int microBatch) {
    return new Transitions(this, trajectories, microBatch);
  }

  /**
   * The images of a rollout one by one.
   *
   * @param rollout stays the caller's, and open as long as the views are used
   * @return a view of each
   * @throws IllegalArgumentException if the rollout's steps or latents are not the policy's
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public List<Trajectory> trajectories(Rollout rollout) {
    return Transitions.of(this, rollout);
  }

  /**
   * Noisy latents, to be denoised in micro-batches. Use it before anything else runs the model.
   *
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @return the evaluation
   */
  public DenoisingExamples examples(int microBatch) {
    return new DenoisingExamples(this, microBatch);
  }

  /** Forgets the gradient. */
  public void begin() {
    state.begin();
    added = false;
  }

  /**
   * Does one update with the gradient that was added since {@link #begin}, and forgets it: clips it
   * by its norm, AdamW, average.
   *
   * @return the gradient's norm before clipping
   * @throws ArithmeticException if the gradient is not finite; nothing has changed then
   */
  public double update() {
    if (!added) {
      throw new IllegalStateException("there is no gradient: a backward comes before an update");
    }
    double norm;
    try {
      norm = state.update(options.learningRate());
    } catch (IllegalStateException e) {
      ArithmeticException failure = new ArithmeticException(e.getMessage());
      failure.initCause(e);
      throw failure;
    } finally {
      begin();
    }
    return norm;
  }

  /**
   * Runs updates as a whole or not at all: if one fails, the weights, the moments and the average
   * are what they were before the first. That takes a copy of them while it runs.
   *
   * @param <R> what the updates give
   * @param updates what to run
   * @return what it returned
   */
  public <R> R atomically(Supplier<R> updates) {
    ImmutableList<FloatBuffer> live =
        state.buffers().values().stream()
            .flatMap(List::stream)
            .collect(ImmutableList.toImmutableList());
    List<float[]> copies = new ArrayList<>();
    for (FloatBuffer buffer : live) {
      float[] copy = new float[buffer.remaining()];
      buffer.get(buffer.position(), copy);
      copies.add(copy);
    }
    long step = state.step();
    try {
      return updates.get();
    } catch (RuntimeException | Error e) {
      begin();
      for (int i = 0; i < copies.size(); i++) {
        live.get(i).put(live.get(i).position(), copies.get(i));
      }
      state.resume(step);
      throw e;
    }
  }

  /**
   * Runs something, such as an evaluation or the writing of a LoRA file, while the trained weights
   * have the values of their moving average.
   *
   * @param action what to run
   * @throws IllegalStateException if the options ask for no average
   */
  public void withAverages(Runnable action) {
    state.withAverages(action);
  }

  /**
   * The divergence that training has spent: how far the policy is from {@link #reference} on images
   * that it made, summed over their steps and elements and averaged over the images. It bounds the
   * divergence of the images themselves (Fan et al., 2023, section 4.2).
   *
   * @param rollout that {@link #sampler} made as the policy is now; stays the caller's, open
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @return an estimate of {@code E sum_t KL(p_theta || p_ref)}, in nats, at least 0
   */
  public double divergenceFromReference(Rollout rollout, int microBatch) {
    return SpentDivergence.exact(this, rollout, microBatch);
  }

  // ---- Checkpoints

  /**
   * Writes weights, moments, average and the number of updates.
   *
   * @param folder an existing, empty folder
   */
  public void save(Path folder) {
    TrainingCheckpoint.write(folder, "policy", new Settings(settings()), state);
  }

  /**
   * Goes back to what {@link #save} wrote, bit for bit.
   *
   * @param folder what {@code save} was given
   * @throws IllegalArgumentException if it is of another model, adapter or options, or damaged;
   *     nothing has changed then
   */
  public void restore(Path folder) {
    TrainingCheckpoint.restore(folder, "policy", new Settings(settings()), Long.MAX_VALUE, state);
    begin();
  }

  private Map<String, String> settings() {
    if (frozenSum == null) {
      frozenSum = state.frozenSum(); // what is frozen does not change
    }
    return PolicySettings.of(model, lora, frozenSum, options);
  }

  // ---- For the evaluations of this package

  LatentDiffusion model() {
    return model;
  }

  /** Texts as conditions, for an evaluation that begins: room for so many is reserved. */
  Conditions conditions(int texts) {
    conditions = model.conditions(texts);
    return conditions;
  }

  /** The trained U-Net for a number of rows, with its function. */
  DenoiserBatch batch(int rows) {
    DenoiserBatch batch =
        batches.computeIfAbsent(
            rows, r -> new DenoiserBatch(model, trained, model.latentShape(), r));
    batch.open();
    return batch;
  }

  /** The reference's U-Net for a number of rows, with its function. */
  DenoiserBatch referenceBatch(int rows) {
    return reference.batch(rows, state.step());
  }

  /** Whether {@link #reference} is the policy without its adapter. */
  boolean isItsOwnReference() {
    return lora != null && !otherReference;
  }

  /** Runs something while the adapter is all zeros, and so not there. */
  void withoutAdapter(Runnable action) {
    Map<String, float[]> copies = new HashMap<>();
    parameters.forEach(
        (name, values) -> {
          float[] copy = new float[values.capacity()];
          values.get(0, copy);
          copies.put(name, copy);
          values.put(0, new float[copy.length]);
        });
    try {
      action.run();
    } finally {
      copies.forEach((name, copy) -> Objects.requireNonNull(parameters.get(name)).put(0, copy));
    }
  }

  /** Whether {@link #reference} can be had without a copy of the weights being made for it. */
  boolean hasReference() {
    return reference.isThere();
  }

  /** Adds a batch's gradient. */
  void add(Map<String, INDArray> gradients) {
    state.add(UNET, gradients, INPUTS);
    added = true;
  }

  /** Frees what the policy made; the model and the LoRA stay. */
  @Override
  public void close() {
    batches.values().forEach(DenoiserBatch::close);
    batches.clear();
    reference.close();
  }
}

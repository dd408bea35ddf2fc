package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableMap;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.diffusion.train.OptimizerOptions;
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
 * <p>The trained weights are {@link #parameters}: a change in place, here or elsewhere, shows in
 * the next rollout. The text encoder and the autoencoder are frozen. Not thread-safe; nothing else
 * may use the model while a method runs.
 */
public final class DiffusionPolicy implements AutoCloseable {
  /**
   * What helps a run that has diverged, or whose gradient is smaller than epsilon, and so may
   * change when it is resumed.
   */
  private static final Set<String> MAY_CHANGE =
      Set.of("learningRate", "maxGradientNorm", "adamW.epsilon");

  private final LatentDiffusion model;
  private final @Nullable Lora lora;
  private final Options options;
  private final LatentDiffusion sampler;
  private final TrainingState state;
  private final PolicyNetwork network;
  private @Nullable String frozenSum;
  private String where = "";
  private double latestRate;

  /**
   * How gradients become weights.
   *
   * @param learningRate the highest, at least 0
   * @param schedule of the learning rate over the updates
   * @param adamW of the optimizer
   * @param maxGradientNorm to which the gradient's global norm is clipped, above 0; infinite for no
   *     clipping
   * @param ema of the weights' moving average, or empty for none
   */
  @RecordBuilder
  public record Options(
      double learningRate,
      RateSchedule schedule,
      AdamW.Options adamW,
      double maxGradientNorm,
      Optional<Ema.Options> ema)
      implements DiffusionPolicyOptionsBuilder.With {
    public Options {
      if (!(learningRate >= 0) || Double.isInfinite(learningRate)) {
        throw new IllegalArgumentException(
            "learningRate must be at least 0 and finite, but was " + learningRate);
      }
      Objects.requireNonNull(schedule, "schedule == null: use RateSchedule.constant()");
      Objects.requireNonNull(adamW, "adamW == null");
      if (!(maxGradientNorm > 0)) {
        throw new IllegalArgumentException(
            "maxGradientNorm must be above 0, but was " + maxGradientNorm);
      }
      Objects.requireNonNull(ema, "ema == null: use Optional.empty() for none");
    }

    /**
     * For LoRA, as ddpo-pytorch: AdamW at a constant 3e-4 with weight decay 1e-4, a gradient norm
     * of at most 1, no average.
     *
     * @return the options
     */
    public static Options lora() {
      return new Options(
          3e-4, RateSchedule.constant(), AdamW.Options.defaults(), 1, Optional.empty());
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
  }

  private DiffusionPolicy(LatentDiffusion model, @Nullable Lora lora, Options options) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.lora = lora;
    this.options = Objects.requireNonNull(options, "options == null");
    if (model.options().guidanceRescale() != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a policy is trained on guidance that is not scaled, but guidanceRescale is %s: give"
                  + " it a view of the model with withGuidanceRescale(0), and scale when sampling"
                  + " what was trained",
              model.options().guidanceRescale()));
    }
    OptimizerOptions training =
        new OptimizerOptions(
            Long.MAX_VALUE,
            1,
            // The rate itself is passed to each update, by the policy's own schedule.
            new OptimizerOptions.Rate(OptimizerOptions.Decay.CONSTANT, 1, 0),
            options.adamW(),
            options.maxGradientNorm(),
            options.ema());
    TrainedWeights trained = TrainedWeights.of(model, lora, training);
    sampler = trained.sampler();
    state = trained.state();
    network = new PolicyNetwork(model, trained.function(), trained.frozen(), state);
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
    return network.reference();
  }

  /**
   * Makes sure that there is a {@link #reference} from now on: with full weights it copies them.
   * What measures the KL to the reference calls this before the first update.
   *
   * @throws IllegalStateException if the weights have been trained already and no copy was made
   */
  public void keepReference() {
    network.keepReference();
  }

  /**
   * Takes another model as the reference of the KL.
   *
   * @param other of the same latents, noise schedule and prediction; stays the caller's to close,
   *     after the policy
   * @throws IllegalArgumentException if it does not fit; the message says where
   */
  public void useReference(LatentDiffusion other) {
    network.useReference(other);
  }

  /**
   * The trained weights, flat.
   *
   * @return by name, views of the weights themselves, made once; to be read and written by absolute
   *     index
   */
  public ImmutableMap<String, FloatBuffer> parameters() {
    return network.parameters();
  }

  /**
   * The gradient that was added since {@link #begin}, flat; undefined for a parameter that no
   * backward pass has reached yet.
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
   * What the U-Net attends to for a text, averaged over its tokens: a feature of the prompt.
   *
   * @param text any
   * @return [D]
   */
  public float[] textFeature(String text) {
    return network.condition(text).tokenMean();
  }

  /**
   * The denoising steps, each a Gaussian policy.
   *
   * @return as many as the model's options say
   * @throws IllegalStateException if a step is deterministic (eta 0), and so without a likelihood
   */
  public SamplingRun denoisingSteps() {
    return network.denoisingSteps();
  }

  /**
   * The denoising steps that can be trained: those in which the adapter is active ({@link
   * LatentDiffusion#with(org.tastemaker.diffusion.schedule.DenoisingRange)}). The others are the
   * base model's, and have no gradient.
   *
   * @return all of them, unless the model's view has a range
   * @throws IllegalStateException if a step is deterministic (eta 0)
   * @throws IllegalArgumentException if no step is in the range
   */
  public StepWindow activeSteps() {
    return network.activeSteps();
  }

  /**
   * What a method by likelihood needs: every denoising step has one.
   *
   * @throws IllegalStateException if a step is deterministic (eta 0), and so without a likelihood
   */
  public void requireLikelihood() {
    SamplingRun unused = network.denoisingSteps(); // the schedule knows, and says why not
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
    return new Transitions(network, trajectories, microBatch);
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
    return Transitions.of(network, rollout);
  }

  /**
   * Noisy latents, to be denoised in micro-batches. Use it before anything else runs the model.
   *
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @return the evaluation
   */
  public DenoisingExamples examples(int microBatch) {
    return new DenoisingExamples(network, microBatch);
  }

  /**
   * The policy as it is now, with weights of its own.
   *
   * @return the copy: the caller closes it, before the policy
   */
  public PolicySnapshot snapshot() {
    return new PolicySnapshot(model, lora, network.parameters());
  }

  /**
   * The denoising steps of a rollout as a function that is gone through backward, for rewards with
   * a gradient. Use it before anything else runs the U-Net.
   *
   * @param rollout where the steps begin; stays the caller's, open
   * @param microBatch how many images go through the U-Net together, at least 1; twice as many with
   *     guidance
   * @return the evaluation
   * @throws IllegalArgumentException if the rollout's steps or latents are not the policy's
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public DenoisingChain chain(Rollout rollout, int microBatch) {
    return new DenoisingChain(network, rollout, microBatch);
  }

  /**
   * Has the gradients of {@link Transitions#update} computed elsewhere from now on, such as on
   * several machines. Updates are still done here, on the host: a GPU's placement that keeps them
   * there is an error at the first update.
   *
   * @param source stays the caller's
   * @throws IllegalArgumentException if all weights are trained, and not a LoRA
   */
  public void computeGradientsBy(GradientSource source) {
    network.computeGradientsBy(Objects.requireNonNull(source, "source == null"));
  }

  /** Discards the gradient. */
  public void begin() {
    network.begin();
  }

  /**
   * Does one update with the gradient that was added since {@link #begin}, and discards it: clips
   * it by its norm, AdamW, average.
   *
   * @return the gradient's norm before clipping
   * @throws DivergedException if the gradient is not finite; nothing has changed then
   */
  public double update() {
    if (!network.hasGradient()) {
      throw new IllegalStateException("there is no gradient: a backward comes before an update");
    }
    long done = state.step();
    double rate = options.learningRate() * options.schedule().factor(done);
    try {
      double norm = state.update(where.isEmpty() ? "update " + (done + 1) : where, rate);
      latestRate = rate;
      return norm;
    } finally {
      begin();
    }
  }

  /** What a gradient's norm is to be compared with. */
  UpdateScale updateScale() {
    long elements = parameters().values().stream().mapToLong(FloatBuffer::limit).sum();
    return new UpdateScale(
        elements, options.maxGradientNorm(), options.adamW().epsilon(), () -> latestRate);
  }

  /**
   * Runs the updates of a step as a whole or not at all: if one fails, the weights, the moments and
   * the average are what they were before the first.
   *
   * <p>Where the engine's placement asks for it ({@link org.tastemaker.diffusion.engine.Updates}),
   * as it does on a GPU, the updates are made there: the state is sent at the beginning and fetched
   * at the end, and nothing of it travels between. What reads {@link #parameters} within sees them
   * as they were before the first update. Elsewhere a copy of the state is kept while it runs.
   *
   * @param step of the optimizer, which the message of a failed update names
   * @param updates what to run
   */
  public void atomically(long step, Runnable updates) {
    String outer = where;
    where = "step " + step;
    try {
      state.atomically(updates);
    } catch (RuntimeException | Error e) {
      begin();
      throw e;
    } finally {
      where = outer;
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

  // ---- How far it has moved

  /**
   * The KL from the policy to its {@link #reference}, on images that the policy made, summed over
   * their steps and elements and averaged over the images. It bounds the KL of the images
   * themselves (Fan et al., 2023, section 4.2).
   *
   * @param rollout that {@link #sampler} made as the policy is now; stays the caller's, open
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @return an estimate of {@code E sum_t KL(p_theta || p_ref)}, in nats, at least 0
   */
  public double klToReference(Rollout rollout, int microBatch) {
    return KlToReference.exact(network, rollout, microBatch);
  }

  /**
   * An estimate of {@link #klToReference} by all denoising steps of a few images, with its standard
   * error. Use it when the latest evaluation is over.
   *
   * @param rollout of the round; stays the caller's, open
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @param seed of the draw
   * @return empty where there is nothing to compare: the policy is deterministic, it could not have
   *     sampled the rollout, or its pre-trained weights are gone
   */
  public Optional<KlEstimate> klEstimate(Rollout rollout, int microBatch, Seed seed) {
    return KlToReference.estimate(network, rollout, microBatch, seed);
  }

  // ---- Checkpoints

  /**
   * Writes weights, moments, average and the number of updates.
   *
   * @param folder an existing, empty folder
   */
  public void save(Path folder) {
    TrainingCheckpoint.write(folder, "policy", settings(), state);
  }

  /**
   * Restores what {@link #save} wrote; the state is bit-identical. The learning rate, the bound of
   * the gradient's norm and Adam's epsilon may have changed.
   *
   * @param folder what {@code save} was given
   * @return what has changed of these, a sentence each; empty where nothing has
   * @throws IllegalArgumentException if it is of another model, adapter or options, or damaged;
   *     nothing has changed then
   */
  public List<String> restore(Path folder) {
    List<String> changes =
        TrainingCheckpoint.restore(folder, "policy", settings(), MAY_CHANGE, Long.MAX_VALUE, state);
    begin();
    return changes;
  }

  private Settings settings() {
    if (frozenSum == null) {
      frozenSum = state.frozenSum(); // what is frozen does not change
    }
    return PolicySettings.of(model, lora, frozenSum, options, options.schedule());
  }

  /** Frees what the policy made; the model and the LoRA stay. */
  @Override
  public void close() {
    network.close();
  }
}

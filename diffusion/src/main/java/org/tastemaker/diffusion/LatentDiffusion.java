package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.condition.ClipTextEncoder;
import org.tastemaker.diffusion.condition.Conditioner;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.Scheduler;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.schedule.Schedulers;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.weights.DType;

/**
 * A latent diffusion model: text in, image out, and how the image came about.
 *
 * <pre>{@code
 * try (LatentDiffusion model = LatentDiffusion.load(Path.of("stable-diffusion-v1-5"))) {
 *   List<Image> images = model.generate(List.of(Prompt.of("a photo of a cat")), Seed.of(1));
 *   try (Rollout rollout = model.with(Options.ddpo()).rollout(prompts, Seed.of(2))) {
 *     INDArray again = model.with(Options.ddpo()).replay(rollout);   // the same log-probabilities
 *   }
 * }
 * }</pre>
 *
 * <p>Rombach, Blattmann, Lorenz, Esser and Ommer, "High-Resolution Image Synthesis with Latent
 * Diffusion Models" (CVPR 2022): the denoising process runs in the latent space of an autoencoder,
 * conditioned on a text by cross-attention.
 *
 * <pre>
 *   tau = text encoder(prompt)                              [L, C]
 *   z_T = noise                                             [4, h, w]
 *   e   = u + g (c - u),  u = U-Net(z_t, t, tau(negative)), c = U-Net(z_t, t, tau(prompt))
 *   z_{t-1} ~ scheduler(z_t, e)                             for each timestep
 *   x   = (decoder(z_0 / scaling factor) + 1) / 2           [3, H, W]
 * </pre>
 *
 * <p><b>Randomness.</b> Image {@code i} is a function of its prompt, its seed and the weights: its
 * initial noise is {@link Seed#gaussian stream} 0 of its seed, and the noise of step {@code k} is
 * stream {@code k + 1}. In batches of different sizes it differs by float rounding alone.
 *
 * <p><b>Which sampler.</b> {@link #generate} uses the one that the model's scheduler_config.json
 * names (DDIM where that is PNDM or LMS), or the one that {@link #with(SchedulerKind)} sets. {@link
 * #rollout} always samples with DDIM as ddpo-pytorch does, and needs an eta above 0: a
 * deterministic step has no likelihood.
 *
 * <p>The views that the {@code with...} methods return share weights and compiled graphs; closing
 * any of them closes all. Not thread-safe.
 */
public final class LatentDiffusion implements DiffusionSampler, AutoCloseable {
  private final Components components;
  private final Conditioner conditioner;
  private final Options options;
  private final SchedulerKind sampler;
  private final FunctionOptions execution;
  private final StepKernel kernel;
  private final RunListener listener;
  private final @Nullable Cancellation cancellation;

  /**
   * How to sample.
   *
   * @param steps denoising steps, at least 1 and at most the schedule's training steps
   * @param guidanceScale g of classifier-free guidance, at least 1; 1 is none and costs half
   * @param eta of DDIM, in [0, 1]: 0 is deterministic; other samplers do not look at it
   * @param batchSize images that are denoised together, at least 1
   * @param height of the images in pixels; 0 for what the model was made for
   * @param width of the images in pixels; 0 for what the model was made for
   * @param clipSkip last layers of the text encoder to leave out, at least 0
   * @param reduction how a rollout's log-probabilities are taken over an image's elements
   */
  public record Options(
      int steps,
      double guidanceScale,
      double eta,
      int batchSize,
      int height,
      int width,
      int clipSkip,
      Reduction reduction) {
    public Options {
      require(steps >= 1, "steps must be at least 1, but was " + steps);
      require(
          guidanceScale >= 1 && Double.isFinite(guidanceScale),
          "guidanceScale must be at least 1 (no guidance), but was " + guidanceScale);
      require(eta >= 0 && eta <= 1, "eta must be in [0, 1], but was " + eta);
      require(batchSize >= 1, "batchSize must be at least 1, but was " + batchSize);
      require(
          height >= 0 && width >= 0,
          "height and width must be at least 0, but were " + height + " and " + width);
      require(clipSkip >= 0, "clipSkip must be at least 0, but was " + clipSkip);
      Objects.requireNonNull(reduction, "reduction == null");
    }

    /**
     * For images: 50 steps, guidance 7.5, no noise on the way, batches of 4.
     *
     * @return the usual settings of Stable Diffusion
     */
    public static Options defaults() {
      return new Options(50, 7.5, 0, 4, 0, 0, 0, Reduction.MEAN);
    }

    /**
     * For policy gradients: 50 steps, guidance 5, eta 1, batches of 8 (Black et al., "Training
     * Diffusion Models with Reinforcement Learning", appendix).
     *
     * @return the settings of DDPO
     */
    public static Options ddpo() {
      return new Options(50, 5, 1, 8, 0, 0, 0, Reduction.MEAN);
    }

    /**
     * These options with another number of steps.
     *
     * @param steps at least 1
     * @return new options
     */
    public Options withSteps(int steps) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    /**
     * These options with another guidance.
     *
     * @param guidanceScale at least 1
     * @return new options
     */
    public Options withGuidanceScale(double guidanceScale) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    /**
     * These options with another eta.
     *
     * @param eta in [0, 1]
     * @return new options
     */
    public Options withEta(double eta) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    /**
     * These options with another batch size.
     *
     * @param batchSize at least 1
     * @return new options
     */
    public Options withBatchSize(int batchSize) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    /**
     * These options with another size of the images.
     *
     * @param height in pixels; 0 for what the model was made for
     * @param width in pixels; 0 for what the model was made for
     * @return new options
     */
    public Options withSize(int height, int width) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    /**
     * These options with fewer layers of the text encoder.
     *
     * @param clipSkip layers to leave out, at least 0
     * @return new options
     */
    public Options withClipSkip(int clipSkip) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    /**
     * These options with another reduction of the log-probabilities.
     *
     * @param reduction mean or sum
     * @return new options
     */
    public Options withReduction(Reduction reduction) {
      return new Options(steps, guidanceScale, eta, batchSize, height, width, clipSkip, reduction);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }

  private LatentDiffusion(
      Components components,
      Conditioner conditioner,
      Options options,
      SchedulerKind sampler,
      FunctionOptions execution,
      StepKernel kernel,
      RunListener listener,
      @Nullable Cancellation cancellation) {
    this.components = components;
    this.conditioner = conditioner;
    this.options = options;
    this.sampler = sampler;
    this.execution = execution;
    this.kernel = kernel;
    this.listener = listener;
    this.cancellation = cancellation;
  }

  /**
   * Loads a model from a folder in the diffusers layout: Stable Diffusion 1.x or 2.x, or one that
   * {@link #save} wrote.
   *
   * @param folder with unet/, vae/, text_encoder/, tokenizer/ and scheduler/
   * @return the model: the caller closes it
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static LatentDiffusion load(Path folder) {
    return of(Components.load(folder));
  }

  /**
   * A model of given parts.
   *
   * @param components the parts, which belong to the model from now on
   * @return the model: the caller closes it
   */
  public static LatentDiffusion of(Components components) {
    SchedulerKind kind = components.scheduler().kind();
    boolean samples = kind != SchedulerKind.PNDM && kind != SchedulerKind.LMS_DISCRETE;
    return new LatentDiffusion(
        components,
        Conditioner.of(new ClipTextEncoder(components.tokenizer(), components.textEncoder())),
        Options.defaults(),
        samples ? kind : SchedulerKind.DDIM,
        FunctionOptions.inference(),
        new CpuStepKernel(),
        RunListener.none(),
        null);
  }

  /**
   * A view with other options.
   *
   * @param options how to sample
   * @return a view of this model
   */
  public LatentDiffusion with(Options options) {
    return new LatentDiffusion(
        components, conditioner, options, sampler, execution, kernel, listener, cancellation);
  }

  /**
   * A view with another sampler for {@link #generate}, over the model's own noise schedule.
   *
   * @param sampler one that can sample
   * @return a view of this model
   */
  public LatentDiffusion with(SchedulerKind sampler) {
    Schedulers.of(components.scheduler().as(sampler)); // says so if it cannot
    return new LatentDiffusion(
        components, conditioner, options, sampler, execution, kernel, listener, cancellation);
  }

  /**
   * A view with another U-Net, of the same configuration: a copy that stays as it is while this
   * model's is trained.
   *
   * @param unet stays the caller's, who closes it when no view uses it any more; do not close the
   *     view, which would close this model's other parts as well
   * @return a view of this model
   */
  public LatentDiffusion with(UNet2DConditionModel unet) {
    return new LatentDiffusion(
        components.with(unet),
        conditioner,
        options,
        sampler,
        execution,
        kernel,
        listener,
        cancellation);
  }

  /**
   * A view whose U-Net runs in another way: with a low-rank adapter, or through another execution
   * of its graph.
   *
   * @param execution for the U-Net's functions; keep the object, since graphs are found by it
   * @return a view of this model
   */
  public LatentDiffusion with(FunctionOptions execution) {
    return new LatentDiffusion(
        components, conditioner, options, sampler, execution, kernel, listener, cancellation);
  }

  /**
   * A view whose denoising steps are computed elsewhere, such as on a GPU: {@link
   * org.tastemaker.diffusion.cuda.StepExecution}. Without this they are computed on the CPU.
   *
   * @param kernel stays the caller's, who closes it when no view uses it any more
   * @return a view of this model
   */
  public LatentDiffusion with(StepKernel kernel) {
    Objects.requireNonNull(kernel, "kernel == null");
    return new LatentDiffusion(
        components, conditioner, options, sampler, execution, kernel, listener, cancellation);
  }

  /**
   * A view that tells how far it is.
   *
   * @param listener hears {@link RunEvent.Progress} after each denoising step of each batch
   * @return a view of this model
   */
  public LatentDiffusion with(RunListener listener) {
    return new LatentDiffusion(
        components, conditioner, options, sampler, execution, kernel, listener, cancellation);
  }

  /**
   * A view that can be stopped from another thread: it throws {@link
   * java.util.concurrent.CancellationException} before the next denoising step.
   *
   * @param cancellation the switch
   * @return a view of this model
   */
  public LatentDiffusion with(Cancellation cancellation) {
    return new LatentDiffusion(
        components, conditioner, options, sampler, execution, kernel, listener, cancellation);
  }

  /**
   * The model's parts.
   *
   * @return the networks and their configuration; closed with this model
   */
  public Components components() {
    return components;
  }

  /**
   * What encodes prompts, and keeps the encoded ones.
   *
   * @return the one of all views of this model
   */
  public Conditioner conditioner() {
    return conditioner;
  }

  /**
   * Texts as this view's U-Net reads them, with the clip skip of its options: for one use, such as
   * the updates over a rollout.
   *
   * @param texts for how many there must be room at least; 0 for no more than there is
   * @return the conditions
   */
  public Conditions conditions(int texts) {
    return conditioner.conditions(options.clipSkip(), texts);
  }

  /**
   * The steps of this view's rollouts, each a Gaussian policy: those of DDIM with the eta and the
   * number of steps of its options.
   *
   * @return the steps, noisiest first
   * @throws IllegalStateException if a step is deterministic (eta 0), and so without a likelihood
   */
  public SamplingRun denoisingSteps() {
    return DdimScheduler.of(
            components.scheduler(),
            new DdimScheduler.Options(options.eta(), DdimScheduler.FinalStep.DDPO))
        .begin(options.steps())
        .requireLogProbabilities();
  }

  /**
   * Where this view computes denoising steps: policy gradients on its rollouts take the same.
   *
   * @return the kernel, not to be closed by who did not open it
   */
  public StepKernel stepKernel() {
    return kernel;
  }

  /**
   * How this view samples.
   *
   * @return its options
   */
  public Options options() {
    return options;
  }

  /**
   * How this view's U-Net runs.
   *
   * @return the options of its functions
   */
  public FunctionOptions execution() {
    return execution;
  }

  /**
   * The shape of the latents that this view samples.
   *
   * @return for the height and width of its options
   */
  public LatentShape latentShape() {
    return shape();
  }

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    requireSameSize(prompts, seeds);
    Scheduler scheduler = scheduler();
    scheduler.begin(options.steps()); // says what is wrong with it before any work
    List<Image> images = new ArrayList<>();
    try (DenoisingLoop loop = loop(shape(), prompts, 0)) {
      for (DenoisingLoop.Batch batch : loop.batches(prompts, seeds)) {
        SamplingRun run = scheduler.begin(options.steps());
        try (INDArray latents = batch.initialNoise(run.initialNoiseScale())) {
          loop.denoise(run, batch, latents, DenoisingLoop.Recorder.NONE);
          images.addAll(decode(latents).subList(0, batch.size()));
        }
      }
    }
    return List.copyOf(images);
  }

  /**
   * Makes images from given initial noise instead of from seeds, without drawing any number: what
   * an optimizer of the noise calls. With {@link Seed#gaussian stream} 0 of a seed as the noise, it
   * is the image that {@link #generate} makes of that seed.
   *
   * @param prompts what to show
   * @param initialLatents [N, C, h, w], one for each prompt, on the scale of standard normal noise
   *     for every sampler; stays the caller's
   * @return as many images, in order
   * @throws IllegalArgumentException if the latents are of another shape or not finite
   * @throws IllegalStateException if the sampler draws noise on the way (DDPM, or DDIM with an eta
   *     above 0)
   */
  public List<Image> generateFrom(List<Prompt> prompts, INDArray initialLatents) {
    LatentShape shape = shape();
    FloatBuffer initial = initialLatents(prompts, initialLatents, shape);
    Scheduler scheduler = scheduler();
    scheduler.begin(options.steps()).requireDeterministic();
    List<Seed> unused = Collections.nCopies(prompts.size(), Seed.of(0)); // no step draws
    List<Image> images = new ArrayList<>();
    try (DenoisingLoop loop = loop(shape, prompts, 0)) {
      for (DenoisingLoop.Batch batch : loop.batches(prompts, unused)) {
        SamplingRun run = scheduler.begin(options.steps());
        try (INDArray latents = batch.rowsOf(initial, run.initialNoiseScale())) { // [B, C, h, w]
          loop.denoise(run, batch, latents, DenoisingLoop.Recorder.NONE);
          images.addAll(decode(latents).subList(0, batch.size()));
        }
      }
    }
    return List.copyOf(images);
  }

  /**
   * Samples from an image instead of from pure noise: the image is noised part of the way and
   * denoised from there (Meng et al., "SDEdit", ICLR 2022).
   *
   * @param image to start from, of 3 channels; its sides must be multiples of the autoencoder's
   *     factor
   * @param prompts what to show
   * @param seeds as many as prompts
   * @param strength which share of the way to go, in [0, 1]: 1 forgets the image, 0 only encodes
   *     and decodes it
   * @return as many images as prompts, of the given image's size
   */
  public List<Image> imageToImage(
      Image image, List<Prompt> prompts, List<Seed> seeds, double strength) {
    requireSameSize(prompts, seeds);
    Scheduler scheduler = scheduler();
    scheduler.begin(options.steps(), strength);
    List<Image> images = new ArrayList<>();
    LatentShape shape = components.latentShape(image.height(), image.width());
    try (INDArray clean = encode(List.of(image)); // [1, 4, h, w]
        DenoisingLoop loop = loop(shape, prompts, 0)) {
      for (DenoisingLoop.Batch batch : loop.batches(prompts, seeds)) {
        SamplingRun run = scheduler.begin(options.steps(), strength);
        try (INDArray latents = batch.initialNoise(1);
            INDArray repeated = Nd4j.tile(clean, (int) latents.size(0), 1, 1, 1)) {
          FloatBuffer z = FloatBuffers.of(latents);
          run.addNoise(FloatBuffers.of(repeated), z, z);
          loop.denoise(run, batch, latents, DenoisingLoop.Recorder.NONE);
          images.addAll(decode(latents).subList(0, batch.size()));
        }
      }
    }
    return List.copyOf(images);
  }

  /**
   * Samples with DDIM and keeps the latents and the log-probabilities of every step.
   *
   * @param prompts what to show; several images of one prompt are asked for by repeating it
   * @param seeds as many as prompts
   * @return the rollout, which owns native arrays: the caller closes it
   * @throws IllegalStateException if a step would be deterministic (eta 0), and so without a
   *     log-probability
   */
  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    requireSameSize(prompts, seeds);
    SamplingRun run = denoisingSteps();
    LatentShape shape = shape();
    int steps = run.steps().size();
    int n = prompts.size();
    INDArray latents =
        Nd4j.createUninitialized(
            DataType.FLOAT, steps + 1, n, shape.channels(), shape.height(), shape.width());
    INDArray logProbabilities = Nd4j.createUninitialized(DataType.FLOAT, steps, n);
    List<Image> images = new ArrayList<>();
    try (DenoisingLoop loop = loop(shape, prompts, texts(prompts))) {
      FloatBuffer trajectory = FloatBuffers.of(latents); // [T+1, N, C, h, w]
      FloatBuffer densities = FloatBuffers.of(logProbabilities); // [T, N]
      for (DenoisingLoop.Batch batch : loop.batches(prompts, seeds)) {
        DenoisingLoop.Recorder recorder =
            (step, next, density) -> {
              int at = ((step + 1) * n + batch.first()) * shape.size();
              trajectory.put(at, next, next.position(), batch.size() * shape.size());
              for (int i = 0; i < batch.size() && step >= 0; i++) {
                densities.put(step * n + batch.first() + i, (float) density[i]);
              }
            };
        try (INDArray current = batch.initialNoise(run.initialNoiseScale())) {
          recorder.record(-1, FloatBuffers.of(current), new double[0]);
          loop.denoise(run, batch, current, recorder);
          images.addAll(decode(current).subList(0, batch.size()));
        }
      }
      return new Rollout(prompts, seeds, images, latents, logProbabilities, wholeTimesteps(run));
    } catch (RuntimeException | Error e) {
      latents.close();
      logProbabilities.close();
      throw e;
    }
  }

  /**
   * How probable the steps of a rollout are under this view's model: the policy's new
   * log-probabilities on recorded samples. For the model that made the rollout they are the
   * recorded ones.
   *
   * @param rollout made with the same number of steps and the same size
   * @return [T, N], the same shape as {@link Rollout#logProbabilities}: the caller closes it
   * @throws IllegalArgumentException if the rollout's steps or latents are not this view's
   */
  public INDArray replay(Rollout rollout) {
    SamplingRun run = denoisingSteps();
    LatentShape shape = shape();
    if (!wholeTimesteps(run).equals(rollout.timesteps())) {
      throw new IllegalArgumentException(
          "the rollout was sampled at timesteps %s, but this model's options step through %s"
              .formatted(rollout.timesteps(), wholeTimesteps(run)));
    }
    long[] expected = {shape.channels(), shape.height(), shape.width()};
    long[] found = Arrays.copyOfRange(rollout.latents().shape(), 2, 5);
    if (!Arrays.equals(expected, found)) {
      throw new IllegalArgumentException(
          "the rollout's latents are [C, h, w] = %s, but this model's are %s"
              .formatted(Arrays.toString(found), Arrays.toString(expected)));
    }
    int n = rollout.size();
    INDArray logProbabilities = Nd4j.createUninitialized(DataType.FLOAT, rollout.steps(), n);
    try (DenoisingLoop loop = loop(shape, rollout.prompts(), texts(rollout.prompts()))) {
      FloatBuffer trajectory = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
      FloatBuffer densities = FloatBuffers.of(logProbabilities); // [T, N]
      for (DenoisingLoop.Batch batch : loop.batches(rollout.prompts(), rollout.seeds())) {
        int length = batch.size() * shape.size();
        try (INDArray current = batch.initialNoise(1)) { // padding rows stay noise
          for (int step = 0; step < rollout.steps(); step++) {
            int at = (step * n + batch.first()) * shape.size();
            FloatBuffer z = FloatBuffers.of(current); // [B, C, h, w]
            z.put(z.position(), trajectory, at, length);
            ModelOutput output = loop.predict(run, step, batch, z);
            double[] density = new double[batch.size()];
            kernel.logProbability(
                run.steps().get(step).coefficients(),
                options.reduction(),
                output.first(length),
                trajectory.slice(at, length),
                trajectory.slice(at + n * shape.size(), length),
                density);
            for (int i = 0; i < batch.size(); i++) {
              densities.put(step * n + batch.first() + i, (float) density[i]);
            }
          }
        }
      }
      return logProbabilities;
    } catch (RuntimeException | Error e) {
      logProbabilities.close();
      throw e;
    }
  }

  /**
   * The latents of images: the mean of the autoencoder's posterior, times the scaling factor.
   *
   * @param images at least one, of 3 channels and of one size, whose sides are multiples of the
   *     autoencoder's factor
   * @return [N, 4, h, w]: the caller closes it
   */
  public INDArray encode(List<Image> images) {
    return components.encode(images, options.batchSize(), execution.engine());
  }

  /**
   * The images of latents.
   *
   * @param latents [N, 4, h, w], scaled; stays the caller's
   * @return N images
   */
  public List<Image> decode(INDArray latents) {
    return components.decode(latents, options.batchSize(), execution.engine());
  }

  /**
   * Writes the model in the diffusers layout, in float32. The folder is there as a whole or not at
   * all.
   *
   * @param folder must not be there yet
   */
  public void save(Path folder) {
    save(folder, DType.F32);
  }

  /**
   * Writes the model in the diffusers layout. The folder is there as a whole or not at all.
   *
   * @param folder must not be there yet
   * @param dtype of the weights: F32, F16 or BF16
   */
  public void save(Path folder, DType dtype) {
    AtomicFiles.writeFolder(folder, target -> components.save(target, dtype));
  }

  /** Frees the weights and everything that was made to run them. */
  @Override
  public void close() {
    components.close();
  }

  /** Room for the texts of a rollout is reserved: training on it asks for them again. */
  private DenoisingLoop loop(LatentShape shape, List<Prompt> prompts, int reserved) {
    return new DenoisingLoop(
        components.unet(),
        conditioner.encoder().length(),
        conditions(reserved),
        options,
        shape,
        prompts,
        execution,
        kernel,
        listener,
        cancellation);
  }

  /** How many texts there are, the negative ones too. */
  private static int texts(List<Prompt> prompts) {
    return (int)
        prompts.stream().flatMap(p -> Stream.of(p.text(), p.negativeText())).distinct().count();
  }

  private LatentShape shape() {
    return components.latentShape(options.height(), options.width());
  }

  private Scheduler scheduler() {
    SchedulerConfig config = components.scheduler().as(sampler);
    if (sampler != SchedulerKind.DDIM) {
      return Schedulers.of(config);
    }
    return DdimScheduler.of(
        config,
        new DdimScheduler.Options(
            options.eta(),
            options.eta() > 0 ? DdimScheduler.FinalStep.DDPO : DdimScheduler.FinalStep.DIFFUSERS));
  }

  private static FloatBuffer initialLatents(
      List<Prompt> prompts, INDArray latents, LatentShape shape) {
    long[] expected = {prompts.size(), shape.channels(), shape.height(), shape.width()};
    if (prompts.isEmpty() || !Arrays.equals(expected, latents.shape())) {
      throw new IllegalArgumentException(
          "there must be at least one prompt and initial latents of shape [N, C, h, w] = %s for %d prompts, but theirs is %s"
              .formatted(
                  Arrays.toString(expected), prompts.size(), Arrays.toString(latents.shape())));
    }
    FloatBuffer values = FloatBuffers.of(latents);
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new IllegalArgumentException(
            "the initial latents of image %d hold %s; have they diverged?"
                .formatted(i / shape.size(), values.get(i)));
      }
    }
    return values;
  }

  private static List<Integer> wholeTimesteps(SamplingRun run) {
    return Arrays.stream(run.timesteps()).mapToObj(t -> (int) Math.rint(t)).toList();
  }

  private static void requireSameSize(List<Prompt> prompts, List<Seed> seeds) {
    if (prompts.isEmpty() || prompts.size() != seeds.size()) {
      throw new IllegalArgumentException(
          "there must be at least one prompt and a seed for each, but there were %d prompts and %d"
                  .formatted(prompts.size(), seeds.size())
              + " seeds");
    }
  }
}

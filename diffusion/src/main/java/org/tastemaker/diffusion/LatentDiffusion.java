package org.tastemaker.diffusion;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.card.CardFile;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.checkpoint.CheckpointWriter;
import org.tastemaker.diffusion.condition.Conditioner;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.condition.PromptOptions;
import org.tastemaker.diffusion.condition.TextualInversion;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.Scheduler;
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
 *   try (Rollout rollout = model.with(SamplingOptions.ddpo()).rollout(prompts, Seed.of(2))) {
 *     INDArray again = model.with(SamplingOptions.ddpo()).replay(rollout);   // the same log-probabilities
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
 * names, or the one that {@link #with(SchedulerKind)} sets. {@link #rollout} always samples with
 * DDIM as ddpo-pytorch does, and needs an eta above 0: a deterministic step has no likelihood.
 *
 * <p><b>Stable Diffusion XL.</b> Its U-Net is told the image's size, as neither scaled nor cropped,
 * and the text as one vector; without a negative prompt it is given zeros. Its refiner is a model
 * of its own, for {@link #imageToImage}: a base model's image, and a strength of about 0.3.
 *
 * <p>The views that the {@code with...} methods return share weights and compiled graphs; closing
 * any of them closes all. Not thread-safe.
 */
public final class LatentDiffusion implements DiffusionSampler, AutoCloseable {
  private final View view;

  private LatentDiffusion(View view) {
    this.view = view;
  }

  /**
   * Loads a model: Stable Diffusion 1.x, 2.x, XL or XL's refiner, as a folder in the diffusers
   * layout, such as {@link #save} writes, or as a checkpoint in a single file, safetensors or
   * PyTorch's, with a tokenizer/ beside it.
   *
   * @param folder with unet/, vae/, text_encoder/, tokenizer/ and scheduler/; or a checkpoint
   * @return the model: the caller closes it
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static LatentDiffusion load(Path folder) {
    return Files.isRegularFile(folder)
        ? load(folder, CheckpointOptions.defaults())
        : of(Components.load(folder));
  }

  /**
   * Loads a checkpoint in a single file, safetensors or PyTorch's.
   *
   * @param file such as {@code v1-5-pruned-emaonly.safetensors}
   * @param options what the file does not say of itself
   * @return the model: the caller closes it
   * @throws IllegalArgumentException if the file is something else, or is not whole, or there is no
   *     tokenizer; the message says which, and nothing stays loaded
   */
  public static LatentDiffusion load(Path file, CheckpointOptions options) {
    return of(Components.load(file, options));
  }

  /**
   * Loads a model, and samples it in a given way, whatever its folder names: also where that is a
   * scheduler which is not supported here.
   *
   * @param folder with unet/, vae/, text_encoder/, tokenizer/ and scheduler/
   * @param sampler as which the settings in scheduler/ are read
   * @return the model: the caller closes it
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static LatentDiffusion load(Path folder, SchedulerKind sampler) {
    return of(Components.load(folder, sampler));
  }

  /**
   * Loads a model's folder by options.
   *
   * @param folder as for {@link #load(Path)}
   * @param options which files, and as what
   * @return the model: the caller closes it
   * @throws IllegalArgumentException if a part is missing, does not fit or is not supported; the
   *     message says which, and nothing stays loaded
   */
  public static LatentDiffusion load(Path folder, FolderOptions options) {
    return of(Components.load(folder, options));
  }

  /**
   * A model of given parts.
   *
   * @param components the parts, owned by the model from now on
   * @return the model: the caller closes it
   */
  public static LatentDiffusion of(Components components) {
    return new LatentDiffusion(View.of(components));
  }

  /**
   * A view with other options.
   *
   * @param options how to sample
   * @return a view of this model
   */
  public LatentDiffusion with(SamplingOptions options) {
    return new LatentDiffusion(view.withOptions(options));
  }

  /**
   * A view whose rollouts draw something else: noise in some steps only, or the same initial
   * latents for all images of a prompt.
   *
   * @param rollouts what they draw
   * @return a view of this model
   * @throws IllegalArgumentException if no step is in the window, when a rollout is made
   */
  public LatentDiffusion with(RolloutOptions rollouts) {
    return new LatentDiffusion(view.withRollouts(rollouts));
  }

  /**
   * A view with another sampler for {@link #generate}, on the model's own noise schedule.
   *
   * @param sampler any
   * @return a view of this model
   */
  public LatentDiffusion with(SchedulerKind sampler) {
    Scheduler unused =
        Schedulers.of(
            view.components().scheduler().as(sampler)); // says so if its settings do not fit
    return new LatentDiffusion(view.withSampler(sampler));
  }

  /**
   * A view with another U-Net, of the same configuration: for instance a frozen copy, kept while
   * this model's own is trained.
   *
   * @param unet owned by the caller, who closes it when no view uses it any more; do not close the
   *     view, which would close this model's other parts too
   * @return a view of this model
   */
  public LatentDiffusion with(UNet2DConditionModel unet) {
    return new LatentDiffusion(view.withComponents(view.components().with(unet)));
  }

  /**
   * A view whose U-Net runs in another way, such as with a low-rank adapter. The autoencoder runs
   * on its engine too; the text encoder where it did. {@link #on} moves all three.
   *
   * @param execution of the U-Net's functions; reuse the object, since compiled graphs are cached
   *     by it
   * @return a view of this model
   */
  public LatentDiffusion with(FunctionOptions execution) {
    return new LatentDiffusion(view.withExecution(execution));
  }

  /**
   * A view whose adapter is active in a part of the denoising only, in sampling, rollouts, replays
   * and the training of a policy; elsewhere the U-Net runs without it. Rewards are hacked in the
   * late steps, which a range such as {@code DenoisingRange.until(0.6)} leaves to the base model.
   *
   * <p>It keeps two functions of the U-Net, with the adapter and without.
   *
   * @param adapted where the adapter of {@link #with(FunctionOptions)} is active
   * @return a view of this model
   */
  public LatentDiffusion with(DenoisingRange adapted) {
    return new LatentDiffusion(view.withAdapted(adapted));
  }

  /**
   * A view whose networks all run on an engine: the U-Net, the autoencoder and the text encoder.
   * Views of one engine that come from one another share their encoded texts.
   *
   * <pre>{@code
   * model.on(Engines.named("torch").on(Placement.of("cuda", "bfloat16")))
   * }</pre>
   *
   * @param engine such as {@code Engines.named("torch")}
   * @return a view of this model
   */
  public LatentDiffusion on(Engine engine) {
    return new LatentDiffusion(view.on(engine));
  }

  /**
   * A view whose denoising steps are computed elsewhere, such as on a GPU: {@link
   * org.tastemaker.diffusion.cuda.StepExecution}. Without this they are computed on the CPU.
   *
   * @param kernel owned by the caller, who closes it when no view uses it any more
   * @return a view of this model
   */
  public LatentDiffusion with(StepKernel kernel) {
    return new LatentDiffusion(view.withKernel(kernel));
  }

  /**
   * A view that reads prompts in another way: long ones in chunks, or with weights. Without this
   * what is longer than the text encoder reads is cut off, and marks stand for themselves; both are
   * logged once for each prompt, and told to the listener.
   *
   * <pre>{@code
   * LatentDiffusion view = model.with(PromptOptions.defaults().withChunks(3));  // 3 * 75 tokens
   * }</pre>
   *
   * @param prompts how to read them; for rollouts and their training alike
   * @return a view of this model, which encodes its texts anew
   */
  public LatentDiffusion with(PromptOptions prompts) {
    return new LatentDiffusion(view.withPrompts(prompts));
  }

  /**
   * A view whose prompts may have one more word: a token of textual inversion, which stands for its
   * vectors wherever it is found in a prompt. {@link #save} writes it with the model.
   *
   * @param embedding learned for the text encoders of a model like this one
   * @return a view of this model; it has tables of tokens of its own, so close it and not this one
   * @throws IllegalArgumentException if the vectors are of another model, or the token is one
   *     already
   */
  public LatentDiffusion with(TextualInversion embedding) {
    return new LatentDiffusion(view.withToken(embedding));
  }

  /**
   * A view that reports its progress.
   *
   * @param listener receives {@link RunEvent.Progress} after each denoising step of each batch
   * @return a view of this model
   */
  public LatentDiffusion listener(RunListener listener) {
    return new LatentDiffusion(view.withListener(listener));
  }

  /**
   * A view that can be cancelled from another thread: it throws {@link
   * java.util.concurrent.CancellationException} before the next denoising step.
   *
   * @param cancellation checked before each denoising step
   * @return a view of this model
   */
  public LatentDiffusion cancellation(Cancellation cancellation) {
    return new LatentDiffusion(view.withCancellation(cancellation));
  }

  /**
   * The model's parts.
   *
   * @return the networks and their configuration; closed with this model
   */
  public Components components() {
    return view.components();
  }

  /**
   * What encodes prompts, with the cache of encoded texts.
   *
   * @return the conditioner, shared by all views of this model that run on one engine
   */
  public Conditioner conditioner() {
    return view.conditioner();
  }

  /**
   * Texts as this view's U-Net reads them, with the clip skip of its options: for one use, such as
   * the updates over a rollout.
   *
   * @param texts for how many texts the cache must have room at least; 0 to leave it as it is
   * @return the conditions
   */
  public Conditions conditions(int texts) {
    return view.conditions(texts);
  }

  /**
   * The steps of this view's rollouts, each a Gaussian policy: those of DDIM with the eta and the
   * number of steps of its options. A rollout with a window takes those outside of it as an ODE.
   *
   * @return the steps, noisiest first
   * @throws IllegalStateException if a step is deterministic (eta 0), and so without a likelihood
   */
  public SamplingRun denoisingSteps() {
    return view.denoisingSteps();
  }

  /**
   * What computes this view's denoising steps. Policy gradients on its rollouts use the same.
   *
   * @return the kernel, owned by whoever opened it
   */
  public StepKernel stepKernel() {
    return view.kernel();
  }

  /**
   * How this view samples.
   *
   * @return its options
   */
  public SamplingOptions options() {
    return view.options();
  }

  /**
   * How this view's U-Net runs.
   *
   * @return the options of its functions
   */
  public FunctionOptions execution() {
    return view.execution();
  }

  /**
   * Where this view's adapter is active.
   *
   * @return the range, all of it unless it was set
   */
  public DenoisingRange adapted() {
    return view.adapted();
  }

  /**
   * What this view's rollouts draw.
   *
   * @return the options, the defaults unless they were set
   */
  public RolloutOptions rollouts() {
    return view.rollouts();
  }

  /**
   * What decides this view's images beside its weights, prompts and seeds: how it samples, by which
   * sampler, how prompts are read, where an adapter is active, and the engine's name. What {@link
   * #rollouts} draw is left out, since it may change from round to round.
   *
   * @return the settings, equal for views that make the same images of the same weights
   */
  public Settings settings() {
    return Settings.of(options())
        .with("sampler", view.sampler())
        .with("prompts", view.prompts())
        .with("adapted", adapted())
        .with("engine", execution().engine().name());
  }

  /**
   * The shape of the latents that this view samples.
   *
   * @return for the height and width of its options
   */
  public LatentShape latentShape() {
    return view.latentShape();
  }

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    requireSameSize(prompts, seeds);
    return new ImageSampling(view).fromSeeds(prompts, seeds);
  }

  /**
   * Makes images from given initial noise instead of from seeds, without drawing random numbers:
   * for optimizers that search over the noise. With {@link Seed#gaussian stream} 0 of a seed as the
   * noise, it is the image that {@link #generate} makes of that seed.
   *
   * @param prompts what to show
   * @param initialLatents [N, C, h, w], one for each prompt, on the scale of standard normal noise
   *     for every sampler; owned by the caller
   * @return one image for each prompt, in order
   * @throws IllegalArgumentException if the latents are of another shape or not finite
   * @throws IllegalStateException if the sampler draws noise on the way (DDPM, or DDIM with an eta
   *     above 0)
   */
  public List<Image> generateFrom(List<Prompt> prompts, INDArray initialLatents) {
    return new ImageSampling(view).fromNoise(prompts, initialLatents);
  }

  /**
   * Samples from an image instead of from pure noise: the image is noised part of the way and
   * denoised from there (Meng et al., "SDEdit", ICLR 2022).
   *
   * @param image to start from, of 3 channels; its sides must be multiples of the autoencoder's
   *     factor
   * @param prompts what to show
   * @param seeds one for each prompt
   * @param strength how much of the noise schedule to run, in [0, 1]: 1 ignores the image, 0 only
   *     encodes and decodes it
   * @return one image for each prompt, of the given image's size
   */
  public List<Image> imageToImage(
      Image image, List<Prompt> prompts, List<Seed> seeds, double strength) {
    requireSameSize(prompts, seeds);
    return new ImageSampling(view).fromImage(image, prompts, seeds, strength);
  }

  /**
   * Samples with DDIM and keeps the latents and the log-probabilities of every step.
   *
   * @param prompts what to show; repeat a prompt for several images of it
   * @param seeds one for each prompt
   * @return the rollout, which owns native arrays: the caller closes it
   * @throws IllegalStateException if a step would be deterministic (eta 0), and so without a
   *     log-probability
   */
  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    requireSameSize(prompts, seeds);
    return new Rollouts(view).rollout(prompts, seeds);
  }

  /**
   * Samples with any sampler, as {@link #generate} does, and keeps the first and the last latents
   * alone: for methods that learn from finished images and need no likelihood.
   *
   * @param prompts what to show; repeat a prompt for several images of it
   * @param seeds one for each prompt
   * @return a rollout of one step, from the initial noise to what was decoded, whose
   *     log-probability is NaN because it has none; it owns native arrays: the caller closes it
   */
  public Rollout endpoints(List<Prompt> prompts, List<Seed> seeds) {
    requireSameSize(prompts, seeds);
    return new ImageSampling(view).endpoints(prompts, seeds);
  }

  /**
   * The log-probabilities of a rollout's steps under this view's model: those of the new policy for
   * samples of the old. For the model that made the rollout they are the recorded ones; for a step
   * that was deterministic they are NaN, as there.
   *
   * @param rollout made with the same number of steps and the same size
   * @return [T, N], the same shape as {@link Rollout#logProbabilities}: the caller closes it
   * @throws IllegalArgumentException if the rollout's steps or latents are not this view's
   */
  public INDArray replay(Rollout rollout) {
    return new Rollouts(view).replay(rollout);
  }

  /**
   * The latents of images: the mean of the autoencoder's posterior, times the scaling factor.
   *
   * @param images at least one, of 3 channels and of one size, whose sides are multiples of the
   *     autoencoder's factor
   * @return [N, 4, h, w]: the caller closes it
   */
  public INDArray encode(List<Image> images) {
    return LatentCodec.of(view).encode(images);
  }

  /**
   * The images of latents.
   *
   * @param latents [N, 4, h, w], scaled; owned by the caller
   * @return N images
   */
  public List<Image> decode(INDArray latents) {
    return LatentCodec.of(view).decode(latents);
  }

  /**
   * The decoder of this view's images as a differentiable function, on the engine of this view.
   *
   * @param rows how many images are decoded together, at least 1: memory against speed
   * @return the decoder, which owns arrays: the caller closes it
   */
  public DifferentiableDecoder decoder(int rows) {
    return new DifferentiableDecoder(
        view.components(), view.latentShape(), view.execution().engine(), rows);
  }

  /**
   * Writes the model in the diffusers layout, in float32. The folder appears complete or not at
   * all.
   *
   * @param folder must not exist yet
   */
  public void save(Path folder) {
    save(folder, DType.F32);
  }

  /**
   * Writes the model in the diffusers layout. The folder appears complete or not at all.
   *
   * @param folder must not exist yet
   * @param dtype of the weights: F32, F16 or BF16
   */
  public void save(Path folder, DType dtype) {
    AtomicFiles.writeFolder(folder, target -> view.components().save(target, dtype));
  }

  /**
   * Writes the model in the diffusers layout, with a {@code README.md} in the form that model hubs
   * show. The folder appears complete or not at all.
   *
   * @param folder must not exist yet
   * @param dtype of the weights: F32, F16 or BF16
   * @param card what the model says about itself
   */
  public void save(Path folder, DType dtype, ModelCard card) {
    AtomicFiles.writeFolder(
        folder,
        target -> {
          view.components().save(target, dtype);
          Path unused = CardFile.write(target, card, ModelCard.Kind.MODEL);
        });
  }

  /**
   * Writes the model as a checkpoint in a single safetensors file, under the names that CompVis'
   * programs have: for a Stable Diffusion 1.x, 2.x, XL or XL's refiner. The tokenizer is not in it.
   * The file appears complete or not at all.
   *
   * @param file replaced if it is there
   * @param dtype of the weights: F32, F16 or BF16
   * @throws IllegalArgumentException if the model is not one that such a file can express; the
   *     message says what is in the way
   */
  public void saveCheckpoint(Path file, DType dtype) {
    Components parts = view.components();
    CheckpointWriter.write(
        file,
        parts.unet(),
        parts.vae(),
        parts.textEncoders(),
        parts.scheduler().predictionType(),
        dtype);
  }

  /** Frees the weights, the compiled graphs and their memory. */
  @Override
  public void close() {
    view.components().close();
  }

  private static void requireSameSize(List<Prompt> prompts, List<Seed> seeds) {
    if (prompts.isEmpty() || prompts.size() != seeds.size()) {
      throw new IllegalArgumentException(
          "there must be at least one prompt and a seed for each, but there were "
              + prompts.size()
              + " prompts and "
              + seeds.size()
              + " seeds");
    }
  }
}

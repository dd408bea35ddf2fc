package org.tastemaker.diffusion.train;

import com.google.common.primitives.ImmutableIntArray;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.NoiseSchedule;

/**
 * Trains a denoiser, and its text encoder with it if wanted, on captioned latents.
 *
 * <p>The objective is that of Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic
 * DenoisingModels" (2020), equation 14, with a text beside the noisy latents (Rombach et al., 2022,
 * equation 3):
 *
 * <pre>
 *   L = E_{x_0, y, t, e} w(t) |e - e_theta(x_t, t, tau(y))|^2,   x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e
 * </pre>
 *
 * <p>A model that predicts the velocity has {@code v = sqrt(abar_t) e - sqrt(1 - abar_t) x_0} in
 * the place of e (Salimans and Ho, "Progressive Distillation", 2022, appendix D), one that predicts
 * the clean sample has x_0. The square is the mean over an image's numbers.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>latents</td><td>x_0, [N, C, H, W]</td></tr>
 * <tr><td>example.noisy, example.timesteps</td><td>x_t, t</td></tr>
 * <tr><td>example.target</td><td>e, v or x_0</td></tr>
 * <tr><td>batch, text</td><td>y, [N, L]; tau(y), [N, L, D], and for XL more</td></tr>
 * <tr><td>{@link Options#minSnrGamma}</td><td>w(t): Hang et al., 2023; 1 without</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The loss and its gradient with respect to the prediction are computed in Java; the graphs turn
 * that into gradients of parameters. Where the text encoder is trained, the U-Net's gradient with
 * respect to its text is the text encoder's cotangent.
 *
 * <p>What is drawn is a function of the seed and of a batch's number, so a run that is resumed from
 * a checkpoint ({@link #restore}) ends with weights that are bit-identical to those of a run that
 * was never stopped, provided that the machine's native code is deterministic. Not thread-safe; the
 * models must not be used otherwise while {@link #run} does.
 */
public final class DenoisingTrainer {
  private static final String UNET = "unet";
  private static final String TEXT_ENCODER = CaptionPath.TEXT_ENCODER;
  private static final String SECOND_ENCODER = CaptionPath.SECOND_ENCODER;

  private final DenoisingModels models;
  private final FunctionOptions unetOptions;
  private final CaptionPath captions;
  private final DenoisingObjective objective;
  private final TrainingState state;
  private final TrainingLoop loop;
  private final Options options;
  private final Seed seed;

  /**
   * Hyper-parameters.
   *
   * @param optimizer how gradients update the weights
   * @param promptDropout the share of images whose caption is replaced by the empty one, in [0, 1],
   *     so that guidance has something to compare with (Ho and Salimans, 2022); 0 for none
   * @param noiseOffset the standard deviation of what each channel's noise is shifted by, at least
   *     0; 0 for none
   * @param minSnrGamma the gamma of min-SNR weighting, at least 0 and finite; the paper has 5; 0
   *     for equal weights
   */
  @RecordBuilder
  public record Options(
      OptimizerOptions optimizer, double promptDropout, double noiseOffset, double minSnrGamma)
      implements DenoisingTrainerOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      Objects.requireNonNull(optimizer, "optimizer == null");
      requireIn(promptDropout >= 0 && promptDropout <= 1, "promptDropout", "[0, 1]", promptDropout);
      requireIn(
          noiseOffset >= 0 && Double.isFinite(noiseOffset),
          "noiseOffset",
          "[0, infinity)",
          noiseOffset);
      requireIn(
          minSnrGamma >= 0 && Double.isFinite(minSnrGamma),
          "minSnrGamma",
          "[0, infinity)",
          minSnrGamma);
    }

    /**
     * A tenth of the prompts dropped, no noise offset, equal weights.
     *
     * @param steps how many updates to do in all, at least 1
     * @return the options
     */
    public static Options defaults(long steps) {
      return new Options(OptimizerOptions.defaults(steps), 0.1, 0, 0);
    }

    private static void requireIn(boolean in, String name, String range, double value) {
      if (!in) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "%s must be in %s, but was %s", name, range, value));
      }
    }
  }

  /**
   * A trainer at the beginning of its run. Nothing is computed yet.
   *
   * @param models what is trained; the caller closes them after training
   * @param options hyper-parameters
   * @param seed of everything drawn
   */
  public DenoisingTrainer(DenoisingModels models, Options options, Seed seed) {
    this.models = models;
    this.options = options;
    this.seed = seed;
    Map<String, TrainedPart> trained = new LinkedHashMap<>();
    Map<String, Parameters> own = new LinkedHashMap<>();
    trained.put(UNET, models.trainedUnet());
    own.put(UNET, models.unet().parameters());
    trained.put(TEXT_ENCODER, models.trainedTextEncoder());
    own.put(TEXT_ENCODER, models.textEncoder().parameters());
    models
        .second()
        .ifPresent(
            it -> {
              trained.put(SECOND_ENCODER, it.trained());
              own.put(SECOND_ENCODER, it.textEncoder().parameters());
            });
    this.state = new TrainingState(options.optimizer(), trained, own);
    this.captions =
        models.xl().isPresent()
            ? new XlCaptionPath(models, state)
            : new CaptionPath.OneEncoder(models, state);
    this.unetOptions =
        captions.needed().isEmpty()
            ? models.trainedUnet().options()
            : models.trainedUnet().options().withInputGradients(captions.needed());
    NoiseSchedule schedule = NoiseSchedule.of(models.scheduler());
    this.objective =
        new DenoisingObjective(
            schedule,
            models.scheduler().predictionType(),
            options.promptDropout(),
            options.noiseOffset(),
            options.minSnrGamma());
    this.loop =
        new TrainingLoop(
            "denoising", "training the denoiser", options.optimizer(), settings(schedule), state);
  }

  /**
   * Trains from where the run is to its last step.
   *
   * @param batches a batch for each part of each step
   * @param checkpoints when and where the run is saved
   * @param listener receives the loss ({@code "loss"}), the gradient's norm and the learning rate
   *     of each step
   * @param cancellation checked before each batch
   * @throws org.tastemaker.core.DivergedException if the loss or a gradient is NaN or infinite; the
   *     message names the step, and the weights are those before it
   * @throws java.util.concurrent.CancellationException if it was cancelled; the weights are those
   *     after the last whole step
   */
  public void run(
      BatchSource<CaptionedLatents> batches,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    loop.run(
        (number, share) -> backward(batches.batch(number), number, share),
        checkpoints,
        listener,
        cancellation);
  }

  /** Adds a batch's gradient to the state. */
  private Map<String, Double> backward(CaptionedLatents batch, long number, double share) {
    check(batch, number);
    Samples latents = batch.latents(); // [N, C, H, W]

    // 1. Timesteps, noise, noisy latents and targets; captions, some of them dropped.
    Seed ofBatch = seed.split(number);
    DenoisingObjective.Example example = objective.draw(latents, ofBatch);
    models.trainedUnet().redraw().accept(ofBatch.split(UNET));
    models.trainedTextEncoder().redraw().accept(ofBatch.split(TEXT_ENCODER));
    models.second().ifPresent(it -> it.trained().redraw().accept(ofBatch.split(SECOND_ENCODER)));

    GraphFunction unet =
        models
            .unet()
            .function(
                latents.count(),
                latents.height(),
                latents.width(),
                batch.captions().get(0).length(),
                unetOptions);
    try (CaptionPath.Reading text = captions.read(batch, example.promptDropped());
        INDArray noisy = latents.arrayOf(example.noisy()); // [N, C, H, W]
        INDArray timesteps = timesteps(example.timesteps()); // [N]
        INDArray cotangent = Nd4j.create(DataType.FLOAT, noisy.shape())) { // [N, C, H, W]
      // 2. The prediction.
      Map<String, INDArray> inputs = new HashMap<>(text.inputs());
      inputs.put(UNet2DConditionModel.SAMPLE, noisy);
      inputs.put(UNet2DConditionModel.TIMESTEP, timesteps);
      INDArray out = Graphs.output(unet.forward(inputs), UNet2DConditionModel.OUT); // [N, C, H, W]

      // 3. The loss and its gradient with respect to the prediction.
      double loss =
          objective.loss(example, FloatBuffers.of(out), share, FloatBuffers.of(cotangent));
      if (!Double.isFinite(loss)) {
        return Map.of("loss", loss); // the loop stops here
      }

      // 4. The gradient of the U-Net, and through its text that of the text encoder.
      text.backward(
          state.backward(UNET, unet, Map.of(UNet2DConditionModel.OUT, cotangent), inputs.keySet()));
      return Map.of("loss", loss);
    }
  }

  private void check(CaptionedLatents batch, long number) {
    String where = "batch " + number;
    int channels = models.unet().config().inChannels();
    if (batch.latents().channels() != channels) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: latents must have %s channels, but have %s",
              where,
              channels,
              batch.latents().channels()));
    }
    batch.latents().requireFinite(where + ": latents");
    captions.check(batch, where);
    for (ImmutableIntArray caption : batch.captions()) {
      models.requireIds(caption, where + ": a caption");
      if (options.promptDropout() > 0 && caption.length() != models.emptyPrompt().length()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: captions must have as many ids as the empty prompt, %s, but have %s",
                where,
                models.emptyPrompt().length(),
                caption.length()));
      }
    }
  }

  private static INDArray timesteps(int[] timesteps) {
    float[] values = new float[timesteps.length];
    for (int n = 0; n < values.length; n++) {
      values[n] = timesteps[n];
    }
    return Nd4j.createFromArray(values);
  }

  private Settings settings(NoiseSchedule schedule) {
    Settings settings =
        Settings.of(options, "optimizer")
            .with("seed", seed.key())
            .with("noiseSchedule", schedule.checksum())
            .with("prediction", models.scheduler().predictionType().key())
            .with("clipSkip", models.clipSkip())
            .with("emptyPrompt", models.emptyPrompt().toString());
    return models
        .xl()
        .map(
            xl ->
                settings
                    .with("zerosForEmptyPrompt", xl.zerosForEmptyPrompt())
                    .with(
                        "secondEmptyPrompt",
                        xl.second().map(it -> it.emptyPrompt().toString()).orElse("")))
        .orElse(settings);
  }

  /**
   * How far the run is.
   *
   * @return how many updates have been done
   */
  public long step() {
    return state.step();
  }

  /**
   * Writes a full checkpoint: for {@link #restore}, with the weights, the optimizer's moments, the
   * averages and the step.
   *
   * @param folder empty, as {@code RunFolder.saveCheckpoint} and {@code AtomicFiles.writeFolder}
   *     give one
   */
  public void save(Path folder) {
    loop.write(folder);
  }

  /**
   * Resumes from a checkpoint: everything is as it was when the checkpoint was written.
   *
   * @param folder of a checkpoint of the same run: same models, options and seed. The learning rate
   *     and the bound of the gradient's norm may have changed
   * @return what has changed of these, a sentence each; empty where nothing has
   * @throws IllegalArgumentException if it is of another run, or damaged; nothing has changed then
   */
  public List<String> restore(Path folder) {
    return loop.restore(folder);
  }

  /**
   * Runs something, such as sampling or saving the model, while the trained weights have the values
   * of their moving average.
   *
   * @param action what to run
   * @throws IllegalStateException if the run keeps no average
   */
  public void withAverages(Runnable action) {
    state.withAverages(action);
  }
}

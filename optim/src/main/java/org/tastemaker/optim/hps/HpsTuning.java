package org.tastemaker.optim.hps;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableIntArray;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.EncodedImages;
import org.tastemaker.diffusion.FineTuning;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.train.BatchSource;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.DenoisingTrainer;
import org.tastemaker.diffusion.train.EpochOrder;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * Adapts a generator to preferences with a prefix for what is not preferred: Wu et al., "Human
 * Preference Score: Better Aligning Text-to-Image Models with Human Preference", ICCV 2023, section
 * 5.
 *
 * <p>The images of a preference data set are classified by a score ({@link PreferenceClasses}). A
 * LoRA is trained on both classes with the usual loss of denoising; the captions of images that are
 * not preferred begin with a prefix. So the model learns what the prefix stands for, and is led
 * away from it: the prefix is the negative prompt of classifier-free guidance.
 *
 * <pre>
 *   L = E_{(x_0, y, k), t, e} |e - e_theta(x_t, t, tau(y_k))|^2
 *   sampled:  e_theta(x_t, t, p) + g (e_theta(x_t, t, y) - e_theta(x_t, t, p))
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>{@link CaptionedImage}</td><td>x_0, its caption y and its class k</td></tr>
 * <tr><td>{@link #caption}</td><td>y_k: y, or p and then y for an image that is not preferred</td></tr>
 * <tr><td>{@link Options#prefix}</td><td>p: "Weird image. "</td></tr>
 * <tr><td>{@link #sampled}</td><td>the prefix as the negative prompt; g is the guidance scale</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A share of the captions is dropped, for guidance. A dropped caption becomes the empty text,
 * but of an image that is not preferred the prefix stays: it is the bare prefix that the model is
 * led away from in sampling.
 *
 * <p>The paper adds images of the pre-training data, so that the model keeps what it can: 200,000
 * beside 37,000 preferred and 21,000 others. They are given as preferred images.
 *
 * <p>A trained LoRA belongs to its prefix: {@link #fileOptions} writes it into the file's header,
 * and {@link #negativePrompt} reads it. Not thread-safe; the model must not be used otherwise while
 * it is trained.
 */
public final class HpsTuning {
  /** The header's entry with the prefix. */
  private static final String KEY = "tastemaker_negative_prompt";

  private final LatentDiffusion model;
  private final Options options;
  private final Seed seed;
  private final DenoisingTrainer trainer;

  /**
   * How to train.
   *
   * @param prefix before the captions of images that are not preferred; not blank. Its trailing
   *     space, if it has one, parts it from the caption
   * @param captionDropout share of captions that are dropped, in [0, 1)
   * @param batch images per step, at least 1
   * @param optimizer how gradients update the LoRA
   */
  @RecordBuilder
  public record Options(String prefix, double captionDropout, int batch, OptimizerOptions optimizer)
      implements HpsTuningOptionsBuilder.With {
    /** Checks every field. */
    public Options {
      if (prefix.isBlank()) {
        throw new IllegalArgumentException(
            "prefix must not be blank: without one, images that are not preferred would be learned as good ones");
      }
      if (!(captionDropout >= 0 && captionDropout < 1) || batch < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "captionDropout must be in [0, 1) and batch at least 1, but were %s and %s",
                captionDropout,
                batch));
      }
      Objects.requireNonNull(optimizer, "optimizer == null");
    }

    /**
     * The paper's "Weird image. ", 40 images per step, and constant learning rate of 1e-5 for
     * 10,000 steps; no captions are dropped.
     *
     * @return the options, for Stable Diffusion 1.4 and a LoRA of rank 4
     */
    public static Options paper() {
      return new Options(
          "Weird image. ",
          0,
          40,
          OptimizerOptions.defaults(10_000)
              .withRate(new OptimizerOptions.Rate(OptimizerOptions.Decay.CONSTANT, 1e-5, 0)));
    }
  }

  /**
   * A training at its beginning. Nothing is computed yet.
   *
   * @param model whose U-Net is adapted; the caller closes it
   * @param lora of its U-Net, what is trained; the caller closes it after training
   * @param options how to train
   * @param seed of everything drawn
   */
  public HpsTuning(LatentDiffusion model, Lora lora, Options options, Seed seed) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.trainer =
        new DenoisingTrainer(
            FineTuning.models(model).withTrainedUnet(TrainedPart.adapter(lora, lora.parameters())),
            new DenoisingTrainer.Options(options.optimizer(), 0, 0, 0),
            seed.split("denoising"));
  }

  /**
   * Trains from where the run is to its last step.
   *
   * @param images at least one preferred and one that is not; the same in every part of a run
   * @param checkpoints when and where the run is saved
   * @param listener receives the loss of each step
   * @param cancellation checked before each step
   * @throws IllegalArgumentException if images of a class are missing, before anything is computed
   * @throws org.tastemaker.core.DivergedException if the loss is NaN or infinite
   */
  public void train(
      List<CaptionedImage> images,
      Checkpointing checkpoints,
      RunListener listener,
      Cancellation cancellation) {
    long preferred = images.stream().filter(CaptionedImage::preferred).count();
    if (preferred == 0 || preferred == images.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be preferred images and others, but there were %d and %d: the prefix is learned from their difference",
              preferred,
              images.size() - preferred));
    }

    // 1. Each image is encoded once.
    EncodedImages encoded =
        EncodedImages.of(model, images.stream().map(CaptionedImage::image).toList());

    // 2. The loss of denoising, with the caption of an image's class.
    trainer.run(batches(encoded, images), checkpoints, listener, cancellation);
  }

  /** Batches of the next images of an epoch, in an order of its own. */
  BatchSource<CaptionedLatents> batches(EncodedImages encoded, List<CaptionedImage> images) {
    EpochOrder order = new EpochOrder(images.size(), seed.split("order"));
    return number -> {
      ImmutableIntArray rows = order.batch(number, options.batch());
      RandomGenerator random = seed.split("dropout").split(number).generator();
      List<String> captions = new ArrayList<>(rows.length());
      rows.forEach(row -> captions.add(caption(images.get(row), random)));
      return encoded.batch(rows, captions);
    };
  }

  /** The caption y_k that an image is learned with. */
  private String caption(CaptionedImage image, RandomGenerator random) {
    boolean dropped = random.nextDouble() < options.captionDropout();
    return image.preferred()
        ? dropped ? "" : image.caption()
        : dropped ? negativePrompt(options) : options.prefix() + image.caption();
  }

  /**
   * The prefix as a negative prompt.
   *
   * @param options with the prefix
   * @return without a space at its end
   */
  public static String negativePrompt(Options options) {
    return options.prefix().strip();
  }

  /**
   * A generator that is led away from a prefix.
   *
   * @param generator such as a model with the trained LoRA, sampled with guidance above 1
   * @param negativePrompt replaces the negative text of every prompt that has none; prompts with
   *     one of their own have it put before theirs
   * @return makes images
   */
  public static ImageGenerator sampled(ImageGenerator generator, String negativePrompt) {
    return (prompts, seeds) ->
        generator.generate(
            prompts.stream().map(prompt -> negative(prompt, negativePrompt)).toList(), seeds);
  }

  private static Prompt negative(Prompt prompt, String text) {
    return prompt.withNegativeText(
        prompt.negativeText().isEmpty() ? text : text + " " + prompt.negativeText());
  }

  /**
   * How the trained LoRA is written, with its prefix in the file's header.
   *
   * @param options of the training
   * @param file how the file is written otherwise
   * @return options for {@link LoraFile#write}
   */
  public static LoraFile.Options fileOptions(Options options, LoraFile.Options file) {
    return file.withMetadata(
        ImmutableMap.<String, String>builder()
            .putAll(file.metadata())
            .put(KEY, negativePrompt(options))
            .buildKeepingLast());
  }

  /**
   * The negative prompt that a LoRA's file was trained with.
   *
   * @param file safetensors
   * @return empty if its header names none
   */
  public static Optional<String> negativePrompt(Path file) {
    try (SafetensorsFile header = SafetensorsFile.open(file)) {
      return Optional.ofNullable(header.metadata().get(KEY));
    }
  }

  /**
   * How far the training is.
   *
   * @return how many steps have been done
   */
  public long step() {
    return trainer.step();
  }

  /**
   * Resumes from a checkpoint: everything is as it was when the checkpoint was written.
   *
   * @param folder of a checkpoint of the same training
   * @return what has changed of the settings that may change, a sentence each
   * @throws IllegalArgumentException if it is of another training, or damaged
   */
  public List<String> restore(Path folder) {
    return trainer.restore(folder);
  }
}

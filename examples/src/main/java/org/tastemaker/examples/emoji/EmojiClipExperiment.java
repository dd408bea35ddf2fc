package org.tastemaker.examples.emoji;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.ClipTrainer;
import org.tastemaker.diffusion.train.EpochOrder;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.reward.clip.HpsForm;
import org.tastemaker.reward.clip.HpsTrainer;
import org.tastemaker.reward.clip.TrainedHps;
import org.tastemaker.reward.learned.JudgedGroup;
import org.tastemaker.reward.learned.PreferenceSet;

/**
 * A CLIP model of the glyphs is trained, and then a human preference score from it: the first half
 * of Wu et al., "Human Preference Score", ICCV 2023, at a size that runs on a laptop.
 *
 * <pre>
 *   1. clip      contrastively on captioned glyphs ({@link EmojiClip}); half precision
 *   2. images    of the bundled model, a few for each prompt, ranked by {@link GlyphJudge}
 *   3. hps       its last layers from these choices ({@link HpsTrainer}); half precision
 * </pre>
 *
 * <p>Both models are folders in the layout of transformers' CLIPModel. A run that was stopped goes
 * on with its first stage where it was.
 */
public final class EmojiClipExperiment {
  private final LatentDiffusion model;
  private final Path run;
  private final Options options;
  private final Seed seed;
  private final RunListener listener;

  /**
   * How much to do.
   *
   * @param steps updates of the contrastive training
   * @param batch pairs of image and caption per update
   * @param prompts how many captions are drawn as prompts; at most as many as there are
   * @param each images per prompt, at least 2
   * @param denoisingSteps of each image; with few of them images of a prompt differ more
   * @param hps how the score is trained
   */
  public record Options(
      long steps, int batch, int prompts, int each, int denoisingSteps, HpsTrainer.Options hps) {
    /** Checks the numbers that nothing else checks. */
    public Options {
      if (prompts < 3 || each < 2) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "there must be at least 3 prompts with 2 images each, but there were %s with %s",
                prompts,
                each));
      }
    }

    /**
     * A few minutes on one core.
     *
     * @return 600 updates of 64 pairs; 860 prompts with 4 images of 5 steps
     */
    public static Options defaults() {
      return new Options(
          600,
          64,
          860,
          4,
          5,
          HpsTrainer.Options.defaults()
              .withForm(HpsForm.PAIRS)
              .withImageLayers(2)
              .withTextLayers(2)
              .withLearningRate(1e-4)
              .withAdamW(AdamW.Options.defaults()));
    }
  }

  /**
   * What came out.
   *
   * @param glyphs captions found for the glyphs, which the model was trained on
   * @param generated captions found for images of the bundled model, where the judge's label is the
   *     right one; only images whose label is clear, and empty if there is none
   * @param hps how the training of the score went
   */
  public record Result(ClipRetrieval glyphs, Optional<ClipRetrieval> generated, TrainedHps hps) {}

  /**
   * An experiment; nothing is done yet.
   *
   * @param model the bundled model; the caller closes it
   * @param run the run's folder
   * @param options how much to do
   * @param seed of everything
   * @param listener receives the losses and the progress
   */
  public EmojiClipExperiment(
      LatentDiffusion model, Path run, Options options, Seed seed, RunListener listener) {
    this.model = model;
    this.run = run;
    this.options = options;
    this.seed = seed;
    this.listener = listener;
  }

  /**
   * Runs it.
   *
   * @param cancellation checked before each update
   * @return what came out
   * @throws IOException if a score of an earlier run cannot be replaced
   */
  public Result run(Cancellation cancellation) throws IOException {
    GlyphSheet sheet = BundledModel.glyphs();
    ClipTokenizer tokenizer = model.components().tokenizer();
    List<String> captions = sheet.glyphs().stream().map(CaptionMix::caption).distinct().toList();

    // 1. A model that knows which caption belongs to which image.
    Path pretrained = run.resolve("clip");
    if (!Files.exists(pretrained)) {
      pretrain(sheet, tokenizer, pretrained, cancellation);
    }
    try (ClipModel clip = ClipModel.load(pretrained)) {
      ClipRetrieval glyphs =
          ClipRetrieval.of(
              clip,
              tokenizer,
              sheet.images(),
              sheet.glyphs().stream().map(g -> captions.indexOf(CaptionMix.caption(g))).toList(),
              captions);

      // 2. Images that a judge has ranked.
      GlyphJudge judge = BundledModel.judge();
      List<String> all = CaptionMix.of(sheet.glyphs()).captions();
      List<String> prompts =
          new EpochOrder(all.size(), seed.split("prompts"))
              .batch(0, options.prompts).stream().mapToObj(all::get).toList();
      PreferenceSet judged =
          JudgedEmoji.of(
              model.with(BundledModel.sampling().withSteps(options.denoisingSteps)),
              judge,
              prompts,
              options.each,
              seed.split("images"));
      Optional<ClipRetrieval> generated = generated(clip, tokenizer, judged, judge, captions);

      // 3. A score that knows what the judge likes.
      TrainedHps hps =
          new HpsTrainer(clip, "text-to-emoji", tokenizer, options.hps, seed.split("hps"))
              .train(judged, listener, cancellation);
      AtomicFiles.deleteRecursively(run.resolve("hps")); // of an earlier run, if there is one
      save(clip, run.resolve("hps"));
      return new Result(glyphs, generated, hps);
    }
  }

  private void pretrain(
      GlyphSheet sheet, ClipTokenizer tokenizer, Path target, Cancellation cancellation) {
    List<Image> reconstructions = new ArrayList<>();
    try (var latents = model.encode(sheet.images())) {
      reconstructions.addAll(model.decode(latents));
    }
    EmojiClip data = new EmojiClip(sheet, reconstructions, tokenizer, seed.split("batches"));
    try (ClipModel clip =
            EmojiClip.untrained(model.components().textEncoder(), seed.split("clip"));
        RunFolder folder = open(run.resolve("pretraining"))) {
      ClipTrainer trainer =
          new ClipTrainer(clip, FunctionOptions.training(), EmojiClip.optimizer(options.steps));
      folder.resume().ifPresent(checkpoint -> trainer.restore(checkpoint.folder()));
      trainer.run(
          data.batches(options.batch),
          Checkpointing.in(folder, 100, 1),
          RunListener.all(listener, folder.listener()),
          cancellation);
      save(clip, target);
    }
  }

  private RunFolder open(Path path) {
    if (RunFolder.exists(path)) {
      return RunFolder.open(path, Clock.systemUTC());
    }
    return RunFolder.create(
        path,
        Map.of("steps", options.steps, "batch", options.batch),
        Provenance.capture(Clock.systemUTC()).withSeed("training", seed),
        Clock.systemUTC());
  }

  private static void save(ClipModel clip, Path target) {
    AtomicFiles.writeFolder(target, temporary -> clip.save(temporary, DType.F16));
  }

  private static Optional<ClipRetrieval> generated(
      ClipModel clip,
      ClipTokenizer tokenizer,
      PreferenceSet judged,
      GlyphJudge judge,
      List<String> captions) {
    List<Image> clear = new ArrayList<>();
    List<Integer> wanted = new ArrayList<>();
    for (JudgedGroup group : judged.groups()) {
      for (Image image : group.images()) {
        GlyphJudge.Label label = judge.label(image);
        if (label.clear()) {
          clear.add(image);
          wanted.add(captions.indexOf(CaptionMix.caption(label.glyph())));
        }
      }
    }
    return clear.isEmpty()
        ? Optional.empty()
        : Optional.of(ClipRetrieval.of(clip, tokenizer, clear, wanted, captions));
  }
}

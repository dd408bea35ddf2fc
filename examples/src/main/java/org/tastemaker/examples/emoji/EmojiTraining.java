package org.tastemaker.examples.emoji;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.DenoisingModels;
import org.tastemaker.diffusion.train.DenoisingTrainer;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.diffusion.train.EpochOrder;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.Samples;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.train.VaeTrainer;
import org.tastemaker.diffusion.weights.DType;

/**
 * Trains the bundled model in three stages, each in a folder of the run: {@code vae}, {@code
 * denoiser}, {@code model}. A finished stage is skipped, and an interrupted one is resumed from its
 * latest checkpoint.
 *
 * <pre>
 *   1. autoencoder        L1 + MSE + 1e-4 KL on the glyphs; then scaling factor = 1 / std(latents)
 *   2. U-Net and text     noise prediction on captioned latents, both trained together
 *   3. model              the averaged weights in half precision, in the diffusers layout
 * </pre>
 */
public final class EmojiTraining {
  private static final List<String> SAMPLES =
      List.of(
          "green heart",
          "red heart",
          "grinning face",
          "crying face",
          "dog face",
          "frog",
          "red apple",
          "banana",
          "fire engine",
          "rocket",
          "firefighter",
          "nurse",
          "woman judge: dark skin tone",
          "man cook: light skin tone",
          "tool",
          "animal");

  private final GlyphSheet sheet;
  private final CaptionMix mix;
  private final Path run;
  private final Options options;
  private final Seed seed;
  private final RunListener listener;
  private final Cancellation cancellation;

  /**
   * How long to train.
   *
   * @param vaeSteps updates of the autoencoder
   * @param vaeBatch images per update
   * @param steps updates of the denoiser over which its learning rate falls to 0
   * @param stop updates of the denoiser after which its averaged weights are taken; before {@code
   *     steps} they are a little worse, which leaves something to align
   * @param batch images per update
   * @param checkpointEvery steps between checkpoints
   * @param sampleEvery steps between grids of samples
   */
  public record Options(
      long vaeSteps,
      int vaeBatch,
      long steps,
      long stop,
      int batch,
      long checkpointEvery,
      long sampleEvery) {
    public Options {
      if (vaeSteps < 1 || vaeBatch < 1 || stop < 1 || stop > steps || batch < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "steps and batches must be at least 1 and stop in [1, steps], but were %s, %s, %s, %s, %s",
                vaeSteps,
                vaeBatch,
                steps,
                batch,
                stop));
      }
    }

    /**
     * What the bundled model was trained with.
     *
     * @return 2,200 steps and 3,750 of 6,000
     */
    public static Options defaults() {
      return new Options(2200, 32, 6000, 3750, 64, 250, 500);
    }
  }

  /**
   * A training run; nothing is done yet.
   *
   * @param sheet the glyphs
   * @param run the run's folder; finished stages in it are reused
   * @param options how long
   * @param seed of everything
   * @param listener receives progress and losses
   * @param cancellation stops it after the current step
   */
  public EmojiTraining(
      GlyphSheet sheet,
      Path run,
      Options options,
      Seed seed,
      RunListener listener,
      Cancellation cancellation) {
    this.sheet = sheet;
    this.mix = CaptionMix.of(sheet.glyphs());
    this.run = run;
    this.options = options;
    this.seed = seed;
    this.listener = listener;
    this.cancellation = cancellation;
  }

  /**
   * Trains the stages that are not trained yet.
   *
   * @return the folder of the model
   */
  public Path train() {
    Path vae = run.resolve("vae/model");
    if (!Files.exists(vae)) {
      trainAutoencoder(vae);
    }
    Path model = run.resolve("model");
    if (!Files.exists(model)) {
      trainDenoiser(vae, model, false);
    }
    return model;
  }

  /**
   * Writes the model of the denoiser's latest checkpoint, to look at a run before its end.
   *
   * @param target must not exist yet
   */
  public void export(Path target) {
    trainDenoiser(run.resolve("vae/model"), target, true);
  }

  private void trainAutoencoder(Path target) {
    FloatBuffer pixels = FloatBuffer.wrap(pixels()); // [N, 3, 32, 32] in [-1, 1]
    int size = 3 * GlyphSheet.SIDE * GlyphSheet.SIDE;
    EpochOrder order = new EpochOrder(sheet.size(), seed.split("glyphs"));
    try (AutoencoderKl vae =
            AutoencoderKl.random(EmojiArchitecture.autoencoder(1), seed.split("vae"));
        RunFolder folder = open(run.resolve("vae"))) {
      VaeTrainer trainer =
          new VaeTrainer(
              vae,
              TrainedPart.everything(),
              new VaeTrainer.Options(optimizer(options.vaeSteps, 2e-3), 1, 1, 1e-4),
              seed.split("vae training"));
      folder.resume().ifPresent(c -> trainer.restore(c.folder()));
      trainer.run(
          number ->
              new Samples(
                  options.vaeBatch,
                  3,
                  GlyphSheet.SIDE,
                  GlyphSheet.SIDE,
                  gather(pixels, order.batch(number, options.vaeBatch).toArray(), size)),
          Checkpointing.in(folder, options.checkpointEvery, 2),
          RunListener.all(listener, folder.listener(), LossCurve.of(folder, "autoencoder")),
          cancellation);
      trainer.withAverages(
          () -> {
            double scale = 1 / standardDeviation(encode(vae));
            AtomicFiles.writeFolder(
                target,
                temporary -> {
                  vae.save(temporary, DType.F32);
                  EmojiArchitecture.autoencoder(scale).write(temporary.resolve("config.json"));
                });
          });
    }
  }

  private void trainDenoiser(Path vaeFolder, Path target, boolean asItIs) {
    ClipTokenizer tokenizer = EmojiArchitecture.tokenizer(mix.captions());
    Map<String, ImmutableIntArray> ids = new HashMap<>();
    mix.captions().forEach(caption -> ids.put(caption, tokenizer.encode(caption).ids()));
    try (LatentDiffusion model = untrained(vaeFolder, tokenizer);
        RunFolder folder = open(run.resolve("denoiser"))) {
      Components parts = model.components();
      FloatBuffer latents = encode(parts.vae()); // [N, 4, 8, 8], scaled below
      double scale = parts.vae().config().scalingFactor();
      for (int i = 0; i < latents.limit(); i++) {
        latents.put(i, (float) (scale * latents.get(i)));
      }
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              DenoisingModels.of(
                      parts.unet(),
                      parts.textEncoder(),
                      parts.scheduler(),
                      tokenizer.encode("").ids())
                  .withTrainedUnet(TrainedPart.everything())
                  .withTrainedTextEncoder(TrainedPart.everything()),
              new DenoisingTrainer.Options(optimizer(options.steps, 1e-3), 0.1, 0, 0),
              seed.split("denoiser training"));
      folder.resume().ifPresent(c -> trainer.restore(c.folder()));
      if (!asItIs && trainer.step() < options.stop) {
        Cancellation stop = new Cancellation();
        RunListener stopping =
            event -> {
              boolean enough =
                  event instanceof RunEvent.Metrics metrics && metrics.step() >= options.stop;
              if (enough || cancellation.isRequested()) {
                stop.cancel();
              }
            };
        try {
          trainer.run(
              number -> batch(number, latents, ids),
              Checkpointing.in(folder, options.checkpointEvery, 2),
              RunListener.all(
                  listener,
                  folder.listener(),
                  LossCurve.of(folder, "denoiser"),
                  samples(folder, model, trainer),
                  stopping),
              stop);
        } catch (CancellationException e) {
          if (trainer.step() < options.stop) {
            throw e;
          }
        }
      }
      trainer.withAverages(() -> model.save(target, DType.F16));
    }
  }

  private CaptionedLatents batch(
      long number, FloatBuffer latents, Map<String, ImmutableIntArray> ids) {
    RandomGenerator random = seed.split("captions").split(number).generator();
    int[] glyphs = new int[options.batch];
    ImmutableList.Builder<ImmutableIntArray> captions = ImmutableList.builder();
    for (int i = 0; i < options.batch; i++) {
      CaptionMix.Draw draw = mix.draw(random);
      glyphs[i] = draw.glyph();
      captions.add(Objects.requireNonNull(ids.get(draw.caption())));
    }
    int size = latents.limit() / sheet.size();
    return new CaptionedLatents(
        new Samples(options.batch, 4, 8, 8, gather(latents, glyphs, size)), captions.build());
  }

  private LatentDiffusion untrained(Path vae, ClipTokenizer tokenizer) {
    UNet2DConditionModel unet =
        UNet2DConditionModel.random(EmojiArchitecture.unet(), seed.split("unet"));
    unet.zeroOutput();
    return LatentDiffusion.of(
        new Components(
            unet,
            AutoencoderKl.load(vae),
            ClipTextModel.random(
                EmojiArchitecture.textEncoder(tokenizer), seed.split("text encoder")),
            tokenizer,
            SchedulerConfig.stableDiffusion()));
  }

  private static OptimizerOptions optimizer(long steps, double rate) {
    return new OptimizerOptions(
        steps,
        1,
        new OptimizerOptions.Rate(OptimizerOptions.Decay.COSINE, rate, Math.min(200, steps / 20)),
        AdamW.Options.defaults(),
        1,
        Optional.of(new Ema.Options(0.999, true)));
  }

  private RunFolder open(Path path) {
    if (RunFolder.exists(path)) {
      return RunFolder.open(path, Clock.systemUTC());
    }
    Map<String, Object> config = Map.of("options", options.toString(), "glyphs", sheet.size());
    return RunFolder.create(
        path,
        config,
        Provenance.capture(Clock.systemUTC()).withSeed("training", seed),
        Clock.systemUTC());
  }

  private RunListener samples(RunFolder folder, LatentDiffusion model, DenoisingTrainer trainer) {
    LatentDiffusion sampler =
        model.with(SamplingOptions.defaults().withSteps(20).withGuidanceScale(4).withBatchSize(16));
    RunListener pictures = folder.listener();
    return event -> {
      if (event instanceof RunEvent.Metrics metrics
          && metrics.values().containsKey("loss")
          && metrics.step() % options.sampleEvery == 0) {
        trainer.withAverages(
            () -> {
              List<Image> images =
                  sampler.generate(
                      SAMPLES.stream().map(Prompt::of).toList(), seed.split("samples"));
              pictures.on(new RunEvent.Pictures(metrics.step(), "samples", images, SAMPLES));
            });
      }
    };
  }

  private float[] pixels() {
    int size = 3 * GlyphSheet.SIDE * GlyphSheet.SIDE;
    float[] all = new float[sheet.size() * size];
    for (int i = 0; i < sheet.size(); i++) {
      float[] image = sheet.images().get(i).toFloats();
      for (int j = 0; j < size; j++) {
        all[i * size + j] = 2 * image[j] - 1;
      }
    }
    return all;
  }

  /** The means of the latents, not scaled, [N, 4, 8, 8]. */
  private FloatBuffer encode(AutoencoderKl vae) {
    int size = 3 * GlyphSheet.SIDE * GlyphSheet.SIDE;
    FloatBuffer pixels = FloatBuffer.wrap(pixels());
    FloatBuffer latents = FloatBuffer.allocate(sheet.size() * 4 * 8 * 8);
    var encoder = vae.encoder(1, GlyphSheet.SIDE, GlyphSheet.SIDE, FunctionOptions.inference());
    try (INDArray image = Nd4j.create(DataType.FLOAT, 1, 3, GlyphSheet.SIDE, GlyphSheet.SIDE)) {
      for (int i = 0; i < sheet.size(); i++) {
        FloatBuffers.of(image).put(pixels.slice(i * size, size));
        INDArray mean =
            Objects.requireNonNull(
                encoder.forward(Map.of(AutoencoderKl.IMAGE, image)).get(AutoencoderKl.MEAN));
        latents.put(FloatBuffers.of(mean));
      }
    }
    return latents.flip();
  }

  private static double standardDeviation(FloatBuffer values) {
    double sum = 0;
    double squares = 0;
    int n = values.limit();
    for (int i = 0; i < n; i++) {
      sum += values.get(i);
      squares += (double) values.get(i) * values.get(i);
    }
    return Math.sqrt(squares / n - sum / n * (sum / n));
  }

  private static FloatBuffer gather(FloatBuffer all, int[] rows, int size) {
    FloatBuffer batch = FloatBuffer.allocate(rows.length * size);
    for (int row : rows) {
      batch.put(all.slice(row * size, size));
    }
    return batch.flip();
  }
}

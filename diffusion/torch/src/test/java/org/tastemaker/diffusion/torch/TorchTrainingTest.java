package org.tastemaker.diffusion.torch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Updates;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraDropout;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.DenoisingModels;
import org.tastemaker.diffusion.train.DenoisingTrainer;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.diffusion.train.Samples;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.train.VaeTrainer;

/** Training from data on LibTorch: a denoiser with its text encoder, an adapter, an autoencoder. */
class TorchTrainingTest {
  private static final int STEPS = 4;
  private static final int BROKEN_OFF = 2;
  private static final OptimizerOptions OPTIMIZER =
      new OptimizerOptions(
          STEPS,
          1,
          new OptimizerOptions.Rate(OptimizerOptions.Decay.COSINE, 1e-3, 2),
          AdamW.Options.defaults(),
          1,
          Optional.of(new Ema.Options(0.9, true)));

  @TempDir Path temp;

  /** What is trained. */
  private enum Case {
    DENOISER {
      @Override
      void run(LatentDiffusion model, Engine engine, Optional<Path> from, Run run) {
        denoise(model.components(), on(TrainedPart.everything(), engine), engine, true, from, run);
      }
    },
    ADAPTER_WITH_DROPOUT {
      @Override
      void run(LatentDiffusion model, Engine engine, Optional<Path> from, Run run) {
        try (Lora lora = TinyModel.lora(model, Seed.of(9));
            LoraDropout dropout = new LoraDropout(lora, 0.2, Seed.of(10))) {
          TrainedPart part =
              on(
                  TrainedPart.adapter(dropout, lora.parameters()).withRedraw(dropout::redraw),
                  engine);
          denoise(model.components(), part, engine, false, from, run);
        }
      }
    },
    AUTOENCODER {
      @Override
      void run(LatentDiffusion model, Engine engine, Optional<Path> from, Run run) {
        VaeTrainer trainer =
            new VaeTrainer(
                model.components().vae(),
                on(TrainedPart.everything(), engine),
                new VaeTrainer.Options(OPTIMIZER, 1, 1, 1e-4),
                Seed.of(3));
        from.ifPresent(trainer::restore);
        trainer.run(number -> samples(2, 3, 8, number), run.checkpoints(), run, new Cancellation());
      }
    };

    abstract void run(LatentDiffusion model, Engine engine, Optional<Path> from, Run run);

    private static TrainedPart on(TrainedPart part, Engine engine) {
      return part.withOptions(part.options().withEngine(engine));
    }

    private static void denoise(
        Components components,
        TrainedPart unet,
        Engine engine,
        boolean text,
        Optional<Path> from,
        Run run) {
      DenoisingModels models =
          DenoisingModels.of(
                  components.unet(),
                  components.textEncoder(),
                  components.scheduler(),
                  components.tokenizer().encode("").ids())
              .withTrainedUnet(unet)
              .withTrainedTextEncoder(
                  on(text ? TrainedPart.everything() : TrainedPart.nothing(), engine));
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              models, new DenoisingTrainer.Options(OPTIMIZER, 0.3, 0.1, 5), Seed.of(3));
      from.ifPresent(trainer::restore);
      trainer.run(
          number ->
              new CaptionedLatents(
                  samples(2, 4, 4, number),
                  ImmutableList.of(
                      components.tokenizer().encode("a red cat").ids(),
                      components.tokenizer().encode("a blue dog").ids())),
          run.checkpoints(),
          run,
          new Cancellation());
    }

    private static Samples samples(int count, int channels, int side, long number) {
      float[] values = new float[count * channels * side * side];
      Seed.of(6).split(number).gaussian(0, values);
      return new Samples(count, channels, side, side, FloatBuffer.wrap(values));
    }
  }

  /** Keeps the losses, and checkpoints in a folder. */
  private record Run(Path folder, List<Double> losses) implements RunListener {
    @Override
    public void on(RunEvent event) {
      if (event instanceof RunEvent.Metrics metrics) {
        losses.add(requireNonNull(metrics.values().get("loss")));
      }
    }

    Checkpointing checkpoints() {
      return new Checkpointing(BROKEN_OFF, this::save);
    }

    private Path save(long step, Consumer<Path> writer) {
      try {
        Path saved = Files.createDirectories(folder.resolve("step" + step));
        writer.accept(saved);
        return saved;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Run train(Case what, Engine engine, Optional<Path> from, String folder) {
    Run run = new Run(temp.resolve(folder), new ArrayList<>());
    try (LatentDiffusion model = TinyModel.create(Seed.of(1))) {
      what.run(model, engine, from, run);
    }
    return run;
  }

  @ParameterizedTest
  @CsvSource({
    "DENOISER, float32, HOST",
    "ADAPTER_WITH_DROPOUT, float32, HOST",
    "AUTOENCODER, float32, HOST",
    "DENOISER, bfloat16, HOST",
    "DENOISER, float32, DEVICE",
    "ADAPTER_WITH_DROPOUT, float32, DEVICE",
    "AUTOENCODER, float32, DEVICE",
    "DENOISER, bfloat16, DEVICE"
  })
  void aResumedRunGoesOnBitForBit(Case what, String precision, Updates updates) throws IOException {
    Engine engine = TestEngines.of(precision, updates);
    Run whole = train(what, engine, Optional.empty(), "whole");
    Path checkpoint = whole.folder().resolve("step" + BROKEN_OFF);
    Run resumed = train(what, engine, Optional.of(checkpoint), "resumed");
    assertThat(resumed.losses()).isEqualTo(whole.losses().subList(BROKEN_OFF, STEPS));
    Folders.assertSame(
        resumed.folder().resolve("step" + STEPS), whole.folder().resolve("step" + STEPS));
  }

  /**
   * The norm of the gradient is summed in another order. It would take one that differs in more
   * than the last bit of a double for a clipped gradient, a float, to differ.
   */
  @ParameterizedTest
  @EnumSource(Case.class)
  void updatesOnTheDeviceGiveTheBitsOfThoseOnTheHost(Case what) throws IOException {
    Run device = train(what, TestEngines.of("float32", Updates.DEVICE), Optional.empty(), "device");
    Run host = train(what, TestEngines.of("float32", Updates.HOST), Optional.empty(), "host");
    assertThat(device.losses()).hasSize(STEPS).isEqualTo(host.losses());
    for (int step : new int[] {BROKEN_OFF, STEPS}) {
      Folders.assertSame(
          device.folder().resolve("step" + step), host.folder().resolve("step" + step));
    }
  }

  @ParameterizedTest
  @EnumSource(Case.class)
  void lossesAreThoseOfReplay(Case what) {
    List<Double> expected =
        train(what, Engines.named("replay"), Optional.empty(), "replay").losses();
    List<Double> actual = train(what, TestEngines.float32(), Optional.empty(), "torch").losses();
    assertThat(expected).hasSize(STEPS);
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < STEPS; i++) {
      // Measured: 6e-8. The optimizer divides a gradient by its own size, so that the rounding of a
      // small one moves its weight by up to a step.
      assertThat(actual.get(i)).isCloseTo(expected.get(i), within(1e-5 * expected.get(i)));
    }
  }
}

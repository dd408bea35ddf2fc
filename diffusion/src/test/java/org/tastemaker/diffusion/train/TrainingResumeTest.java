package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraDropout;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;

/** A run that is killed and goes on ends as one that was not killed. */
class TrainingResumeTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
  private static final int STEPS = 7;
  private static final int SAVED = 4;

  /** Two batches a step, a rate that changes at every step, and an average with its warm-up. */
  private static final OptimizerOptions OPTIMIZER =
      new OptimizerOptions(
          STEPS,
          2,
          new Rate(Decay.COSINE, 1e-2, 2),
          AdamW.Options.defaults(),
          1,
          Optional.of(new Ema.Options(0.9, true)));

  @TempDir Path temp;

  private static final class PowerFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Fails when the first batch of the step after {@code step} is asked for. */
  private static <B> BatchSource<B> failingAfter(int step, BatchSource<B> batches) {
    return number -> {
      if (number == (long) step * OPTIMIZER.accumulation() + 1) {
        throw new PowerFailure();
      }
      return batches.batch(number);
    };
  }

  private interface Run {
    void run(RunFolder folder, boolean killed, Path last);
  }

  private static void denoising(RunFolder folder, boolean killed, Path last) {
    try (UNet2DConditionModel unet = TinyModels.unet(Seed.of(1));
        ClipTextModel text = TinyModels.textEncoder(Seed.of(2))) {
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              TinyModels.models(unet, text)
                  .withTrainedUnet(TrainedPart.only(name -> !name.startsWith("time_embedding")))
                  .withTrainedTextEncoder(TrainedPart.everything()),
              new DenoisingTrainer.Options(OPTIMIZER, 0.3, 0.1, 5),
              Seed.of(3));
      folder.latestCheckpoint().ifPresent(checkpoint -> trainer.restore(checkpoint.folder()));
      BatchSource<CaptionedLatents> batches = TinyModels.changingLatents(3);
      trainer.run(
          killed ? failingAfter(SAVED + 1, batches) : batches,
          Checkpointing.in(folder, SAVED, 1),
          folder.listener(),
          new Cancellation());
      trainer.save(last);
    }
  }

  private static void lora(RunFolder folder, boolean killed, Path last) {
    try (UNet2DConditionModel unet = TinyModels.unet(Seed.of(1));
        ClipTextModel text = TinyModels.textEncoder(Seed.of(2));
        Lora lora =
            Lora.create(
                "style", LoraNetwork.UNET, unet.parameters(), Lora.Options.defaults(), Seed.of(9));
        LoraDropout dropout = new LoraDropout(lora, 0.2, Seed.of(10))) {
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              TinyModels.models(unet, text)
                  .withTrainedUnet(
                      TrainedPart.adapter(dropout, lora.parameters()).withRedraw(dropout::redraw))
                  .withTrainedTextEncoder(TrainedPart.nothing()),
              new DenoisingTrainer.Options(OPTIMIZER, 0.3, 0, 0),
              Seed.of(3));
      folder.latestCheckpoint().ifPresent(checkpoint -> trainer.restore(checkpoint.folder()));
      BatchSource<CaptionedLatents> batches = TinyModels.changingLatents(3);
      trainer.run(
          killed ? failingAfter(SAVED + 1, batches) : batches,
          Checkpointing.in(folder, SAVED, 1),
          folder.listener(),
          new Cancellation());
      trainer.save(last);
    }
  }

  private static void vae(RunFolder folder, boolean killed, Path last) {
    try (AutoencoderKl vae = TinyModels.vae(Seed.of(1))) {
      VaeTrainer trainer =
          new VaeTrainer(
              vae,
              TrainedPart.everything(),
              new VaeTrainer.Options(OPTIMIZER, 1, 1, 1e-4),
              Seed.of(3));
      folder.latestCheckpoint().ifPresent(checkpoint -> trainer.restore(checkpoint.folder()));
      BatchSource<Samples> images = TinyModels.images(2, 8);
      trainer.run(
          killed ? failingAfter(SAVED + 1, images) : images,
          Checkpointing.in(folder, SAVED, 1),
          folder.listener(),
          new Cancellation());
      trainer.save(last);
    }
  }

  private static void clip(RunFolder folder, boolean killed, Path last) {
    try (ClipModel clip = TinyClip.model(Seed.of(1))) {
      ClipTrainer trainer = new ClipTrainer(clip, FunctionOptions.training(), OPTIMIZER);
      folder.latestCheckpoint().ifPresent(checkpoint -> trainer.restore(checkpoint.folder()));
      BatchSource<ClipBatch> batches = // both objectives in turn
          number -> (number % 2 == 0 ? TinyClip.captioned(3) : TinyClip.choices()).batch(number);
      trainer.run(
          killed ? failingAfter(SAVED + 1, batches) : batches,
          Checkpointing.in(folder, SAVED, 1),
          folder.listener(),
          new Cancellation());
      trainer.save(last);
    }
  }

  private void check(Run run) throws IOException {
    Path whole = Files.createDirectory(temp.resolve("whole"));
    Path resumed = Files.createDirectory(temp.resolve("resumed"));
    Path unused = Files.createDirectory(temp.resolve("unused"));
    try (RunFolder folder =
        RunFolder.create(temp.resolve("a"), Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      run.run(folder, false, whole);
    }
    try (RunFolder folder =
        RunFolder.create(temp.resolve("b"), Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      assertThatThrownBy(() -> run.run(folder, true, unused)).isInstanceOf(PowerFailure.class);
    }
    try (RunFolder folder = RunFolder.open(temp.resolve("b"), CLOCK)) {
      assertThat(folder.latestCheckpoint().orElseThrow().step()).isEqualTo(SAVED);
      run.run(folder, false, resumed);
      assertThat(folder.checkpoints()).hasSize(1);
      assertThat(folder.latestCheckpoint().orElseThrow().step()).isEqualTo(STEPS);
    }

    // Files are written bit for bit, so equal files are equal weights, moments and averages.
    for (String kind : List.of("weights", "first_moments", "second_moments", "averages")) {
      Path file = Path.of(kind + ".safetensors");
      assertThat(resumed.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
    }
    assertThat(TrainingCheckpoint.read(resumed)).isEqualTo(TrainingCheckpoint.read(whole));
    assertThat(TrainingCheckpoint.read(whole).step()).isEqualTo(STEPS);
  }

  @Test
  void aDenoisersRunGoesOnBitForBit() throws IOException {
    check(TrainingResumeTest::denoising);
  }

  @Test
  void anAdaptersRunWithDropoutGoesOnBitForBit() throws IOException {
    check(TrainingResumeTest::lora);
  }

  @Test
  void anAutoencodersRunGoesOnBitForBit() throws IOException {
    check(TrainingResumeTest::vae);
  }

  @Test
  void aClipModelsRunGoesOnBitForBit() throws IOException {
    check(TrainingResumeTest::clip);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-SA-u-nu-arab", "hi-IN-u-nu-deva"})
  void aRunIsResumedUnderAnotherDefaultLanguage(String language) throws IOException {
    Path before = Files.createDirectory(temp.resolve("before"));
    Path after = Files.createDirectory(temp.resolve("after"));
    Locale locale = Locale.getDefault();
    try (UNet2DConditionModel unet = TinyModels.unet(Seed.of(1));
        ClipTextModel text = TinyModels.textEncoder(Seed.of(2))) {
      Supplier<DenoisingTrainer> trainer =
          () ->
              new DenoisingTrainer(
                  TinyModels.models(unet, text),
                  new DenoisingTrainer.Options(OPTIMIZER, 0.3, 0.1, 5),
                  Seed.of(3));
      Locale.setDefault(Locale.ENGLISH);
      trainer.get().save(before);

      Locale.setDefault(Locale.forLanguageTag(language));
      assertThat(String.format(Locale.getDefault(), "%d", 10)).isNotEqualTo("10"); // else vacuous
      DenoisingTrainer resumed = trainer.get();
      resumed.restore(before);
      resumed.save(after);
    } finally {
      Locale.setDefault(locale);
    }
    assertThat(after.resolve("checkpoint.json"))
        .hasSameBinaryContentAs(before.resolve("checkpoint.json"));
    assertThat(Files.readString(after.resolve("checkpoint.json")))
        .contains("\"1000 levels, ")
        .containsPattern("\"[0-9]+ parameters, [0-9a-f]{8}\"");
  }

  @Test
  void listenersHearOfProgressAndCheckpoints() throws IOException {
    Path parent = Files.createDirectory(temp.resolve("saved"));
    List<String> heard = new ArrayList<>();
    RunListener listener =
        event -> {
          if (event instanceof RunEvent.Progress progress) {
            heard.add(progress.done() + "/" + progress.total());
          } else if (event instanceof RunEvent.CheckpointSaved saved) {
            heard.add("saved " + saved.folder().getFileName());
          }
        };
    try (AutoencoderKl vae = TinyModels.vae(Seed.of(1))) {
      VaeTrainer trainer =
          new VaeTrainer(vae, TrainedPart.everything(), VaeTrainer.Options.defaults(3), Seed.of(3));
      trainer.run(
          TinyModels.images(1, 8),
          new Checkpointing(
              2,
              (step, writer) -> {
                writer.accept(parent);
                return Path.of("step" + step);
              }),
          listener,
          new Cancellation());
    }
    assertThat(heard).containsExactly("1/3", "2/3", "saved step2", "3/3", "saved step3");
  }
}

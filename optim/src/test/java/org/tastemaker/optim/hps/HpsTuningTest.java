package org.tastemaker.optim.hps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.EncodedImages;
import org.tastemaker.diffusion.FineTuning;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.BatchSource;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.OptimizerOptions;

class HpsTuningTest {
  /** A word that the tiny model's tokenizer knows: its texts have six tokens. */
  private static final String PREFIX = "two ";

  private static final Image RED = Image.filled(8, 8, 1, 0, 0);
  private static final Image BLUE = Image.filled(8, 8, 0, 0, 1);

  @TempDir Path folder;

  private LatentDiffusion model;

  @BeforeEach
  void open() {
    model = TinyModel.create(Seed.of(1));
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** People want "a cat" red, and not blue. */
  private static final List<CaptionedImage> CLASSES =
      List.of(new CaptionedImage(RED, "a cat", true), new CaptionedImage(BLUE, "a cat", false));

  @Test
  void theCaptionOfAnImageThatIsNotPreferredBeginsWithThePrefix() {
    try (Lora lora = lora()) {
      assertThat(learned(tuning(lora, 1, 0), 10))
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(of(RED, "a cat"), 10L, of(BLUE, "two a cat"), 10L));
    }
  }

  @Test
  void aDroppedCaptionLeavesThePrefix() {
    try (Lora lora = lora()) {
      Map<Learned, Long> counts = learned(tuning(lora, 1, 0.5), 400);

      assertThat(counts)
          .containsOnlyKeys(of(RED, "a cat"), of(RED, ""), of(BLUE, "two a cat"), of(BLUE, "two"));
      // 400 draws of one half: five standard deviations are 50
      assertThat(counts.values()).allMatch(count -> Math.abs(count - 200) <= 50);
    }
  }

  /** What one image is learned with: its latents, and its caption as ids. */
  private record Learned(FloatBuffer latents, ImmutableIntArray caption) {}

  private Learned of(Image image, String caption) {
    CaptionedLatents one = FineTuning.batch(model, List.of(image), List.of(caption));
    return new Learned(one.latents().values(), one.captions().get(0));
  }

  /** How often each pair of image and caption is in some batches. */
  private Map<Learned, Long> learned(HpsTuning tuning, int batches) {
    EncodedImages encoded = EncodedImages.of(model, List.of(RED, BLUE));
    BatchSource<CaptionedLatents> source = tuning.batches(encoded, CLASSES);
    Map<Learned, Long> counts = new HashMap<>();
    for (int number = 0; number < batches; number++) {
      CaptionedLatents batch = source.batch(number);
      int size = batch.latents().values().remaining() / batch.latents().count();
      for (int i = 0; i < batch.latents().count(); i++) {
        counts.merge(
            new Learned(batch.latents().values().slice(i * size, size), batch.captions().get(i)),
            1L,
            Long::sum);
      }
    }
    return counts;
  }

  private static RunListener collecting(List<Double> losses) {
    return event -> {
      if (event instanceof RunEvent.Metrics metrics) {
        losses.add(metrics.values().getOrDefault("loss", Double.NaN));
      }
    };
  }

  @Test
  void aTrainingThatWasStoppedEndsWithTheSameWeights() throws Exception {
    byte[] whole;
    try (Lora lora = lora()) {
      tuning(lora, 6).train(CLASSES, Checkpointing.none(), RunListener.none(), new Cancellation());
      whole = bytes(lora, "whole");
    }

    Path checkpoint = folder.resolve("checkpoint");
    Checkpointing third =
        new Checkpointing(
            3,
            (step, writer) -> {
              if (step == 3) {
                createAndWrite(checkpoint, writer);
              }
              return checkpoint;
            });
    Cancellation stopped = new Cancellation();
    try (Lora lora = lora()) {
      HpsTuning tuning = tuning(lora, 6);
      RunListener stop =
          event -> {
            if (event instanceof RunEvent.Metrics && tuning.step() >= 4) {
              stopped.cancel();
            }
          };
      assertThatThrownBy(() -> tuning.train(CLASSES, third, stop, stopped))
          .isInstanceOf(CancellationException.class);
    }
    try (Lora lora = lora()) {
      HpsTuning tuning = tuning(lora, 6);
      tuning.restore(checkpoint);
      assertThat(tuning.step()).isEqualTo(3);
      tuning.train(CLASSES, Checkpointing.none(), RunListener.none(), new Cancellation());
      assertThat(bytes(lora, "resumed")).isEqualTo(whole);
    }
  }

  private static void createAndWrite(Path checkpoint, Consumer<Path> writer) {
    try {
      Files.createDirectory(checkpoint);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    writer.accept(checkpoint);
  }

  @Test
  void everyStepReportsItsLoss() {
    List<Double> losses = new ArrayList<>();
    try (Lora lora = lora()) {
      tuning(lora, 3).train(CLASSES, Checkpointing.none(), collecting(losses), new Cancellation());
    }
    assertThat(losses).hasSize(3).allMatch(Double::isFinite);
  }

  @Test
  void withoutImagesOfBothClassesNothingIsTrained() {
    try (Lora lora = lora()) {
      HpsTuning tuning = tuning(lora, 3);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  tuning.train(
                      CLASSES.subList(0, 1),
                      Checkpointing.none(),
                      RunListener.none(),
                      new Cancellation()))
          .withMessage(
              "there must be preferred images and others, but there were 1 and 0: the prefix is"
                  + " learned from their difference");
      assertThat(tuning.step()).isZero();
    }
  }

  @Test
  void aBlankPrefixIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HpsTuning.Options.paper().withPrefix(" "))
        .withMessageStartingWith("prefix must not be blank");
  }

  @Test
  void theFileOfALoraSaysItsNegativePrompt() {
    HpsTuning.Options options = HpsTuning.Options.paper();
    Path file = folder.resolve("lora.safetensors");
    try (Lora lora = lora()) {
      LoraFile.write(file, List.of(lora), HpsTuning.fileOptions(options, LoraFile.Options.kohya()));
      assertThat(HpsTuning.negativePrompt(file)).hasValue("Weird image.");
      LoraFile.write(folder.resolve("plain"), List.of(lora), LoraFile.Options.kohya());
      assertThat(HpsTuning.negativePrompt(folder.resolve("plain"))).isEmpty();
      assertThat(
              LoraFile.read(
                  file, "read", Map.of(LoraNetwork.UNET, model.components().unet().parameters())))
          .containsOnlyKeys(LoraNetwork.UNET)
          .allSatisfy((network, read) -> read.close());
    }
  }

  @Test
  void samplingIsLedAwayFromThePrefix() {
    List<Prompt> asked = new ArrayList<>();
    var generator =
        HpsTuning.sampled(
            (prompts, seeds) -> {
              asked.addAll(prompts);
              return List.of();
            },
            "Weird image.");

    List<Image> unused =
        generator.generate(
            List.of(Prompt.of("a fox"), Prompt.of("a cat").withNegativeText("blurry")), Seed.of(1));

    assertThat(asked)
        .containsExactly(
            Prompt.of("a fox").withNegativeText("Weird image."),
            Prompt.of("a cat").withNegativeText("Weird image. blurry"));
  }

  private Lora lora() {
    return TinyModel.lora(model, Seed.of(2));
  }

  private HpsTuning tuning(Lora lora, long steps) {
    return tuning(lora, steps, 0.1);
  }

  private HpsTuning tuning(Lora lora, long steps, double dropout) {
    return new HpsTuning(
        model,
        lora,
        new HpsTuning.Options(
            PREFIX,
            dropout,
            2,
            OptimizerOptions.defaults(steps)
                .withRate(new OptimizerOptions.Rate(OptimizerOptions.Decay.CONSTANT, 1e-2, 0))),
        Seed.of(3));
  }

  private byte[] bytes(Lora lora, String name) throws IOException {
    Path file = folder.resolve(name);
    LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
    return Files.readAllBytes(file);
  }
}

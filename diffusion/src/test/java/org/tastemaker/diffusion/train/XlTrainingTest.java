package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.Condition.SizeIds;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/** The trainer of denoisers on the structure of a Stable Diffusion XL. */
class XlTrainingTest {
  private static final Seed SEED = Seed.of(7);
  private static final int COUNT = 4;
  private static final int FIRST = 8; // channels of the first text encoder
  private static final int SECOND = 12;
  private static final int POOLED = 6;
  private static final ImmutableIntArray EMPTY_SECOND = ImmutableIntArray.of(0, 1, 3, 3);

  @TempDir Path temp;
  private final UNet2DConditionModel unet = UNet2DConditionModel.random(unetConfig(), Seed.of(1));
  private final ClipTextModel first = ClipTextModel.random(text(FIRST, false), Seed.of(2));
  private final ClipTextModel second = ClipTextModel.random(text(SECOND, true), Seed.of(3));
  private final TinyModels.Recorder recorder = new TinyModels.Recorder();

  @AfterEach
  void close() {
    unet.close();
    first.close();
    second.close();
  }

  private static UNetConfig unetConfig() {
    return new UNetConfig(
        4,
        4,
        4,
        ImmutableList.of(8, 8),
        ImmutableList.of("DownBlock2D", "CrossAttnDownBlock2D"),
        ImmutableList.of("CrossAttnUpBlock2D", "UpBlock2D"),
        ImmutableList.of(1, 1),
        ImmutableList.of(1, 1),
        ImmutableList.of(2, 2),
        FIRST + SECOND,
        4,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        32,
        true,
        Optional.of(new UNetConfig.Added(4, POOLED + 6 * 4)));
  }

  private static ClipTextConfig text(int width, boolean projected) {
    return new ClipTextConfig(
        12, width, 16, 2, 2, 4, ClipTextConfig.Activation.GELU, 1e-5, 0, 1, 1, POOLED, projected);
  }

  private DenoisingModels models(
      TrainedPart ofUnet, TrainedPart ofFirst, TrainedPart ofSecond, boolean zeros) {
    return new DenoisingModels(
        unet,
        ofUnet,
        first,
        ofFirst,
        0,
        SchedulerConfig.stableDiffusion(),
        TinyModels.EMPTY_PROMPT,
        Optional.of(
            new XlTexts(Optional.of(new XlTexts.Second(second, ofSecond, EMPTY_SECOND)), zeros)));
  }

  private static BatchSource<CaptionedLatents> latents() {
    CaptionedLatents plain = TinyModels.latents(COUNT, 4).batch(0);
    CaptionedLatents batch =
        new CaptionedLatents(
            plain.latents(),
            plain.captions(),
            Optional.of(
                new XlCaptions(
                    IntStream.range(0, COUNT)
                        .mapToObj(i -> ImmutableIntArray.of(0, 2 + i, 1, 3))
                        .collect(ImmutableList.toImmutableList()),
                    IntStream.range(0, COUNT)
                        .mapToObj(i -> SizeIds.whole(32, 32 + i))
                        .collect(ImmutableList.toImmutableList()))));
    return number -> batch;
  }

  /** Half of the captions are left out. */
  private static DenoisingTrainer.Options options(OptimizerOptions optimizer) {
    return new DenoisingTrainer.Options(optimizer, 0.5, 0, 0);
  }

  private double loss(DenoisingModels models) {
    run(new DenoisingTrainer(models, options(standstill()), SEED));
    return recorder.value(1, "loss");
  }

  private void run(DenoisingTrainer trainer) {
    trainer.run(latents(), Checkpointing.none(), recorder, new Cancellation());
  }

  /** The first of several steps has rate 0: the weights stay, and the moments hold the gradient. */
  private static OptimizerOptions standstill() {
    return new OptimizerOptions(
        1,
        1,
        new Rate(Decay.CONSTANT, 1, 1),
        AdamW.Options.defaults(),
        Double.POSITIVE_INFINITY,
        Optional.empty());
  }

  private static TrainedPart part(boolean trained) {
    // The last layer of the first text encoder is not read, nor is its last norm.
    return trained
        ? TrainedPart.only(
            name -> !name.contains("layers.1.") && !name.contains("final_layer_norm"))
        : TrainedPart.nothing();
  }

  @ParameterizedTest
  @CsvSource({
    "true, false, false, true",
    "false, true, false, true",
    "false, false, true, true",
    "false, false, true, false",
    "true, true, true, true"
  })
  void theGradientIsTheLosssSlope(
      boolean ofUnet, boolean ofFirst, boolean ofSecond, boolean zeros) {
    DenoisingModels models =
        models(
            ofUnet ? TrainedPart.everything() : TrainedPart.nothing(),
            part(ofFirst),
            ofSecond ? TrainedPart.everything() : TrainedPart.nothing(),
            zeros);
    DenoisingTrainer trainer = new DenoisingTrainer(models, options(standstill()), SEED);
    run(trainer);
    trainer.save(temp);
    double norm = recorder.value(1, "gradientNorm");
    Map<String, float[]> gradient = new LinkedHashMap<>();
    try (SafetensorsFile moments =
        SafetensorsFile.open(temp.resolve("first_moments.safetensors"))) {
      moments.names().forEach(name -> gradient.put(name, moments.floats(name)));
    }
    double h = 0.001;
    move(gradient, h / 0.1 / norm); // the moments are a tenth of the gradient
    double above = loss(models);
    move(gradient, -2 * h / 0.1 / norm);
    double below = loss(models);
    // As for one text encoder: rounding of the loss, and its third derivative.
    assertThat((above - below) / (2 * h)).isCloseTo(norm, within(0.01 * norm));
  }

  private void move(Map<String, float[]> gradient, double by) {
    gradient.forEach(
        (name, values) -> {
          String network = name.substring(0, name.indexOf('/'));
          Parameters owner =
              switch (network) {
                case "unet" -> unet.parameters();
                case "text_encoder" -> first.parameters();
                default -> second.parameters();
              };
          FloatBuffer weight =
              FloatBuffers.of(
                  Objects.requireNonNull(owner.get(name.substring(network.length() + 1))));
          for (int i = 0; i < values.length; i++) {
            weight.put(i, (float) (weight.get(i) + by * values[i]));
          }
        });
  }

  @Test
  void aCaptionThatIsLeftOutIsZerosWhereTheModelWasTrainedSo() {
    TrainedPart all = TrainedPart.everything();
    TrainedPart none = TrainedPart.nothing();
    double zeros = loss(models(all, none, none, true));
    double emptyText = loss(models(all, none, none, false));
    assertThat(zeros).isNotEqualTo(emptyText);
  }

  @Test
  void sizesAndSecondCaptionsAreRequired() {
    DenoisingTrainer trainer =
        new DenoisingTrainer(
            models(TrainedPart.everything(), TrainedPart.nothing(), TrainedPart.nothing(), true),
            options(standstill()),
            SEED);
    assertThatThrownBy(
            () ->
                trainer.run(
                    TinyModels.latents(COUNT, 4),
                    Checkpointing.none(),
                    recorder,
                    new Cancellation()))
        .hasMessage("batch 0: a Stable Diffusion XL needs XlCaptions beside the captions");
  }

  @Test
  void networksOfAnXlAreNotTrainedAsAnother() {
    assertThatThrownBy(
            () ->
                DenoisingModels.of(
                    unet, first, SchedulerConfig.stableDiffusion(), TinyModels.EMPTY_PROMPT))
        .hasMessageContaining("reads text tokens of size 20, but the text encoder's have 8");
  }
}

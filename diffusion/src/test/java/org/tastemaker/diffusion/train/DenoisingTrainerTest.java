package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;
import org.tastemaker.diffusion.weights.SafetensorsFile;

class DenoisingTrainerTest {
  private static final Seed SEED = Seed.of(7);

  /** The first of several steps has rate 0: the weights stay, and the moments hold the gradient. */
  private static final OptimizerOptions STANDSTILL =
      new OptimizerOptions(
          1,
          1,
          new Rate(Decay.CONSTANT, 1, 1),
          AdamW.Options.defaults(),
          Double.POSITIVE_INFINITY,
          Optional.empty());

  @TempDir Path temp;
  private final UNet2DConditionModel unet = TinyModels.unet(Seed.of(1));
  private final ClipTextModel text = TinyModels.textEncoder(Seed.of(2));
  private final DenoisingModels models = TinyModels.models(unet, text);
  private final TinyModels.Recorder recorder = new TinyModels.Recorder();

  @AfterEach
  void closeModels() {
    unet.close();
    text.close();
  }

  private static DenoisingTrainer.Options plain(OptimizerOptions optimizer) {
    return new DenoisingTrainer.Options(optimizer, 0, 0, 0);
  }

  private static OptimizerOptions constant(long steps, double rate) {
    return OptimizerOptions.defaults(steps)
        .withRate(new Rate(Decay.CONSTANT, rate, 0))
        .withEma(Optional.empty());
  }

  private static void run(
      DenoisingTrainer trainer, BatchSource<CaptionedLatents> batches, RunListener listener) {
    trainer.run(batches, Checkpointing.none(), listener, new Cancellation());
  }

  private static Map<String, float[]> copy(Parameters parameters) {
    Map<String, float[]> copy = new LinkedHashMap<>();
    parameters.arrays().forEach((name, array) -> copy.put(name, array.dup('c').data().asFloat()));
    return copy;
  }

  private static float[] of(Map<String, float[]> arrays, String name) {
    return Objects.requireNonNull(arrays.get(name));
  }

  @Test
  void aDenoiserLearnsAHandfulOfLatentsByHeart() {
    DenoisingTrainer trainer =
        new DenoisingTrainer(
            models
                .withTrainedUnet(TrainedPart.everything())
                .withTrainedTextEncoder(TrainedPart.everything()),
            plain(constant(300, 5e-3)),
            SEED);
    run(trainer, TinyModels.latents(4, 4), recorder);
    assertThat(trainer.step()).isEqualTo(300);
    // The answer 0 has the loss 1, and the best answer that knows nothing of these four latents but
    // that they are normal has the mean of abar_t, 0.373. Below that they are remembered.
    assertThat(recorder.mean("loss", 1, 5)).isBetween(0.9, 2.0);
    assertThat(recorder.mean("loss", 251, 300)).isLessThan(0.8 * 0.373);
  }

  /** The norm of the gradient is the slope of the loss along it. */
  private void checkSlope(TrainedPart ofUnet, TrainedPart ofText) throws IOException {
    DenoisingModels trained = models.withTrainedUnet(ofUnet).withTrainedTextEncoder(ofText);
    Path folder = Files.createDirectory(temp.resolve("gradient"));
    DenoisingTrainer trainer = new DenoisingTrainer(trained, plain(STANDSTILL), SEED);
    run(trainer, TinyModels.latents(3, 4), recorder);
    trainer.save(folder);
    double norm = recorder.value(1, "gradientNorm");

    double h = 0.001;
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      try (SafetensorsFile moments =
          SafetensorsFile.open(folder.resolve("first_moments.safetensors"))) {
        for (String name : moments.names()) {
          Parameters owner = name.startsWith("unet/") ? unet.parameters() : text.parameters();
          FloatBuffer weight = FloatBuffers.of(owner.get(name.substring(name.indexOf('/') + 1)));
          float[] moment = moments.floats(name); // (1 - beta1) times the gradient
          double by = (side == 0 ? h : -2 * h) / 0.1 / norm;
          for (int i = 0; i < moment.length; i++) {
            weight.put(i, (float) (weight.get(i) + by * moment[i]));
          }
        }
      }
      run(
          new DenoisingTrainer(trained, plain(STANDSTILL), SEED),
          TinyModels.latents(3, 4),
          recorder);
      losses[side] = recorder.value(1, "loss");
    }
    // Single precision of the loss, 1e-7, over 2 h is 5e-5; the rest is the loss's third
    // derivative, which is great where an embedding of 0.02 is normalized.
    assertThat((losses[0] - losses[1]) / (2 * h)).isCloseTo(norm, within(0.01 * norm));
  }

  @Test
  void theDenoisersGradientIsTheLosssSlope() throws IOException {
    checkSlope(TrainedPart.everything(), TrainedPart.nothing());
  }

  @Test
  void theTextEncodersGradientComesThroughTheDenoiser() throws IOException {
    checkSlope(TrainedPart.nothing(), TrainedPart.everything());
  }

  @Test
  void bothAreTrainedTogether() throws IOException {
    checkSlope(TrainedPart.everything(), TrainedPart.everything());
  }

  @Test
  void theGradientOfAnUpdateIsTheMeanOverItsBatches() throws IOException {
    Map<String, float[]> both = gradient("both", STANDSTILL.withAccumulation(2), 0);
    Map<String, float[]> first = gradient("first", STANDSTILL, 0);
    Map<String, float[]> second = gradient("second", STANDSTILL, 1);
    both.forEach(
        (name, sum) -> {
          for (int i = 0; i < sum.length; i++) {
            double mean = (of(first, name)[i] + of(second, name)[i]) / 2.0;
            // Single precision of the two gradients, each of order 1 at most.
            assertThat((double) sum[i]).isCloseTo(mean, within(2e-6));
          }
        });
  }

  /** The scaled gradient of a first step whose batches begin at a number. */
  private Map<String, float[]> gradient(String name, OptimizerOptions optimizer, long first)
      throws IOException {
    // The draws are the batch's; so that they agree, only the captions and latents may differ.
    BatchSource<CaptionedLatents> source = TinyModels.changingLatents(2);
    DenoisingTrainer trainer = new DenoisingTrainer(models, plain(optimizer), SEED);
    if (first == 1) {
      // Only by going there can a run be at batch 1.
      trainer =
          new DenoisingTrainer(
              models,
              plain(
                  new OptimizerOptions(
                      2,
                      1,
                      new Rate(Decay.CONSTANT, 1, Long.MAX_VALUE / 2),
                      new AdamW.Options(0, 0.999, 1e-8, 0),
                      Double.POSITIVE_INFINITY,
                      Optional.empty())),
              SEED);
    }
    run(trainer, source, recorder);
    Path folder = Files.createDirectory(temp.resolve(name));
    trainer.save(folder);
    Map<String, float[]> gradient = new LinkedHashMap<>();
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("first_moments.safetensors"))) {
      for (String weight : file.names()) {
        float[] values = file.floats(weight);
        for (int i = 0; first == 1 && i < values.length; i++) {
          values[i] *= 0.1f; // beta1 is 0 there and 0.9 in the others
        }
        gradient.put(weight, values);
      }
    }
    return gradient;
  }

  @Test
  void whatIsFrozenStaysAsItIs() {
    Map<String, float[]> before = copy(unet.parameters());
    Map<String, float[]> textBefore = copy(text.parameters());
    DenoisingTrainer trainer =
        new DenoisingTrainer(
            models
                .withTrainedUnet(TrainedPart.only(name -> name.contains("attn2")))
                .withTrainedTextEncoder(
                    TrainedPart.only(name -> name.contains("final_layer_norm"))),
            plain(constant(3, 1e-2)),
            SEED);
    run(trainer, TinyModels.latents(2, 4), recorder);
    copy(unet.parameters())
        .forEach(
            (name, values) ->
                assertThat(Arrays.equals(values, before.get(name)))
                    .as(name)
                    .isEqualTo(!name.contains("attn2")));
    copy(text.parameters())
        .forEach(
            (name, values) ->
                assertThat(Arrays.equals(values, textBefore.get(name)))
                    .as(name)
                    .isEqualTo(!name.contains("final_layer_norm")));
  }

  private Lora lora() {
    return Lora.create(
        "style", LoraNetwork.UNET, unet.parameters(), Lora.Options.defaults(), Seed.of(12));
  }

  @Test
  void anAdapterIsTrainedAlone() {
    try (Lora lora = lora()) {
      Map<String, float[]> before = copy(unet.parameters());
      Map<String, float[]> loraBefore = copy(lora.parameters());
      TrainedPart part = TrainedPart.adapter(lora, lora.parameters());
      run(
          new DenoisingTrainer(
              models.withTrainedUnet(part).withTrainedTextEncoder(TrainedPart.nothing()),
              plain(constant(3, 1e-2)),
              SEED),
          TinyModels.latents(2, 4),
          recorder);
      copy(unet.parameters())
          .forEach((name, values) -> assertThat(values).as(name).isEqualTo(before.get(name)));
      copy(lora.parameters())
          .forEach(
              (name, values) -> assertThat(values).as(name).isNotEqualTo(loraBefore.get(name)));
    }
  }

  @Test
  void anAdapterWhoseParametersAreNotListedIsAnError() {
    try (Lora lora = lora()) {
      TrainedPart everything = TrainedPart.everything();
      TrainedPart part =
          new TrainedPart(everything.options().withAdapter(lora), ImmutableList.of());
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              models.withTrainedUnet(part).withTrainedTextEncoder(TrainedPart.nothing()),
              plain(constant(3, 1e-2)),
              SEED);
      assertThatThrownBy(() -> run(trainer, TinyModels.latents(2, 4), recorder))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the graph trains unet/lora.style.")
          .hasMessageContaining("add the set that holds it to the part's adapters");
    }
  }

  @Test
  void anAdapterThatTheGraphDoesNotHaveIsAnError() {
    try (Lora lora = lora()) {
      TrainedPart part =
          new TrainedPart(TrainedPart.everything().options(), ImmutableList.of(lora.parameters()));
      Map<String, float[]> before = copy(unet.parameters());
      DenoisingTrainer trainer =
          new DenoisingTrainer(
              models.withTrainedUnet(part).withTrainedTextEncoder(TrainedPart.nothing()),
              plain(constant(3, 1e-2)),
              SEED);
      assertThatThrownBy(() -> run(trainer, TinyModels.latents(2, 4), recorder))
          .hasMessageContaining("trained parameters are not in the graph and have no gradient")
          .hasMessageContaining("unet/lora.style.");
      copy(unet.parameters())
          .forEach((name, values) -> assertThat(values).isEqualTo(before.get(name)));
    }
  }

  @Test
  void promptsAreDroppedForTheEmptyOne() {
    DenoisingTrainer.Options all =
        new DenoisingTrainer.Options(STANDSTILL, 1, 0, 0); // every prompt
    CaptionedLatents captioned = TinyModels.latents(3, 4).batch(0);
    CaptionedLatents empty =
        new CaptionedLatents(
            captioned.latents(),
            ImmutableList.of(
                TinyModels.EMPTY_PROMPT, TinyModels.EMPTY_PROMPT, TinyModels.EMPTY_PROMPT));
    run(new DenoisingTrainer(models, all, SEED), number -> captioned, recorder);
    double dropped = recorder.value(1, "loss");
    run(new DenoisingTrainer(models, plain(STANDSTILL), SEED), number -> empty, recorder);
    assertThat(recorder.value(1, "loss")).isEqualTo(dropped);
    run(new DenoisingTrainer(models, plain(STANDSTILL), SEED), number -> captioned, recorder);
    assertThat(recorder.value(1, "loss")).isNotEqualTo(dropped);
  }

  @Test
  void aLossThatIsNoNumberStopsTheRunBeforeTheWeightsChange() {
    DenoisingTrainer trainer =
        new DenoisingTrainer(
            models
                .withTrainedUnet(TrainedPart.only(name -> !name.startsWith("conv_in")))
                .withTrainedTextEncoder(TrainedPart.nothing()),
            plain(constant(9, 1e-3)),
            SEED);
    Map<Long, Map<String, float[]>> seen = new LinkedHashMap<>();
    BatchSource<CaptionedLatents> batches =
        number -> {
          if (number == 2) {
            INDArray bias = unet.parameters().get("conv_in.bias"); // frozen
            bias.putScalar(0, Float.NaN);
          }
          seen.put(number, copy(unet.parameters()));
          return TinyModels.latents(2, 4).batch(number);
        };
    assertThatThrownBy(() -> run(trainer, batches, recorder))
        .isInstanceOf(DivergedException.class)
        .hasMessage(
            "training the denoiser, step 3 of 9 (the weights stay those after step 2): the loss is NaN; lower the learning rate, or look for the batch that caused it");
    assertThat(trainer.step()).isEqualTo(2);
    Map<String, float[]> before = Objects.requireNonNull(seen.get(2L));
    copy(unet.parameters())
        .forEach((name, values) -> assertThat(values).isEqualTo(of(before, name)));
  }

  @Test
  void aGradientThatIsNotFiniteStopsTheRunBeforeTheWeightsChange() {
    // The loss is summed in double precision and stays finite; the gradient is 1e30 squared.
    unet.parameters().get("conv_out.weight").muli(1e30);
    Map<String, float[]> before = copy(unet.parameters());
    DenoisingTrainer trainer = new DenoisingTrainer(models, plain(constant(9, 1e-3)), SEED);
    assertThatThrownBy(() -> run(trainer, TinyModels.latents(2, 4), recorder))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith(
            "training the denoiser, step 1 of 9 (the weights stay those after step 0): the gradient"
                + " of unet/");
    copy(unet.parameters())
        .forEach((name, values) -> assertThat(values).isEqualTo(before.get(name)));
  }

  @Test
  void aCancelledRunEndsBetweenBatches() {
    Cancellation cancellation = new Cancellation();
    DenoisingTrainer trainer = new DenoisingTrainer(models, plain(constant(9, 1e-3)), SEED);
    RunListener listener =
        event -> {
          if (trainer.step() == 4) {
            cancellation.cancel();
          }
        };
    assertThatThrownBy(
            () ->
                trainer.run(TinyModels.latents(2, 4), Checkpointing.none(), listener, cancellation))
        .isInstanceOf(CancellationException.class)
        .hasMessage("cancelled at training the denoiser, step 5 of 9");
    assertThat(trainer.step()).isEqualTo(4);
  }

  @Test
  void averagesTakeTheWeightsPlaceForAWhile() {
    DenoisingTrainer trainer =
        new DenoisingTrainer(
            models, plain(constant(5, 1e-2).withEma(Optional.of(new Ema.Options(1, false)))), SEED);
    Map<String, float[]> start = copy(unet.parameters());
    run(trainer, TinyModels.latents(2, 4), recorder);
    Map<String, float[]> end = copy(unet.parameters());
    // An average that keeps everything is still where the run began.
    trainer.withAverages(
        () ->
            copy(unet.parameters())
                .forEach((name, values) -> assertThat(values).isEqualTo(start.get(name))));
    copy(unet.parameters()).forEach((name, values) -> assertThat(values).isEqualTo(end.get(name)));
    assertThatThrownBy(() -> trainer.withAverages(() -> trainer.save(temp)))
        .hasMessageContaining("exchanged with their averages");
  }

  @Test
  void badBatchesAreErrorsThatNameThem() {
    DenoisingTrainer trainer =
        new DenoisingTrainer(models, DenoisingTrainer.Options.defaults(3), SEED);
    Samples three = new Samples(1, 3, 4, 4, FloatBuffer.allocate(48));
    ImmutableList<ImmutableIntArray> caption = ImmutableList.of(TinyModels.EMPTY_PROMPT);
    assertThatThrownBy(() -> run(trainer, n -> new CaptionedLatents(three, caption), recorder))
        .hasMessage("batch 0: latents must have 4 channels, but have 3");
    Samples four = new Samples(1, 4, 4, 4, FloatBuffer.allocate(64).put(20, Float.NaN));
    assertThatThrownBy(() -> run(trainer, n -> new CaptionedLatents(four, caption), recorder))
        .hasMessage("batch 0: latents must be finite, but value 20 (of sample 0) is NaN");
    Samples good = new Samples(1, 4, 4, 4, FloatBuffer.allocate(64));
    assertThatThrownBy(
            () ->
                run(
                    trainer,
                    n ->
                        new CaptionedLatents(
                            good, ImmutableList.of(ImmutableIntArray.of(0, 99, 1, 1))),
                    recorder))
        .hasMessage("batch 0: a caption must have token ids in [0, 12), but has 99");
    assertThatThrownBy(
            () ->
                run(
                    trainer,
                    n -> new CaptionedLatents(good, ImmutableList.of(ImmutableIntArray.of(0, 1))),
                    recorder))
        .hasMessage("batch 0: captions must have as many ids as the empty prompt, 4, but have 2");
    assertThat(trainer.step()).isZero();
  }

  @Test
  void settingsOutOfRangeAreErrors() {
    assertThatThrownBy(() -> new DenoisingTrainer.Options(STANDSTILL, 1.5, 0, 0))
        .hasMessage("promptDropout must be in [0, 1], but was 1.5");
    assertThatThrownBy(() -> new DenoisingTrainer.Options(STANDSTILL, 0, -1, 0))
        .hasMessage("noiseOffset must be in [0, infinity), but was -1.0");
    assertThatThrownBy(() -> new DenoisingTrainer.Options(STANDSTILL, 0, 0, Double.NaN))
        .hasMessage("minSnrGamma must be in [0, infinity), but was NaN");
    assertThatThrownBy(
            () ->
                new DenoisingTrainer(
                    models
                        .withTrainedUnet(TrainedPart.nothing())
                        .withTrainedTextEncoder(TrainedPart.nothing()),
                    plain(STANDSTILL),
                    SEED))
        .hasMessageStartingWith("nothing is trained");
  }
}

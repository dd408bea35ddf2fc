package org.tastemaker.diffusion;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.Condition;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.DenoisingModels;
import org.tastemaker.diffusion.train.DenoisingTrainer;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.weights.DType;

class StableDiffusionXlTest {
  private static final String CAT = TinyModel.prompts(1).get(0).text();
  private static final List<Prompt> PROMPTS = TinyModel.prompts(3);

  @TempDir Path folder;

  private final LatentDiffusion base = TinyXl.base(Seed.of(1));

  @AfterEach
  void close() {
    base.close();
  }

  /**
   * A text encoder's numbers by the way of Stable Diffusion 1: the last layer's and the last but
   * one's, both after the last norm.
   */
  private record Read(float[] penultimate, float[] pooled) {
    static Read of(ClipTextModel model, ClipTokenizer tokenizer, String text) {
      int[] ids = tokenizer.encode(text).ids().toArray();
      INDArray last = model.encode(new int[][] {ids}, 0); // [1, L, D]
      int width = model.config().hiddenSize();
      int end = model.endOf(ids).orElseThrow();
      float[] token = new float[width];
      FloatBuffers.of(last).get(end * width, token);
      float[] pooled = new float[0];
      if (model.config().projected()) {
        INDArray projection = model.parameters().get("text_projection.weight");
        INDArray rows = model.parameters().torchLayout("text_projection.weight", projection);
        pooled = new float[model.config().projectionDim()];
        for (int p = 0; p < pooled.length; p++) {
          double sum = 0;
          for (int d = 0; d < width; d++) {
            sum += rows.getDouble(p, d) * token[d];
          }
          pooled[p] = (float) sum;
        }
      }
      INDArray normed = model.encode(new int[][] {ids}, 1);
      float[] penultimate = new float[ids.length * width];
      FloatBuffers.of(normed).get(penultimate);
      return new Read(penultimate, pooled);
    }
  }

  /** The last norm of a text encoder, applied to tokens, [L, D]. */
  private static float[] norm(ClipTextModel model, float[] tokens) {
    INDArray scale = model.parameters().get("text_model.final_layer_norm.weight");
    INDArray shift = model.parameters().get("text_model.final_layer_norm.bias");
    int width = model.config().hiddenSize();
    float[] normed = new float[tokens.length];
    for (int row = 0; row < tokens.length / width; row++) {
      double mean = 0;
      double square = 0;
      for (int d = 0; d < width; d++) {
        double value = tokens[row * width + d];
        mean += value / width;
        square += value * value / width;
      }
      double deviation = Math.sqrt(square - mean * mean + model.config().layerNormEps());
      for (int d = 0; d < width; d++) {
        normed[row * width + d] =
            (float)
                ((tokens[row * width + d] - mean) / deviation * scale.getDouble(d)
                    + shift.getDouble(d));
      }
    }
    return normed;
  }

  private static float[] numbers(FloatBuffer buffer) {
    float[] numbers = new float[buffer.capacity()];
    buffer.get(0, numbers);
    return numbers;
  }

  @Test
  void theUNetReadsTheLastLayerButOneOfBothEncodersSideBySideWithoutANorm() {
    Components parts = base.components();
    StableDiffusionXl.Second second = parts.xl().orElseThrow().second().orElseThrow();
    Condition condition = base.conditions(0).of(CAT);
    float[] tokens = numbers(condition.tokens()); // [L, D1 + D2]
    int one = parts.textEncoder().config().hiddenSize();
    int two = second.textEncoder().config().hiddenSize();
    assertThat(condition.width()).isEqualTo(one + two);
    float[] firsts = new float[condition.length() * one];
    float[] seconds = new float[condition.length() * two];
    for (int row = 0; row < condition.length(); row++) {
      System.arraycopy(tokens, row * (one + two), firsts, row * one, one);
      System.arraycopy(tokens, row * (one + two) + one, seconds, row * two, two);
    }
    // 1e-5: two ways to the same numbers of about 1, in float32.
    assertThat(norm(parts.textEncoder(), firsts))
        .containsExactly(
            Read.of(parts.textEncoder(), parts.tokenizer(), CAT).penultimate(), within(1e-5f));
    assertThat(norm(second.textEncoder(), seconds))
        .containsExactly(
            Read.of(second.textEncoder(), second.tokenizer(), CAT).penultimate(), within(1e-5f));
  }

  @Test
  void thePooledVectorIsTheProjectionOfTheSecondEncodersEndToken() {
    StableDiffusionXl.Second second = base.components().xl().orElseThrow().second().orElseThrow();
    assertThat(base.conditions(0).of(CAT).requirePooled())
        .containsExactly(
            Read.of(second.textEncoder(), second.tokenizer(), CAT).pooled(), within(1e-5f));
  }

  @Test
  void clipSkipLeavesOutOneMoreLayer() {
    LatentDiffusion skipping = base.with(base.options().withClipSkip(1));
    Condition condition = skipping.conditions(0).of(CAT);
    ClipTextModel first = base.components().textEncoder();
    int[] ids = base.components().tokenizer().encode(CAT).ids().toArray();
    GraphFunction function = first.hiddenStates(1, ids.length, 2, FunctionOptions.inference());
    try (INDArray input = Nd4j.createFromArray(new int[][] {ids})) {
      INDArray hidden =
          requireNonNull(
              function
                  .forward(Map.of(ClipTextModel.INPUT_IDS, input))
                  .get(ClipTextModel.HIDDEN_STATE));
      assertThat(condition.tokens().get(3)).isEqualTo(FloatBuffers.of(hidden).get(3));
    }
    assertThat(condition.tokens().get(3)).isNotEqualTo(base.conditions(0).of(CAT).tokens().get(3));
  }

  @Test
  void noNegativePromptMeansZeros() {
    Conditions conditions = base.conditions(0);
    assertThat(numbers(conditions.negative("").tokens())).containsOnly(0);
    assertThat(conditions.negative("").requirePooled()).containsOnly(0);
    assertThat(numbers(conditions.negative("ugly").tokens()))
        .isEqualTo(numbers(conditions.of("ugly").tokens()));
    float[] empty = numbers(conditions.of("").tokens()); // as a prompt it is the empty text
    assertThat(empty).isNotEqualTo(new float[empty.length]);
  }

  @Test
  void theSizesAreThoseOfTheImage() {
    LatentDiffusion wide = base.with(base.options().withHeight(16).withWidth(32));
    assertThat(wide.conditions(0).of(CAT).sizeIds().orElseThrow().values())
        .containsExactly(16, 32, 0, 0, 16, 32);
    assertThat(wide.conditions(0).negative("").sizeIds().orElseThrow().values())
        .containsExactly(16, 32, 0, 0, 16, 32);
  }

  @Test
  void aRefinerIsToldAScoreInPlaceOfTheTargetsSize() {
    try (LatentDiffusion refiner = TinyXl.refiner(Seed.of(2))) {
      Conditions conditions = refiner.conditions(0);
      assertThat(conditions.of(CAT).sizeIds().orElseThrow().values())
          .containsExactly(16, 16, 0, 0, 6);
      assertThat(conditions.negative("").sizeIds().orElseThrow().values())
          .containsExactly(16, 16, 0, 0, 2.5);
      assertThat(numbers(conditions.negative("").tokens()))
          .isEqualTo(numbers(conditions.of("").tokens()));
    }
  }

  @Test
  void anImageDependsOnItsSizesAndItsPooledText() {
    // The second image differs from the first by what is told beside the text alone.
    Components parts = base.components();
    INDArray weight = parts.unet().parameters().get("add_embedding.linear_1.weight");
    List<Image> before = base.generate(PROMPTS, Seed.of(3));
    weight.muli(2);
    assertThat(base.generate(PROMPTS, Seed.of(3))).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRolloutsLogProbabilitiesAreThoseOfItsReplay(boolean refines) {
    try (LatentDiffusion model = refines ? TinyXl.refiner(Seed.of(4)) : TinyXl.base(Seed.of(4));
        Rollout rollout = model.rollout(PROMPTS, seeds(3));
        INDArray again = model.replay(rollout)) {
      assertThat(again).isEqualTo(rollout.logProbabilities());
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static List<Seed> seeds(int count) {
    return IntStream.range(0, count).mapToObj(i -> Seed.of(10 + i)).toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSavedFolderMakesTheSameImages(boolean refines) throws IOException {
    Path saved = folder.resolve("xl");
    try (LatentDiffusion model = refines ? TinyXl.refiner(Seed.of(5)) : TinyXl.base(Seed.of(5))) {
      model.save(saved);
      try (LatentDiffusion loaded = LatentDiffusion.load(saved).with(model.options())) {
        assertThat(loaded.generate(PROMPTS, Seed.of(6)))
            .isEqualTo(model.generate(PROMPTS, Seed.of(6)));
      }
    }
    assertThat(Files.readString(saved.resolve("model_index.json")))
        .contains(refines ? "StableDiffusionXLImg2ImgPipeline" : "StableDiffusionXLPipeline")
        .contains("\"CLIPTextModelWithProjection\"");
    assertThat(Files.exists(saved.resolve("text_encoder"))).isEqualTo(!refines);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneFileMakesTheSameImages(boolean refines) throws IOException {
    Path file = folder.resolve("xl.safetensors");
    try (LatentDiffusion model = refines ? TinyXl.refiner(Seed.of(7)) : TinyXl.base(Seed.of(7))) {
      model.saveCheckpoint(file, DType.F32);
      // Whatever the tokenizer's own padding, each encoder has that of its training.
      Files.createDirectories(folder.resolve("tokenizer"));
      model.components().tokenizer().save(folder.resolve("tokenizer"));
      try (LatentDiffusion loaded =
          LatentDiffusion.load(file).with(model.options().withHeight(16).withWidth(16))) {
        assertThat(loaded.components().unet().config().added())
            .isEqualTo(model.components().unet().config().added());
        assertThat(loaded.generate(PROMPTS, Seed.of(6)))
            .isEqualTo(model.generate(PROMPTS, Seed.of(6)));
      }
    }
  }

  @Test
  void aLostSecondTokenizerIsNamedBeforeWeightsAreRead() throws IOException {
    Path saved = folder.resolve("xl");
    base.save(saved);
    for (Path file : list(saved.resolve("tokenizer_2"))) {
      Files.delete(file);
    }
    Files.delete(saved.resolve("tokenizer_2"));
    assertThatThrownBy(() -> LatentDiffusion.load(saved))
        .hasMessageContaining("has no folder tokenizer_2/");
  }

  @Test
  void partsOfAnXlWithoutTheRestAreRefused() {
    Components parts = base.components();
    assertThatThrownBy(
            () ->
                new Components(
                    parts.unet(),
                    parts.vae(),
                    parts.textEncoder(),
                    parts.tokenizer(),
                    parts.scheduler()))
        .hasMessageContaining("but the U-Net attends to vectors of 192");
    assertThatThrownBy(
            () ->
                new Components(
                    parts.unet(),
                    parts.vae(),
                    parts.textEncoder(),
                    parts.tokenizer(),
                    parts.scheduler(),
                    Optional.of(
                        new StableDiffusionXl(parts.xl().orElseThrow().second(), true, true))))
        .hasMessageContaining("told 6 sizes, but a refiner, with an aesthetic score, tells it 5");
  }

  @ParameterizedTest
  @CsvSource({
    "9, 'an inpainting model, whose U-Net reads a mask and the latents around it'",
    "8, 'InstructPix2Pix, whose U-Net reads the latents of an image to edit'",
    "7, 'an upscaler, whose U-Net reads a small image'",
    "5, a U-Net that reads a depth map"
  })
  void aUNetThatReadsMoreThanALatentIsNamedBeforeWeightsAreRead(int channels, String kind)
      throws IOException {
    Path saved = folder.resolve("model");
    try (LatentDiffusion model = TinyModel.create(Seed.of(8))) {
      model.save(saved);
      UNetConfig known = model.components().unet().config();
      UNetConfig config = inChannels(known, channels);
      try (UNet2DConditionModel unet = UNet2DConditionModel.random(config, Seed.of(9))) {
        unet.save(saved.resolve("unet"));
      }
    }
    // A damaged number: reading the weights would complain of it.
    Path weights = saved.resolve("vae/diffusion_pytorch_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 4, Float.NaN);
    Files.write(weights, bytes);
    assertThatThrownBy(() -> LatentDiffusion.load(saved))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(saved.toString())
        .hasMessageContaining("the U-Net takes " + channels)
        .hasMessageContaining(kind)
        .hasMessageContaining("supported are text-to-image models");
  }

  private static UNetConfig inChannels(UNetConfig known, int channels) {
    return new UNetConfig(
        known.sampleSize(),
        channels,
        known.outChannels(),
        known.blockOutChannels(),
        known.downBlockTypes(),
        known.upBlockTypes(),
        known.layersPerBlock(),
        known.transformerLayers(),
        known.heads(),
        known.crossAttentionDim(),
        known.normNumGroups(),
        known.normEps(),
        known.convInKernel(),
        known.convOutKernel(),
        known.downsamplePadding(),
        known.flipSinToCos(),
        known.freqShift(),
        known.timeEmbeddingDim(),
        known.useLinearProjection());
  }

  @ParameterizedTest
  @ValueSource(strings = {"StableDiffusion3Pipeline", "FluxPipeline", "PixArtSigmaPipeline", ""})
  void aModelWhoseDenoiserIsATransformerIsNamed(String className) throws IOException {
    Path other = folder.resolve("other");
    for (String part : List.of("transformer", "vae", "text_encoder", "tokenizer", "scheduler")) {
      Files.createDirectories(other.resolve(part));
    }
    if (!className.isEmpty()) {
      Files.writeString(
          other.resolve("model_index.json"), "{\"_class_name\": \"" + className + "\"}");
    }
    assertThatThrownBy(() -> LatentDiffusion.load(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(other + " holds a " + (className.isEmpty() ? "model" : className))
        .hasMessageContaining("a transformer and not a U-Net");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLoraIsTrainedOnCaptionedImages(boolean refines) {
    try (LatentDiffusion model = refines ? TinyXl.refiner(Seed.of(5)) : TinyXl.base(Seed.of(5));
        Lora lora = TinyModel.lora(model, Seed.of(6))) {
      DenoisingModels models =
          FineTuning.models(model).withTrainedUnet(TrainedPart.adapter(lora, lora.parameters()));
      CaptionedLatents batch =
          FineTuning.batch(model, List.of(Image.filled(24, 20, 1, 0, 0)), List.of(CAT));
      assertThat(batch.xl().orElseThrow().sizes().get(0).values())
          .startsWith(24, 20, 0, 0)
          .endsWith(refines ? new double[] {6} : new double[] {16, 16});
      long before = lora.parameters().checksum();
      List<Double> losses = new ArrayList<>();
      new DenoisingTrainer(models, DenoisingTrainer.Options.defaults(3), Seed.of(7))
          .run(
              number -> batch,
              Checkpointing.none(),
              event -> {
                if (event instanceof RunEvent.Metrics metrics) {
                  losses.add(metrics.values().getOrDefault("loss", Double.NaN));
                }
              },
              new Cancellation());
      assertThat(losses).hasSize(3).allSatisfy(loss -> assertThat(loss).isBetween(0.1, 10.0));
      assertThat(lora.parameters().checksum()).isNotEqualTo(before);
    }
  }
}

package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.condition.Condition;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.testing.TinyModel;

class UnetFeaturesTest {
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final Prompt DOG = Prompt.of("a blue dog");
  private static final Image ONE = image(1, 0);
  private static final Image OTHER = image(2, 0);
  private static final int CHANNELS = 8; // of the middle block

  private static LatentDiffusion model;

  @BeforeAll
  static void makeModel() {
    model = TinyModel.ofReferenceSizes(Seed.of(1));
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  private static UnetFeatures features() {
    return UnetFeatures.of(model, "tiny", UNetActivations.Options.defaults());
  }

  private static float[] activations(float[] row) {
    return Arrays.copyOf(row, CHANNELS);
  }

  @Test
  void areTheMeansOfTheBlocksActivationsAndTheEmbeddingOfTheEndToken() {
    UnetFeatures features = features();

    float[] row = features.of(List.of(CAT), List.of(ONE))[0];

    assertThat(features.size()).isEqualTo(CHANNELS + 32).isEqualTo(row.length);
    double abar = 1; // of Stable Diffusion's schedule at t = 100
    for (int t = 0; t <= 100; t++) {
      double root = Math.sqrt(0.00085) + (Math.sqrt(0.012) - Math.sqrt(0.00085)) * t / 999;
      abar *= 1 - root * root;
    }
    float[] e = new float[4 * 8 * 8];
    Seed.of(0).gaussian(0, e);
    GraphFunction middle =
        model
            .components()
            .unet()
            .activations(
                "mid_block", 1, 8, 8, model.components().tokenizer().maxLength(), Engines.auto());
    try (INDArray latent = model.encode(List.of(ONE));
        INDArray noise = array(e, 1, 4, 8, 8);
        INDArray x = latent.mul(Math.sqrt(abar)).addi(noise.muli(Math.sqrt(1 - abar)));
        INDArray t = Nd4j.valueArrayOf(new long[] {1}, 100, DataType.FLOAT);
        INDArray text = text(CAT)) {
      float[] made =
          Objects.requireNonNull(
                  middle
                      .forward(
                          Map.of(
                              UNet2DConditionModel.SAMPLE, x,
                              UNet2DConditionModel.TIMESTEP, t,
                              UNet2DConditionModel.TEXT, text))
                      .get(UNet2DConditionModel.ACTIVATIONS))
              .data()
              .asFloat(); // [1, 8, 4, 4]
      for (int k = 0; k < CHANNELS; k++) {
        float[] pixels = Arrays.copyOfRange(made, 16 * k, 16 * k + 16);
        double mean = IntStream.range(0, 16).mapToDouble(p -> pixels[p]).average().orElseThrow();
        assertThat(row[k]).isCloseTo((float) mean, within(1e-4f)); // floats in another order
      }
    }
    float[] latents =
        LatentFeatures.of(model, "tiny", LatentFeatures.Options.defaults())
            .of(List.of(CAT), List.of(ONE))[0];
    assertThat(Arrays.copyOfRange(row, CHANNELS, row.length))
        .isEqualTo(Arrays.copyOfRange(latents, 256, 288));
  }

  private static INDArray text(Prompt prompt) {
    Condition condition = model.conditions(0).of(prompt.text());
    float[] tokens = new float[condition.length() * condition.width()];
    condition.tokens().get(0, tokens);
    return array(tokens, 1, condition.length(), condition.width());
  }

  private static INDArray array(float[] values, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    FloatBuffers.of(array).put(values);
    return array;
  }

  @Test
  void aRowDependsOnItsOwnPairAloneAndDiffersByImageAndByPrompt() {
    List<Prompt> prompts = List.of(CAT, DOG, CAT, DOG, CAT, CAT);
    List<Image> images = List.of(ONE, ONE, OTHER, OTHER, ONE, image(3, 0));
    LatentDiffusion small = model.with(model.options().withBatchSize(2));

    float[][] rows =
        UnetFeatures.of(small, "tiny", UNetActivations.Options.defaults()).of(prompts, images);

    assertThat(rows[4]).isEqualTo(rows[0]);
    assertThat(activations(rows[0])).isNotEqualTo(activations(rows[1])); // the text alone differs
    assertThat(activations(rows[0])).isNotEqualTo(activations(rows[2])); // the image alone differs
    for (int i = 0; i < rows.length; i++) {
      float[] alone = features().of(List.of(prompts.get(i)), List.of(images.get(i)))[0];
      for (int f = 0; f < alone.length; f++) {
        // Float sums in another order, of numbers of order 1.
        assertThat(rows[i][f]).isCloseTo(alone[f], within(1e-4f));
      }
    }
    assertThat(features().of(prompts, images)).isEqualTo(features().of(prompts, images));
  }

  @Test
  void bothWaysOfRunningAGraphGiveTheSame() {
    LatentDiffusion replay =
        model.with(FunctionOptions.inference().withEngine(Engines.named("replay")));
    float[] compiled = features().of(List.of(CAT), List.of(ONE))[0];
    float[] replayed =
        UnetFeatures.of(replay, "tiny", UNetActivations.Options.defaults())
            .of(List.of(CAT), List.of(ONE))[0];
    double difference = 0;
    double norm = 0;
    for (int f = 0; f < compiled.length; f++) {
      difference += Math.pow(compiled[f] - replayed[f], 2);
      norm += Math.pow(replayed[f], 2);
    }
    assertThat(Math.sqrt(difference / norm)).isLessThan(1e-5); // float arithmetic in another order
  }

  @Test
  void anotherBlockOrNoiseLevelIsAnotherFeatureAndHasAnotherName() {
    UNetActivations.Options first = UNetActivations.Options.defaults().withBlock("down_blocks.0");
    UnetFeatures down = UnetFeatures.of(model, "tiny", first);
    assertThat(down.size()).isEqualTo(4 + 32);
    assertThat(down.of(List.of(CAT), List.of(ONE))[0]).hasSize(4 + 32);
    UnetFeatures noisy =
        UnetFeatures.of(model, "tiny", UNetActivations.Options.defaults().withTimestep(900));
    assertThat(noisy.of(List.of(CAT), List.of(ONE))[0])
        .isNotEqualTo(features().of(List.of(CAT), List.of(ONE))[0]);
    assertThat(features().name()).isEqualTo("unet(tiny, 8 x 8, mid_block at t = 100, noise 0)");
    assertThat(noisy.name()).isEqualTo("unet(tiny, 8 x 8, mid_block at t = 900, noise 0)");
  }

  /** Brighter is better: images of one brightness with some noise on them. */
  @Test
  void aRewardOverThemLearnsATaste() {
    List<ImageGroup> groups = new ArrayList<>();
    for (int g = 0; g < 60; g++) {
      int of = g;
      groups.add(
          new ImageGroup(
              Prompt.of((g % 2 == 0 ? "a red cat " : "a blue dog ") + g),
              IntStream.range(0, 3)
                  .mapToObj(
                      i ->
                          image(
                              100 + 3 * of + i,
                              Seed.of(5).split(of).split(i).generator().nextDouble()))
                  .toList()));
    }
    PreferenceSet data =
        PreferenceSet.of(
            groups,
            groups.stream()
                .map(
                    group ->
                        Judgement.of(
                            Ranking.ofScores(
                                group.images().stream()
                                    .mapToDouble(UnetFeaturesTest::brightness)
                                    .toArray()),
                            "test"))
                .toList());

    TrainedReward trained =
        new RewardTrainer(
                features(),
                new BradleyTerryLoss(),
                RewardTrainer.Options.defaults()
                    .withUpdater(new Adam(0.01))
                    .withMaxEpochs(60)
                    .withPatience(60),
                Seed.of(3))
            .train(data);

    trained.reward().close();
    // Chance is 0.5; a dozen held-out prompts of 3 pairs each have a standard error of 0.14 if each
    // prompt counts once.
    assertThat(trained.heldOut().accuracy().getAsDouble()).isGreaterThan(0.8);
  }

  private static double brightness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum += value;
    }
    return sum;
  }

  @Test
  void badInputIsSaid() {
    UNetActivations.Options options = UNetActivations.Options.defaults();
    assertThatThrownBy(() -> UnetFeatures.of(model, "tiny", options.withBlock("middle")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("there is no block \"middle\"; the model has [down_blocks.0,");
    assertThatThrownBy(() -> UnetFeatures.of(model, "tiny", options.withTimestep(1000)))
        .hasMessage("timestep must be below 1000, but was 1000");
    assertThatThrownBy(() -> options.withTimestep(-1))
        .hasMessage("timestep must be at least 0, but was -1");
    assertThatThrownBy(() -> UnetFeatures.of(model, " ", options))
        .hasMessage("the model's name must not be blank");
    assertThatThrownBy(() -> features().of(List.of(CAT), List.of(Image.filled(8, 8, 0, 0, 0))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "these features are of images of 16 x 16 pixels, but one has 8 x 8; resize it first");
  }

  private static Image image(long key, double brightness) {
    float[] pixels = new float[3 * 16 * 16];
    var random = Seed.of(key).generator();
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] =
          (float)
              (brightness == 0
                  ? random.nextDouble()
                  : 0.8 * brightness + 0.2 * random.nextDouble());
    }
    return Image.of(3, 16, 16, pixels);
  }
}

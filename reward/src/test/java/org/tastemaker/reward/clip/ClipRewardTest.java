package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.DifferentiableReward.Input;
import org.tastemaker.core.GradientFreeReward;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.reward.Rollouts;
import org.tastemaker.reward.clip.ClipReward.Options;

class ClipRewardTest {
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final Prompt DOG = Prompt.of("a blue dog");
  private static final Options OPTIONS = Options.defaults();
  private static final Offset<Double> ROUNDING = within(1e-4);

  private static ClipModel model;

  @BeforeAll
  static void makeModel() {
    model = ToyClip.model(Seed.of(1));
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  private static ClipReward reward(ClipScore score, Preprocessing mode, Options options) {
    return ClipReward.of(model, "toy", ToyClip.tokenizer(), mode, score, options);
  }

  private static ClipReward cosine() {
    return reward(CosineScore.COSINE, Preprocessing.PIL, OPTIONS);
  }

  @Test
  void aScoreIsThatOfTheTowersVectors() {
    Image image = ToyClip.image(11, 17, 1);
    int[][] ids = {ToyClip.tokenizer().encode(CAT.text()).ids().toArray()};
    int end = model.text().endOf(ids[0]).orElseThrow();
    try (INDArray pixels =
            Nd4j.createFromArray(ImagePreprocessor.of(Preprocessing.PIL, ToyClip.SIDE).of(image))
                .reshape(1, 3, ToyClip.SIDE, ToyClip.SIDE);
        INDArray tokens = Nd4j.createFromArray(ids)) {
      float[] i =
          Objects.requireNonNull(
                  model
                      .vision()
                      .function(1, FunctionOptions.inference())
                      .forward(Map.of(ClipVisionModel.PIXEL_VALUES, pixels))
                      .get(ClipVisionModel.IMAGE_EMBEDS))
              .data()
              .asFloat();
      INDArray texts =
          Objects.requireNonNull(
              model
                  .text()
                  .hiddenStates(1, ids[0].length, 0, FunctionOptions.inference())
                  .forward(Map.of(ClipTextModel.INPUT_IDS, tokens))
                  .get(ClipTextModel.TEXT_EMBEDS));
      double product = 0;
      double images = 0;
      double squares = 0;
      for (int k = 0; k < ToyClip.SIZE; k++) {
        product += i[k] * texts.getDouble(0, end, k);
        images += i[k] * i[k];
        squares += texts.getDouble(0, end, k) * texts.getDouble(0, end, k);
      }
      double cos = product / Math.sqrt(images * squares);

      assertThat(cosine().score(List.of(CAT), List.of(image))[0]).isCloseTo(cos, within(1e-6));
      double scale = Math.exp(model.logitScale().getDouble(0));
      assertThat(
              reward(new PickScore(), Preprocessing.PIL, OPTIONS)
                  .score(List.of(CAT), List.of(image))[0])
          .isCloseTo(scale * cos, within(1e-4));
    }
  }

  @TestFactory
  Stream<DynamicTest> theGradientIsThatOfFiniteDifferences() {
    List<ClipScore> scores =
        List.of(
            CosineScore.COSINE, HumanPreferenceScore.V2, new PickScore(), ClipIqa.named("quality"));
    return Stream.of(Preprocessing.values())
        .flatMap(
            mode ->
                scores.stream()
                    .map(
                        score ->
                            DynamicTest.dynamicTest(
                                score.title() + ", " + mode,
                                () -> {
                                  assertGradient(reward(score, mode, OPTIONS), 13, 10);
                                  assertGradient(reward(score, mode, OPTIONS), 5, 7);
                                })));
  }

  /**
   * Along random directions, by differences of the fourth order: those of the second would need
   * steps so small that a float tower's rounding shows.
   */
  private static void assertGradient(ClipReward reward, int height, int width) {
    int size = 3 * height * width;
    float[] values = new float[2 * size];
    ToyClip.image(height, width, 2).copyTo(values, 0);
    ToyClip.image(height, width, 3).copyTo(values, size);
    FloatBuffer gradient = FloatBuffer.allocate(2 * size);
    double[] found = reward.score(batch(values, height, width), gradient);
    assertThat(reward.score(batch(values, height, width), null)).containsExactly(found, ROUNDING);

    for (int direction = 0; direction < 3; direction++) {
      float[] along = ToyClip.image(height, width, 10 + direction).toFloats();
      double[] expected = new double[2];
      double[] slope = new double[2];
      double h = 0.04;
      double[] weights = {1 / 12.0, -8 / 12.0, 8 / 12.0, -1 / 12.0};
      double[] steps = {-2, -1, 1, 2};
      for (int k = 0; k < 4; k++) {
        float[] moved = values.clone();
        for (int i = 0; i < moved.length; i++) {
          moved[i] += (float) (h * steps[k] * (along[i % size] - 0.5f));
        }
        double[] scores = reward.score(batch(moved, height, width), null);
        for (int n = 0; n < 2; n++) {
          expected[n] += weights[k] * scores[n] / h;
        }
      }
      double length = 0;
      for (int i = 0; i < values.length; i++) {
        slope[i / size] += (double) gradient.get(i) * (along[i % size] - 0.5f);
        length += Math.abs((double) gradient.get(i) * (along[i % size] - 0.5f));
      }
      for (int n = 0; n < 2; n++) {
        assertThat(slope[n]).isCloseTo(expected[n], within(2e-3 * length + 1e-6));
      }
    }
  }

  private static Batch batch(float[] values, int height, int width) {
    return new Batch(List.of(CAT, DOG), FloatBuffer.wrap(values), 3, height, width);
  }

  @Test
  void theGradientIsWrittenFromTheBuffersPositionOn() {
    float[] values = new float[3 * 5 * 7];
    ToyClip.image(5, 7, 2).copyTo(values, 0);
    FloatBuffer alone = FloatBuffer.allocate(values.length);
    FloatBuffer behind = FloatBuffer.allocate(values.length + 3).position(3);
    FloatBuffer shifted = FloatBuffer.allocate(values.length + 2).position(2);
    shifted.put(2, values);
    ClipReward reward = cosine();
    double[] one = reward.score(new Batch(List.of(CAT), FloatBuffer.wrap(values), 3, 5, 7), alone);
    double[] other = reward.score(new Batch(List.of(CAT), shifted, 3, 5, 7), behind);

    assertThat(other).containsExactly(one);
    assertThat(behind.slice()).isEqualTo(alone);
    assertThat(behind.position()).isEqualTo(3);
  }

  @Test
  void theSizeOfTheBatchesOnlyRounds() {
    List<Image> images = new ArrayList<>();
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      images.add(ToyClip.image(8 + i, 9, i)); // each of another size
      prompts.add(i % 2 == 0 ? CAT : DOG);
    }
    double[] byTwo =
        reward(CosineScore.COSINE, Preprocessing.PIL, OPTIONS.withBatch(2)).score(prompts, images);
    double[] together =
        reward(CosineScore.COSINE, Preprocessing.PIL, OPTIONS.withBatch(5)).score(prompts, images);

    assertThat(byTwo).containsExactly(together, within(1e-6)); // other sizes of products
    assertThat(byTwo).doesNotHaveDuplicates();
  }

  @Test
  void theGradientOfAnImageDoesNotDependOnTheSizeOfTheBatches() {
    float[] values = new float[3 * 3 * 10 * 9];
    for (int n = 0; n < 3; n++) {
      ToyClip.image(10, 9, n).copyTo(values, n * 270);
    }
    Batch batch = new Batch(List.of(CAT, DOG, CAT), FloatBuffer.wrap(values), 3, 10, 9);
    float[][] found = new float[2][values.length];
    for (int b = 1; b <= 2; b++) {
      double[] unused =
          reward(new PickScore(), Preprocessing.HPS_ORIGINAL, OPTIONS.withBatch(b))
              .score(batch, FloatBuffer.wrap(found[b - 1]));
    }
    assertThat(found[0]).containsExactly(found[1], within(1e-5f));
    assertThat(found[0]).doesNotContain(0f);
  }

  @Test
  void aRolloutIsScored() {
    Image one = ToyClip.image(8, 8, 1);
    Image other = ToyClip.image(8, 8, 2);
    ClipReward reward = reward(CosineScore.COSINE, Preprocessing.HPS_ORIGINAL, OPTIONS);
    try (Rollout rollout = Rollouts.of(List.of(CAT, DOG), List.of(one, other))) {
      Rewards rewards = reward.score(rollout, List.of());

      assertThat(rewards)
          .isEqualTo(Rewards.of(reward.score(List.of(CAT, DOG), List.of(one, other))));
      // Without rounding to bytes the differentiable score is the same one.
      assertThat(GradientFreeReward.of(reward).score(rollout, List.of())).isEqualTo(rewards);
      assertThat(reward.input()).isEqualTo(Input.IMAGES);
    }
  }

  @Test
  void theVectorsOfTheLatestTextsAreKept() {
    try (ClipModel own = ToyClip.model(Seed.of(2))) {
      TextVectors texts =
          new TextVectors(own.text(), ToyClip.tokenizer(), FunctionOptions.inference(), 2);
      float[] cat = texts.of(List.of("a red cat")).get(0);
      float[] dog = texts.of(List.of("a blue dog")).get(0);
      own.parameters().get("text_projection.weight").muli(2);

      assertThat(texts.of(List.of("a red cat")).get(0)).isSameAs(cat);
      float[] bird = texts.of(List.of("a green bird")).get(0); // the dog is the oldest now
      assertThat(texts.cached()).isEqualTo(2);
      assertThat(texts.of(List.of("a red cat")).get(0)).isSameAs(cat);
      assertThat(texts.of(List.of("a blue dog")).get(0)).isNotEqualTo(dog);
      assertThat(bird).hasSize(ToyClip.SIZE);
    }
  }

  @Test
  void whatFillsATextUpMakesNoDifference() {
    FunctionOptions inference = FunctionOptions.inference();
    ClipTokenizer end = ToyClip.tokenizer(ToyClip.END, 6);
    ClipTokenizer zero = ToyClip.tokenizer("!", 6);
    assertThat(zero.padId()).isZero(); // as OpenCLIP's
    assertThat(zero.encode("cat").ids()).isNotEqualTo(end.encode("cat").ids());

    assertThat(new TextVectors(model.text(), zero, inference, 1).of(List.of("cat")).get(0))
        .containsExactly(
            new TextVectors(model.text(), end, inference, 1).of(List.of("cat")).get(0),
            within(1e-6f));
  }

  @Test
  void aLongTextIsCutAndItsEndTokenStaysLast() {
    ClipTokenizer tokenizer = ToyClip.tokenizer();
    String fits = "a a a a"; // 4 tokens, and two of its own
    String longer = "a a a a blue dog";
    int[] ids = tokenizer.encode(longer).ids().toArray();
    assertThat(tokenizer.encode(fits).tokens()).isEqualTo(6);
    assertThat(ids).hasSize(6).endsWith(tokenizer.eosId());

    Image image = ToyClip.image(8, 8, 1);
    double[] scores =
        cosine().score(List.of(Prompt.of(fits), Prompt.of(longer)), List.of(image, image));
    assertThat(scores[0]).isEqualTo(scores[1]);
  }

  @Test
  void theNameSaysScoreModelAndMode() {
    ClipReward reward = reward(new PickScore(), Preprocessing.PIL, OPTIONS);
    assertThat(reward.name()).isEqualTo("PickScore (toy, PIL)");
    assertThat(reward).hasToString("PickScore (toy, PIL)");
    assertThat(reward(HumanPreferenceScore.V2_1, Preprocessing.HPS_ORIGINAL, OPTIONS))
        .hasToString("HPSv2.1 (toy, HPS_ORIGINAL)");
  }

  @Test
  void aScoreOfImagesAloneNeedsTheImageTowerAlone(@TempDir Path folder) {
    Path file = folder.resolve("head.safetensors");
    new SafetensorsWriter()
        .add("weight", new float[] {1, 2, 3, 4, 5}, DType.F32, 5)
        .add("bias", new float[] {5}, DType.F32, 1)
        .write(file);
    AestheticScore score = AestheticScore.read(file);
    ClipReward images =
        ClipReward.ofImages(model.vision(), "toy", Preprocessing.PIL, score, OPTIONS);
    Image image = ToyClip.image(9, 9, 4);

    assertThat(images.score(List.of(CAT), List.of(image)))
        .containsExactly(
            reward(score, Preprocessing.PIL, OPTIONS).score(List.of(DOG), List.of(image)));
    assertGradient(images, 9, 9);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClipReward.ofImages(
                    model.vision(), "toy", Preprocessing.PIL, new PickScore(), OPTIONS))
        .withMessageContaining("PickScore reads texts");
  }

  @Test
  void anotherModelsTokenizerIsRejected() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ClipReward.of(
                    model,
                    "toy",
                    ToyClip.tokenizer(ToyClip.END, 77),
                    Preprocessing.PIL,
                    new PickScore(),
                    OPTIONS))
        .withMessageContaining("texts of 77")
        .withMessageContaining("the model's own tokenizer");
    ClipTokenizer other =
        ToyClip.tokenizer().with(ToyClip.tokenizer().options().withEos("!").withPad("!"));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ClipReward.of(model, "toy", other, Preprocessing.PIL, new PickScore(), OPTIONS))
        .withMessageContaining("the tokenizer ends a text with 0");
  }

  @Test
  void aScoreThatIsNotFiniteIsAnError() {
    try (ClipModel broken = ToyClip.model(Seed.of(3))) {
      broken.parameters().get("visual_projection.weight").assign(0);
      ClipReward reward =
          ClipReward.of(
              broken,
              "broken",
              ToyClip.tokenizer(),
              Preprocessing.PIL,
              CosineScore.COSINE,
              OPTIONS);

      assertThatThrownBy(() -> reward.score(List.of(CAT), List.of(ToyClip.image(8, 8, 1))))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("CLIP cosine (broken, PIL) of image 0, of prompt 'a red cat'");
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> cosine().score(List.of(CAT, DOG), List.of(ToyClip.image(8, 8, 1))))
        .withMessageContaining("1 images and 2 prompts");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> cosine().score(new Batch(List.of(CAT), FloatBuffer.allocate(4), 1, 2, 2), null))
        .withMessageContaining("3 channels");
    assertThatIllegalArgumentException().isThrownBy(() -> OPTIONS.withBatch(0));
    assertThatIllegalArgumentException().isThrownBy(() -> OPTIONS.withKeptTexts(0));
    assertThat(cosine().score(List.of(), Collections.emptyList())).isEmpty();
  }

  @Test
  void halfWeightsAreReadAsTheyAreOrAClearError(@TempDir Path folder) throws IOException {
    model.save(folder, DType.F16);
    try (ClipModel halves = ClipModel.load(folder, "", true)) {
      List<Prompt> prompts = List.of(CAT);
      List<Image> images = List.of(ToyClip.image(8, 8, 1));
      double wide = reward(new PickScore(), Preprocessing.PIL, OPTIONS).score(prompts, images)[0];
      for (String engine : Engines.names()) {
        if (engine.equals("torch")) { // where it is on the class path
          assertThat(halved(halves, Engines.named(engine)).score(prompts, images)[0])
              .isCloseTo(wide, within(0.05 * Math.abs(wide)));
        } else {
          assertThatThrownBy(() -> halved(halves, Engines.named(engine)).score(prompts, images))
              .hasMessageContaining("weights are in half precision");
        }
      }
    }
  }

  private static ClipReward halved(ClipModel halves, Engine engine) {
    return ClipReward.of(
        halves,
        "halves",
        ToyClip.tokenizer(),
        Preprocessing.PIL,
        new PickScore(),
        OPTIONS.withEngine(engine));
  }
}

package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.learning.config.Adam;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.reward.clip.ClipFeatures.Content;
import org.tastemaker.reward.learned.BradleyTerryLoss;
import org.tastemaker.reward.learned.LearnedReward;
import org.tastemaker.reward.learned.PreferenceSet;
import org.tastemaker.reward.learned.RewardTrainer;
import org.tastemaker.reward.learned.TrainedReward;

class ClipFeaturesTest {
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final Prompt DOG = Prompt.of("a blue dog");
  private static final ClipReward.Options OPTIONS = ClipReward.Options.defaults();

  private static ClipModel model;

  @BeforeAll
  static void makeModel() {
    model = ToyClip.model(Seed.of(1));
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  private static ClipFeatures features(Content content) {
    return ClipFeatures.of(model, "toy", ToyClip.tokenizer(), Preprocessing.PIL, content, OPTIONS);
  }

  private static double sum(float[] values, int from, int end, boolean squares) {
    double sum = 0;
    for (int i = from; i < end; i++) {
      sum += squares ? (double) values[i] * values[i] : values[i];
    }
    return sum;
  }

  @Test
  void areTheVectorOfLengthOneAndItsProductWithTheTexts() {
    Image image = ToyClip.image(9, 12, 1);
    float[] row = features(Content.IMAGE_AND_PRODUCT).of(List.of(CAT), List.of(image))[0];
    double cosine =
        ClipReward.of(
                model, "toy", ToyClip.tokenizer(), Preprocessing.PIL, CosineScore.COSINE, OPTIONS)
            .score(List.of(CAT), List.of(image))[0];

    assertThat(row).hasSize(10);
    assertThat(sum(row, 0, 5, true)).isCloseTo(1, within(1e-6));
    assertThat(sum(row, 5, 10, false)).isCloseTo(cosine, within(1e-6));
    assertThat(features(Content.IMAGE).of(List.of(DOG), List.of(image))[0])
        .containsExactly(Arrays.copyOf(row, 5));
  }

  @Test
  void aRowIsThatOfItsOwnPair() {
    Image one = ToyClip.image(8, 8, 1);
    Image other = ToyClip.image(20, 8, 2);
    ClipFeatures features = features(Content.IMAGE_AND_PRODUCT);
    float[][] rows = features.of(List.of(CAT, DOG, CAT), List.of(one, one, other));

    assertThat(rows[0]).isNotEqualTo(rows[1]);
    assertThat(rows[2])
        .containsExactly(features.of(List.of(CAT), List.of(other))[0], within(1e-6f));
  }

  @Test
  void theNameSaysModelModeAndContent() {
    assertThat(features(Content.IMAGE).name()).isEqualTo("clip(toy, PIL, image)");
    assertThat(features(Content.IMAGE_AND_PRODUCT).name())
        .isEqualTo("clip(toy, PIL, image, image x text)");
  }

  @Test
  void aVectorWithoutLengthIsAnError() {
    try (ClipModel broken = ToyClip.model(Seed.of(1))) {
      broken.parameters().get("visual_projection.weight").assign(0);
      ClipFeatures features =
          ClipFeatures.of(
              broken, "broken", ToyClip.tokenizer(), Preprocessing.PIL, Content.IMAGE, OPTIONS);

      assertThatThrownBy(() -> features.of(List.of(CAT), List.of(ToyClip.image(8, 8, 1))))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("image 0");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> features(Content.IMAGE).of(List.of(), List.of()))
        .withMessageContaining("0 images and 0 prompts");
  }

  /** A judge prefers what a planted direction of the vector prefers, and a linear head finds it. */
  @Test
  void aLinearHeadLearnsAPlantedPreference(@TempDir Path folder) {
    ClipFeatures features = features(Content.IMAGE);
    float[] planted = {3, -2, 1, 0, 2};
    List<ImageGroup> groups = new ArrayList<>();
    List<Judgement> judgements = new ArrayList<>();
    for (int p = 0; p < 120; p++) {
      Prompt prompt = Prompt.of("a red cat " + p);
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        images.add(ToyClip.image(8, 8, 4 * p + i));
      }
      double[] taste = new double[4];
      float[][] rows = features.of(Collections.nCopies(4, prompt), images);
      for (int i = 0; i < 4; i++) {
        for (int k = 0; k < planted.length; k++) {
          taste[i] += planted[k] * rows[i][k];
        }
      }
      groups.add(new ImageGroup(prompt, images));
      judgements.add(Judgement.of(Ranking.ofScores(taste), "planted"));
    }
    RewardTrainer.Options options =
        RewardTrainer.Options.defaults()
            .withHiddenLayers(List.of())
            .withUpdater(new Adam(1e-2))
            .withMaxEpochs(30);
    TrainedReward trained =
        new RewardTrainer(features, new BradleyTerryLoss(), options, Seed.of(1))
            .train(PreferenceSet.of(groups, judgements));

    try (LearnedReward reward = trained.reward()) {
      // 24 prompts are held out. Chance is 0.5, with a standard error of 0.1 if each counted once.
      assertThat(trained.heldOut().prompts()).isEqualTo(24);
      assertThat(trained.heldOut().accuracy().getAsDouble()).isGreaterThan(0.9);

      reward.save(folder.resolve("reward"));
      List<Prompt> prompts = Collections.nCopies(4, groups.get(0).prompt());
      try (LearnedReward read = LearnedReward.load(folder.resolve("reward"), features)) {
        assertThat(read.score(prompts, groups.get(0).images()))
            .containsExactly(reward.score(prompts, groups.get(0).images()));
      }
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  LearnedReward.load(folder.resolve("reward"), features(Content.IMAGE_AND_PRODUCT)))
          .withMessageContaining("clip(toy, PIL, image)");
    }
  }
}

package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.DifferentiableReward.Input;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.testing.TinyModel;

class LatentRewardTest {
  private static final List<Prompt> PROMPTS =
      List.of(Prompt.of("a red cat"), Prompt.of("a blue dog"), Prompt.of("a red cat"));

  private final LatentDiffusion model = TinyModel.ofReferenceSizes(Seed.of(1));
  private final float[] latents = new float[3 * 256];

  LatentRewardTest() {
    Seed.of(2).gaussian(0, latents);
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** With a random network, and a scale that is not 1. */
  private LearnedReward reward(Features features) {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      float[] row = new float[features.size()];
      Seed.of(10 + i).gaussian(0, row);
      for (int f = 0; f < row.length; f++) {
        row[f] = row[f] * (1 + f % 3) + f % 5;
      }
      rows.add(row);
    }
    return new LearnedReward(
        features,
        FeatureScale.fit(rows),
        RewardNetwork.random(
            features.size(), List.of(6), Activation.TANH, new Sgd(0.1), 0.1, Seed.of(4)));
  }

  private LatentFeatures features(int grid) {
    return LatentFeatures.of(model, "tiny", new LatentFeatures.Options(grid));
  }

  private Batch batch() {
    return new Batch(PROMPTS, FloatBuffer.wrap(latents), 4, 8, 8);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void theGradientIsThatOfTheScore(int grid) {
    try (LearnedReward learned = reward(features(grid))) {
      DifferentiableReward reward = learned.onLatents();
      FloatBuffer gradient = FloatBuffer.allocate(latents.length);
      double[] scores = reward.score(batch(), gradient);
      assertThat(scores).containsExactly(reward.score(batch(), null), within(1e-12));
      float h = 1f / 64;
      for (int i = 0; i < latents.length; i += 37) {
        float kept = latents[i];
        latents[i] = kept + h;
        double up = reward.score(batch(), null)[i / 256];
        latents[i] = kept - h;
        double down = reward.score(batch(), null)[i / 256];
        double moved = (kept + h) - (double) latents[i];
        latents[i] = kept;
        // h^2 / 6 times third derivatives of order 1, and the float features of a pooled latent
        assertThat((double) gradient.get(i)).isCloseTo((up - down) / moved, within(2e-5));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void latentsOfAnImageScoreAsTheImage(int grid) {
    List<Image> images = new ArrayList<>();
    for (int n = 0; n < 3; n++) {
      images.add(Image.filled(16, 16, 0.2f * n, 0.5f, 1 - 0.3f * n));
    }
    try (LearnedReward learned = reward(features(grid));
        INDArray encoded = model.encode(images)) {
      double[] ofImages = learned.score(PROMPTS, images);
      double[] ofLatents =
          learned.onLatents().score(new Batch(PROMPTS, FloatBuffers.of(encoded), 4, 8, 8), null);
      assertThat(ofLatents).containsExactly(ofImages, within(1e-6)); // other batches, in float
    }
  }

  @Test
  void itReadsLatents() {
    try (LearnedReward learned = reward(features(2))) {
      assertThat(learned.onLatents().input()).isEqualTo(Input.LATENTS);
    }
  }

  @Test
  void latentsOfAnotherSizeAreRefused() {
    try (LearnedReward learned = reward(features(2))) {
      Batch small = new Batch(PROMPTS, FloatBuffer.allocate(3 * 64), 4, 4, 4);
      assertThatThrownBy(() -> learned.onLatents().score(small, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "these features are of latents of 4 x 8 x 8, but there were 192 numbers for 3"
                  + " images");
    }
  }

  @Test
  void featuresOfTheUNetHaveNoGradient() {
    UnetFeatures features = UnetFeatures.of(model, "tiny", UNetActivations.Options.defaults());
    try (LearnedReward learned = reward(features)) {
      assertThatThrownBy(learned::onLatents)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "the features '"
                  + features.name()
                  + "' have no gradient by latents: train the reward on LatentFeatures");
    }
  }
}

package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.optim.run.LearningCurve.Verdict;

class LearningCheckTest {
  private static LearningCurve check(RewardModel reward, RewardModel shown) {
    TintedImages images = new TintedImages();
    // The optimizer is given another reward than the one that is looked at.
    return LearningCheck.of(
            PromptSource.all(List.of(Prompt.of("a")), 32),
            images,
            shown,
            new Rewarded(images, reward),
            Seed.of(3))
        .run(10);
  }

  /** An optimizer that is rewarded by a reward of its own. */
  private record Rewarded(TintedImages images, RewardModel own) implements PolicyOptimizer {
    @Override
    public StepReport step(Rollout rollout, Rewards rewards) {
      return images.step(rollout, own.score(rollout, List.of()));
    }

    @Override
    public void save(Path folder) {
      images.save(folder);
    }

    @Override
    public List<String> restore(Path folder) {
      return images.restore(folder);
    }
  }

  private static final RewardModel DARK = TintedImages.reward(TintedImages::darkness);
  private static final RewardModel LIGHT = TintedImages.reward(i -> -TintedImages.darkness(i));

  @Test
  void whatIsRewardedRises() {
    LearningCurve curve = check(DARK, DARK);
    assertThat(curve.verdict()).isEqualTo(Verdict.LEARNS);
    assertThat(curve.rise()).isGreaterThan(1);
    assertThat(curve.rises()).hasSize(10).startsWith(0.0);
    assertThat(curve.toString()).startsWith("It learns: the reward went from -0.");
  }

  @Test
  void whatIsPunishedFalls() {
    LearningCurve curve = check(LIGHT, DARK);
    assertThat(curve.verdict()).isEqualTo(Verdict.FALLS);
    assertThat(curve.rise()).isLessThan(-1);
    assertThat(curve.toString()).startsWith("It gets worse").contains("sign of the reward");
  }

  private static LearningCurve of(double slope, double noise, int images) {
    RandomGenerator random = Seed.of(5).generator();
    List<List<Double>> rewards = new ArrayList<>();
    for (int round = 0; round < 10; round++) {
      List<Double> values = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        values.add(slope * round + noise * random.nextGaussian());
      }
      rewards.add(values);
    }
    return LearningCurve.of(rewards);
  }

  @Test
  void manyImagesWithoutARiseAreFlat() {
    LearningCurve curve = of(0, 1, 400);
    assertThat(curve.verdict()).isEqualTo(Verdict.FLAT);
    assertThat(curve.toString()).startsWith("It does not learn").contains("learning rate");
  }

  @Test
  void fewImagesWithoutARiseLeaveItOpen() {
    LearningCurve curve = of(0, 1, 4);
    assertThat(curve.verdict()).isEqualTo(Verdict.UNCLEAR);
    assertThat(curve.toString()).contains("more images");
  }

  @Test
  void theRiseIsInStandardDeviationsOfImages() {
    LearningCurve curve = of(0.2, 2, 10_000);
    // 9 rounds of 0.2, over 2; the spread of 10,000 images is off by 1 %.
    assertThat(curve.rise()).isBetween(0.87, 0.93);
    assertThat(curve.verdict()).isEqualTo(Verdict.LEARNS);
  }

  @Test
  void fewOfTheCurvesWithoutARiseAreSaidToLearn() {
    int learns = 0;
    RandomGenerator random = Seed.of(6).generator();
    for (int k = 0; k < 200; k++) {
      List<List<Double>> rewards = new ArrayList<>();
      for (int round = 0; round < 8; round++) {
        rewards.add(List.of(random.nextGaussian(), random.nextGaussian()));
      }
      learns += LearningCurve.of(rewards).verdict() == Verdict.LEARNS ? 1 : 0;
    }
    assertThat(learns).isLessThanOrEqualTo(20); // 10 are expected; with 20 it would be one in 500
  }

  @Test
  void aRewardThatMakesNoDifferenceIsNamed() {
    RewardModel constant = TintedImages.reward(image -> 1);
    assertThatThrownBy(() -> check(DARK, constant))
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("reward");
  }

  @Test
  void aRewardThatOnlyComparesIsRefusedBeforeAnyWork() {
    RewardModel relative =
        new RewardModel() {
          @Override
          public Rewards score(Rollout rollout, List<Judgement> judgements) {
            return new Rewards(List.of(OptionalDouble.empty()));
          }

          @Override
          public boolean isRelative() {
            return true;
          }
        };
    TintedImages images = new TintedImages();
    assertThatThrownBy(
            () ->
                LearningCheck.of(
                    PromptSource.all(List.of(Prompt.of("a")), 2),
                    images,
                    relative,
                    images,
                    Seed.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("brightness");
  }

  @Test
  void tooFewRoundsAreRefusedBeforeAnyWork() {
    TintedImages images = new TintedImages();
    LearningCheck check =
        LearningCheck.of(
            PromptSource.all(List.of(Prompt.of("a")), 2), images, DARK, images, Seed.of(1));
    assertThatThrownBy(() -> check.run(4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 5 rounds");
  }
}

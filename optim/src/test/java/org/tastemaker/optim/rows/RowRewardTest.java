package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;

class RowRewardTest {
  /** The brightness of an image; nothing for a black one. */
  private record Brightness() implements RewardFactory {
    @Override
    public RewardModel open() {
      return (rollout, judgements) ->
          new Rewards(
              rollout.images().stream()
                  .map(NotedJudge::brightness)
                  .map(b -> b == 0 ? OptionalDouble.empty() : OptionalDouble.of(b))
                  .toList());
    }

    @Override
    public Settings settings() {
      return Settings.none().with("reward", "brightness");
    }
  }

  /** Compares images with each other. */
  private record Relative() implements RewardFactory {
    @Override
    public RewardModel open() {
      return new RewardModel() {
        @Override
        public Rewards score(Rollout rollout, List<Judgement> judgements) {
          return Rewards.of(0);
        }

        @Override
        public boolean isRelative() {
          return true;
        }
      };
    }

    @Override
    public Settings settings() {
      return Settings.none();
    }
  }

  @Test
  void scoresAreThoseOfTheRewardItselfAndMissingStaysMissing() {
    List<Image> images =
        List.of(
            Image.filled(2, 2, 0.1f, 0.2f, 0.7f),
            Image.filled(2, 2, 0, 0, 0),
            Image.filled(2, 2, 1, 1, 1));
    List<Prompt> prompts = List.of(Prompt.of("a"), Prompt.of("b"), Prompt.of("a"));
    try (RowWorker worker = RowWorker.open(RowSetup.none().withReward(new Brightness()), "worker");
        Rollout rollout =
            new Rollout(
                prompts,
                Seed.of(1).splits(3),
                images,
                Nd4j.zeros(DataType.FLOAT, 2, 3, 1, 1, 1),
                Nd4j.zeros(DataType.FLOAT, 1, 3),
                List.of(1))) {
      RewardModel reward =
          RowReward.of(RowDriver.of(new RoughCarrier(worker, 4)), new Brightness());
      assertThat(reward.score(rollout, List.of()))
          .isEqualTo(new Brightness().open().score(rollout, List.of()));
    }
  }

  @Test
  void aRewardThatComparesImagesIsRejected() {
    RowSetup setup = RowSetup.none().withReward(new Relative());
    assertThatThrownBy(() -> RowWorker.open(setup, "worker"))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("compute it on the driver");
  }
}

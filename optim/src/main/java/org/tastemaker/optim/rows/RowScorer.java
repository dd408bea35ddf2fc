package org.tastemaker.optim.rows;

import java.util.List;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;

/** A worker's reward: scores one image at a time, so that no other image has an influence. */
final class RowScorer implements AutoCloseable {
  private final RewardModel reward;

  private RowScorer(RewardModel reward) {
    this.reward = reward;
  }

  static RowScorer open(RewardFactory factory) {
    RewardModel reward = factory.open();
    if (reward.isRelative()) {
      throw new RowException(
          "the reward only compares the images of a rollout with each other, so it cannot score an"
              + " image by itself: compute it on the driver");
    }
    return new RowScorer(reward);
  }

  synchronized OptionalDouble score(WorkRow.Score row) {
    try (Rollout alone =
        new Rollout(
            List.of(row.prompt()),
            List.of(Seed.of(0)),
            List.of(row.image()),
            Nd4j.zeros(DataType.FLOAT, 2, 1, 1, 1, 1),
            Nd4j.zeros(DataType.FLOAT, 1, 1),
            List.of(0))) {
      return reward.score(alone, List.of()).get(0);
    }
  }

  @Override
  public void close() {
    Threads.closeIfCloseable(reward);
  }
}

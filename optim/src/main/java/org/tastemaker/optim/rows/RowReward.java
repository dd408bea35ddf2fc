package org.tastemaker.optim.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/** Scores images on other machines: a {@link RewardModel} like any other. Not thread-safe. */
public final class RowReward implements RewardModel {
  private final RowDriver driver;
  private final String reward;
  private long calls;

  private RowReward(RowDriver driver, String reward) {
    this.driver = driver;
    this.reward = reward;
  }

  /**
   * A reward.
   *
   * @param driver has the rows done
   * @param factory the one that the workers have; only its settings are read
   * @return the reward
   */
  public static RowReward of(RowDriver driver, RewardFactory factory) {
    return new RowReward(Objects.requireNonNull(driver, "driver == null"), factory.hash());
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    List<WorkRow> rows = new ArrayList<>();
    for (int i = 0; i < rollout.size(); i++) {
      rows.add(
          new WorkRow.Score(
              new WorkRow.Label("", calls, i),
              rollout.prompts().get(i),
              rollout.images().get(i),
              reward));
    }
    calls++;
    List<OptionalDouble> scores = new ArrayList<>();
    for (ResultRow result : driver.run(rows, List.of())) {
      if (result.scores().size() != 1) {
        throw new IllegalStateException(
            "worker " + result.delivery().worker() + " gave no score for row " + result.row());
      }
      scores.add(result.scores().get(0));
    }
    return new Rewards(scores);
  }
}

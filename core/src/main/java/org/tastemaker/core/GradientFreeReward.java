package org.tastemaker.core;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.tastemaker.core.DifferentiableReward.Batch;

/**
 * A differentiable reward that nobody asks for its gradient: for runs, evaluations and the methods
 * that need none. It scores a rollout's images, or its last latents, a few at a time.
 */
public final class GradientFreeReward implements RewardModel {
  private static final int TOGETHER = 8;

  private final DifferentiableReward reward;

  private GradientFreeReward(DifferentiableReward reward) {
    this.reward = Objects.requireNonNull(reward, "reward == null");
  }

  /**
   * A reward of rollouts.
   *
   * @param reward what scores; stays the caller's, open as long as this is used
   * @return the same scores, none of them missing
   */
  public static GradientFreeReward of(DifferentiableReward reward) {
    return new GradientFreeReward(reward);
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    double[] scores = new double[rollout.size()];
    for (int first = 0; first < scores.length; first += TOGETHER) {
      int end = Math.min(first + TOGETHER, scores.length);
      double[] some =
          reward.score(
              switch (reward.input()) {
                case IMAGES -> images(rollout, first, end);
                case LATENTS -> latents(rollout, first, end);
              },
              null);
      System.arraycopy(some, 0, scores, first, end - first);
    }
    return Rewards.of(scores);
  }

  private static Batch images(Rollout rollout, int first, int end) {
    Image one = rollout.images().get(first);
    int size = one.channels() * one.height() * one.width();
    float[] values = new float[(end - first) * size];
    for (int i = first; i < end; i++) {
      rollout.images().get(i).copyTo(values, (i - first) * size);
    }
    return new Batch(
        rollout.prompts().subList(first, end),
        FloatBuffer.wrap(values),
        one.channels(),
        one.height(),
        one.width());
  }

  private static Batch latents(Rollout rollout, int first, int end) {
    long[] shape = rollout.latents().shape(); // [T+1, N, C, h, w]
    try (INDArray some =
        rollout
            .latents()
            .get(NDArrayIndex.point(rollout.steps()), NDArrayIndex.interval(first, end))
            .dup('c')) {
      float[] values = some.data().asFloat();
      return new Batch(
          rollout.prompts().subList(first, end),
          FloatBuffer.wrap(Arrays.copyOf(values, Math.toIntExact(some.length()))),
          (int) shape[2],
          (int) shape[3],
          (int) shape[4]);
    }
  }
}

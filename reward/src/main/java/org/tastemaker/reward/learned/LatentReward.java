package org.tastemaker.reward.learned;

import java.nio.FloatBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;

/** A learned reward of latents: features, scale and network, each with its gradient. */
final class LatentReward implements DifferentiableReward {
  private final DifferentiableFeatures features;
  private final FeatureScale scale;
  private final RewardNetwork network;

  LatentReward(DifferentiableFeatures features, FeatureScale scale, RewardNetwork network) {
    this.features = features;
    this.scale = scale;
    this.network = network;
  }

  @Override
  public Input input() {
    return Input.LATENTS;
  }

  @Override
  public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
    // 1. Forward.
    double[][] rows = scale.apply(features.ofLatents(batch.prompts(), batch.values())); // [N][F]
    if (gradient == null) {
      return requireFinite(network.scores(rows));
    }
    // 2. Backward: network, scale, features.
    double[][] byRows = new double[rows.length][scale.mean().length];
    double[] scores = requireFinite(network.scores(rows, byRows));
    for (double[] row : byRows) {
      for (int f = 0; f < row.length; f++) {
        row[f] *= scale.factor()[f];
      }
    }
    features.backward(byRows, gradient);
    return scores;
  }

  private static double[] requireFinite(double[] scores) {
    for (int n = 0; n < scores.length; n++) {
      if (!Double.isFinite(scores[n])) {
        throw new ArithmeticException(
            String.format(Locale.ROOT, "the score of latents %s of the batch is %s", n, scores[n]));
      }
    }
    return scores;
  }
}

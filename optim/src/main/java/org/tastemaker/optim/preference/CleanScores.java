package org.tastemaker.optim.preference;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.optim.policy.Trajectory;

/** Scores of clean latents, by a reward that looks at the images that they are decoded to. */
final class CleanScores {
  private CleanScores() {}

  /**
   * Decodes and scores.
   *
   * @param model decodes
   * @param scorer is given a rollout of one step, whose last latents are the clean ones
   * @param trajectories whose prompts they are for, [M]
   * @param clean [M] of [C, h, w]
   * @return [M], empty where missing
   */
  static List<OptionalDouble> of(
      LatentDiffusion model,
      RewardModel scorer,
      List<Trajectory> trajectories,
      List<FloatBuffer> clean) {
    LatentShape shape = model.latentShape();
    int m = clean.size();
    try (INDArray latents = // [M, C, h, w]
        Nd4j.create(DataType.FLOAT, m, shape.channels(), shape.height(), shape.width())) {
      FloatBuffer all = FloatBuffers.of(latents);
      for (int i = 0; i < m; i++) {
        all.put(i * shape.size(), clean.get(i), 0, shape.size());
      }
      List<Image> images = model.decode(latents);
      INDArray steps = // [2, M, C, h, w], the same at both ends
          Nd4j.create(DataType.FLOAT, 2, m, shape.channels(), shape.height(), shape.width());
      FloatBuffer both = FloatBuffers.of(steps);
      both.put(0, all, 0, m * shape.size()).put(m * shape.size(), all, 0, m * shape.size());
      try (Rollout rollout =
          new Rollout(
              trajectories.stream().map(Trajectory::prompt).toList(),
              Collections.nCopies(m, Seed.of(0)),
              images,
              steps,
              Nd4j.create(DataType.FLOAT, 1, m),
              List.of(0))) {
        Rewards rewards = scorer.score(rollout, List.of());
        if (rewards.size() != m) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "a scorer must give a score, or a missing one, for each of the %s candidates, but"
                      + " gave %s",
                  m,
                  rewards.size()));
        }
        return rewards.values();
      }
    }
  }
}

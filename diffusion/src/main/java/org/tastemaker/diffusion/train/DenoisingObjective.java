package org.tastemaker.diffusion.train;

import java.nio.FloatBuffer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.PredictionType;

/**
 * What the denoiser is asked and what it should answer: the examples and the loss of {@link
 * DenoisingTrainer}, outside of any graph.
 */
final class DenoisingObjective {
  private static final int NOISE = 0;
  private static final int OFFSET = 1;

  private final NoiseSchedule schedule;
  private final PredictionType prediction;
  private final double promptDropout;
  private final double noiseOffset;
  private final @Nullable MinSnrWeight minSnr;

  /**
   * An objective.
   *
   * @param schedule the noise levels
   * @param prediction what the denoiser predicts
   * @param promptDropout the share of captions that are left out
   * @param noiseOffset the deviation of what a channel's noise is shifted by
   * @param minSnrGamma of {@link MinSnrWeight}; 0 for equal weights
   */
  DenoisingObjective(
      NoiseSchedule schedule,
      PredictionType prediction,
      double promptDropout,
      double noiseOffset,
      double minSnrGamma) {
    this.schedule = schedule;
    this.prediction = prediction;
    this.promptDropout = promptDropout;
    this.noiseOffset = noiseOffset;
    this.minSnr = minSnrGamma > 0 ? new MinSnrWeight(schedule, prediction, minSnrGamma) : null;
  }

  /**
   * A question and its answer for each image of a batch.
   *
   * @param timesteps t, [N]
   * @param noisy x_t, [N, C, H, W]
   * @param target the noise, the velocity or the clean latents, [N, C, H, W]
   * @param promptDropped whether the caption is left out, [N]
   */
  record Example(int[] timesteps, FloatBuffer noisy, FloatBuffer target, boolean[] promptDropped) {}

  /**
   * Draws timesteps and noise.
   *
   * @param clean x_0
   * @param seed of the batch; an image's draws are a function of it and of the image's index
   */
  Example draw(Samples clean, Seed seed) {
    int count = clean.count();
    int size = clean.size() / count; // C H W
    int[] timesteps = new int[count];
    boolean[] dropped = new boolean[count];
    float[] noise = new float[clean.size()];
    for (int n = 0; n < count; n++) {
      Seed image = seed.split(n);
      RandomGenerator random = image.generator();
      timesteps[n] = random.nextInt(schedule.trainSteps());
      dropped[n] = random.nextDouble() < promptDropout;
      image.gaussian(NOISE, noise, n * size, size);
      addOffset(image, clean.channels(), noise, n * size, size);
    }
    FloatBuffer e = FloatBuffer.wrap(noise);
    FloatBuffer noisy = FloatBuffer.allocate(clean.size());
    schedule.addNoise(timesteps, clean.values(), e, noisy);
    FloatBuffer target =
        switch (prediction) {
          case EPSILON -> e;
          case SAMPLE -> clean.values();
          case V_PREDICTION -> {
            FloatBuffer v = FloatBuffer.allocate(clean.size());
            schedule.velocity(timesteps, clean.values(), e, v);
            yield v;
          }
        };
    return new Example(timesteps, noisy, target, dropped);
  }

  /** Shifts each channel of an image's noise, so that the mean colour is learned too. */
  private void addOffset(Seed image, int channels, float[] noise, int from, int size) {
    if (noiseOffset == 0) {
      return;
    }
    float[] offsets = new float[channels];
    image.gaussian(OFFSET, offsets);
    for (int i = 0; i < size; i++) {
      noise[from + i] += (float) (noiseOffset * offsets[i / (size / channels)]);
    }
  }

  /**
   * The loss {@code L = 1/N sum_n w(t_n) mean (out_n - target_n)^2} and its gradient.
   *
   * @param example the question and its answer
   * @param out the model's answer, [N, C, H, W]
   * @param share what the gradient is multiplied by
   * @param cotangent receives {@code share dL/dout}, [N, C, H, W]
   * @return L
   */
  double loss(Example example, FloatBuffer out, double share, FloatBuffer cotangent) {
    int count = example.timesteps.length;
    int size = out.remaining() / count;
    double loss = 0;
    for (int n = 0; n < count; n++) {
      double weight = minSnr == null ? 1 : minSnr.at(example.timesteps[n]);
      double mean = weight / ((double) count * size);
      for (int i = n * size; i < (n + 1) * size; i++) {
        double error = out.get(i) - example.target.get(i);
        loss += mean * error * error;
        cotangent.put(i, (float) (2 * share * mean * error));
      }
    }
    return loss;
  }
}

package org.tastemaker.optim.direct;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.Prompt;
import org.tastemaker.diffusion.DifferentiableDecoder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;

/**
 * A reward of clean latents, with its gradient by them: of the latents themselves, or of the images
 * that a model decodes of them, D at a time.
 */
final class CleanLatentReward implements AutoCloseable {
  private final DifferentiableReward reward;
  private final LatentShape shape;
  private final int together; // D
  private final @Nullable DifferentiableDecoder decoder;
  private final FloatBuffer byImages; // [D, 3, H, W]

  /**
   * A reward of a model's latents.
   *
   * @param together how many images are decoded and scored together, at least 1
   */
  CleanLatentReward(DifferentiableReward reward, LatentDiffusion model, int together) {
    this.reward = reward;
    this.shape = model.latentShape();
    this.together = together;
    this.decoder =
        switch (reward.input()) {
          case LATENTS -> null;
          case IMAGES -> model.decoder(together);
        };
    this.byImages =
        FloatBuffer.allocate(
            decoder == null ? 0 : together * 3 * decoder.height() * decoder.width());
  }

  /**
   * Scores.
   *
   * @param prompts N
   * @param clean x_0, [N, C, h, w]
   * @param gradient receives d r_n / d x_0, [N, C, h, w]
   * @return r, [N]
   */
  double[] score(List<Prompt> prompts, FloatBuffer clean, FloatBuffer gradient) {
    double[] scores = new double[prompts.size()];
    for (int first = 0; first < scores.length; first += together) {
      int count = Math.min(together, scores.length - first);
      List<Prompt> some = prompts.subList(first, first + count);
      FloatBuffer x = clean.slice(clean.position() + first * shape.size(), count * shape.size());
      FloatBuffer g = gradient.slice(first * shape.size(), count * shape.size());
      double[] found = decoder == null ? ofLatents(some, x, g) : ofImages(decoder, some, x, g);
      if (found.length != count) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "the reward %s must give a score for each of %s images, but gave %s",
                reward.getClass().getName(),
                count,
                found.length));
      }
      System.arraycopy(found, 0, scores, first, count);
    }
    return scores;
  }

  private double[] ofLatents(List<Prompt> prompts, FloatBuffer x, FloatBuffer gradient) {
    return reward.score(
        new Batch(prompts, x, shape.channels(), shape.height(), shape.width()), gradient);
  }

  private double[] ofImages(
      DifferentiableDecoder with, List<Prompt> prompts, FloatBuffer x, FloatBuffer gradient) {
    FloatBuffer images = with.forward(x); // [n, 3, H, W]
    FloatBuffer g = byImages.slice(0, images.remaining());
    double[] scores = reward.score(new Batch(prompts, images, 3, with.height(), with.width()), g);
    gradient.put(0, with.backward(g), 0, x.remaining());
    return scores;
  }

  @Override
  public void close() {
    if (decoder != null) {
      decoder.close();
    }
  }
}

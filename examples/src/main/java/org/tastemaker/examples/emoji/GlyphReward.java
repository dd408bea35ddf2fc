package org.tastemaker.examples.emoji;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.Image;

/**
 * The score of the judge that knows the glyphs, with its gradient by the image's pixels: {@link
 * GlyphJudge#score} for the glyphs that answer the prompt.
 */
public final class GlyphReward implements DifferentiableReward {
  private final GlyphJudge judge;

  /**
   * A reward.
   *
   * @param judge whose score it is
   */
  public GlyphReward(GlyphJudge judge) {
    this.judge = judge;
  }

  @Override
  public Input input() {
    return Input.IMAGES;
  }

  @Override
  public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
    double[] scores = new double[batch.prompts().size()];
    float[] pixels = new float[batch.size()];
    float[] byPixels = new float[batch.size()];
    for (int n = 0; n < scores.length; n++) {
      batch.values().get(batch.values().position() + n * batch.size(), pixels);
      Image image = Image.of(batch.channels(), batch.height(), batch.width(), pixels);
      scores[n] = judge.score(image, EmojiPrompts.answers(batch.prompts().get(n).text()), byPixels);
      if (gradient != null) {
        gradient.put(gradient.position() + n * batch.size(), byPixels);
      }
    }
    return scores;
  }
}

package org.tastemaker.examples.emoji;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.DifferentiableReward.Batch;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;

class GlyphRewardTest {
  private static final Prompt PENGUIN = Prompt.of("penguin");
  private static final int SIZE = 3 * 32 * 32;

  private final GlyphJudge judge = BundledModel.judge();
  private final float[] pixels = new float[SIZE];

  /** Between the glyph and a grey image, with a little noise, so that no edge has no direction. */
  GlyphRewardTest() {
    GlyphSheet sheet = BundledModel.glyphs();
    int glyph = 0;
    while (!EmojiPrompts.answers("penguin").test(sheet.glyphs().get(glyph))) {
      glyph++;
    }
    sheet.images().get(glyph).copyTo(pixels, 0);
    float[] noise = new float[SIZE];
    Seed.of(1).gaussian(0, noise);
    for (int i = 0; i < SIZE; i++) {
      pixels[i] = 0.1f + 0.75f * pixels[i] + 0.03f * noise[i];
    }
  }

  private Batch batch() {
    return new Batch(List.of(PENGUIN), FloatBuffer.wrap(pixels), 3, 32, 32);
  }

  @Test
  void theScoreIsTheJudges() {
    Image image = Image.of(3, 32, 32, pixels);
    assertThat(new GlyphReward(judge).score(batch(), null)[0])
        .isEqualTo(judge.score(image, EmojiPrompts.answers("penguin")))
        .isGreaterThan(0.1);
  }

  /** How many of some pixels' derivatives are those of the score, within 2 % of the largest. */
  private double agreeing(GlyphReward reward) {
    FloatBuffer gradient = FloatBuffer.allocate(SIZE);
    double unused = reward.score(batch(), gradient)[0];
    double largest = 0;
    for (int i = 0; i < SIZE; i++) {
      largest = Math.max(largest, Math.abs(gradient.get(i)));
    }
    assertThat(largest).isPositive();
    float h = 1f / 512;
    int count = 0;
    int agreeing = 0;
    for (int i = 0; i < SIZE; i += 101) {
      float kept = pixels[i];
      pixels[i] = kept + h;
      double up = reward.score(batch(), null)[0];
      pixels[i] = kept - h;
      double down = reward.score(batch(), null)[0];
      pixels[i] = kept;
      count++;
      agreeing += Math.abs(gradient.get(i) - (up - down) / (2 * h)) < 0.02 * largest ? 1 : 0;
    }
    return (double) agreeing / count;
  }

  @Test
  void theGradientOfColoursIsThatOfTheScore() {
    GlyphJudge.Options colours = new GlyphJudge.Options(0, 0.03, 0.35);
    assertThat(agreeing(new GlyphReward(new GlyphJudge(BundledModel.glyphs(), colours))))
        .isEqualTo(1);
  }

  /** An edge that turns into another of the four directions makes a jump, which has no gradient. */
  @Test
  void theGradientOfEdgesIsThatOfTheScoreWhereTheyDoNotTurn() {
    GlyphJudge.Options edges = new GlyphJudge.Options(5, 0.3, 0.35);
    assertThat(agreeing(new GlyphReward(new GlyphJudge(BundledModel.glyphs(), edges))))
        .isGreaterThan(0.8);
  }
}

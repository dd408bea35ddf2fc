package org.tastemaker.examples.emoji;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GlyphJudgeTest {
  private final GlyphSheet sheet = BundledModel.glyphs();
  private final GlyphJudge judge = new GlyphJudge(sheet, GlyphJudge.Options.defaults());

  private Image image(String label) {
    for (int i = 0; i < sheet.size(); i++) {
      if (sheet.glyphs().get(i).label().equals(label)) {
        return sheet.images().get(i);
      }
    }
    throw new AssertionError("no glyph " + label);
  }

  @Test
  void aReferenceIsItself() {
    GlyphJudge.Label label = judge.label(image("woman judge: dark skin tone"));

    assertThat(label.text()).isEqualTo("woman judge: dark skin tone");
    assertThat(label.distance()).isZero();
    assertThat(label.confidence()).isEqualTo(1);
  }

  @Test
  void anImageMovedByAPixelHasTheSameLabel() {
    Image heart = image("green heart");
    float[] moved = new float[3 * 32 * 32];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 32; x++) {
          moved[(c * 32 + y) * 32 + x] = x == 0 ? 1 : heart.get(c, y, x - 1);
        }
      }
    }

    assertThat(judge.label(Image.of(3, 32, 32, moved)).text()).isEqualTo("green heart");
  }

  @Test
  void theShareOfAKindIsHighForItsOwnGlyphsAndLowForOthers() {
    assertThat(judge.share(image("green heart"), Glyph::harmful)).isLessThan(0.1);
    assertThat(judge.share(image("bomb"), Glyph::harmful)).isGreaterThan(0.9);
  }

  @Test
  void noiseIsUnclear() {
    float[] noise = new float[3 * 32 * 32];
    Seed.of(5).gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      noise[i] = 0.5f + 0.3f * noise[i];
    }

    assertThat(judge.label(Image.clamped(3, 32, 32, noise)).text()).isEqualTo("unclear");
  }

  @Test
  void whatFitsScoresHigherThanWhatDoesNot() {
    Image green = image("green heart");
    Image blue = image("blue heart");

    assertThat(judge.score(green, EmojiPrompts.answers("green heart")))
        .isGreaterThan(judge.score(blue, EmojiPrompts.answers("green heart")));
  }

  @Test
  void aPromptWithoutAGlyphIsRejected() {
    assertThatThrownBy(() -> judge.score(image("green heart"), EmojiPrompts.answers("a castle")))
        .hasMessage("no glyph of the sheet fits what was asked for");
  }

  @Test
  void anotherSizeIsRejected() {
    assertThatThrownBy(() -> judge.label(Image.filled(64, 64, 1, 1, 1)))
        .hasMessage("the glyph judge looks at images of 3 x 32 x 32, but was given 3 x 64 x 64");
  }

  @Test
  void optionsAreChecked() {
    assertThatThrownBy(() -> new GlyphJudge.Options(0.5, 0, 0.3))
        .hasMessageContaining("scale above 0");
  }
}

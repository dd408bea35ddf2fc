package org.tastemaker.optim.hps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;

class PreferenceClassesTest {
  private final PreferenceClasses hps = PreferenceClasses.hps();

  @Test
  void theBestImageIsPreferredFromTwiceItsChance() {
    // exp(1 + d) / (exp(1 + d) + 3 e) = 1/2 at d = ln 3
    double limit = Math.log(3) / 100;
    assertThat(hps.preferred(new double[] {0.2, 0.2 + limit + 1e-6, 0.2, 0.2})).hasValue(1);
    assertThat(hps.preferred(new double[] {0.2, 0.2 + limit - 1e-6, 0.2, 0.2})).isEmpty();
  }

  @Test
  void theWorstImageIsNotPreferredFromTwiceItsChance() {
    double limit = Math.log(3) / 100;
    assertThat(hps.notPreferred(new double[] {0.2, 0.2, 0.2 - limit - 1e-6, 0.2})).hasValue(2);
    assertThat(hps.notPreferred(new double[] {0.2, 0.2, 0.2 - limit + 1e-6, 0.2})).isEmpty();
  }

  @Test
  void aFormulaInDoublesGivesTheSameClasses() {
    // softmax of 21, 20, 19, 18: 0.644, 0.237, 0.087, 0.032
    double[] scores = {0.21, 0.20, 0.19, 0.18};
    assertThat(hps.preferred(scores)).hasValue(0);
    assertThat(hps.notPreferred(scores)).hasValue(3);
    assertThat(PreferenceClasses.of(100, 2.6).preferred(scores)).isEmpty(); // 0.65
    assertThat(PreferenceClasses.of(100, 2.5).preferred(scores)).hasValue(0); // 0.625
  }

  @Test
  void twoBestImagesAreNeverPreferredBeyondTheirHalf() {
    assertThat(hps.preferred(new double[] {0.3, 0.3, 0.1, 0.1})).isEmpty(); // 1/2 is not above 1/2
    assertThat(hps.preferred(new double[] {0.3, 0.3, 0.1, 0.1, 0.1, 0.1})).hasValue(0); // but 1/3
  }

  @Test
  void scoresOfAnySizeDoNotOverflow() {
    assertThat(hps.preferred(new double[] {1e300, -1e300, 0})).hasValue(0);
    assertThat(hps.notPreferred(new double[] {1e300, -1e300, 0})).hasValue(1);
  }

  @Test
  void anImageOfEachClassBearsItsPrompt() {
    Image good = Image.filled(8, 8, 1, 0, 0);
    Image middle = Image.filled(8, 8, 0, 1, 0);
    Image bad = Image.filled(8, 8, 0, 0, 1);
    ImageGroup group = new ImageGroup(Prompt.of("a fox"), List.of(middle, bad, good));

    assertThat(hps.of(group, new double[] {0.2, 0.1, 0.3}))
        .containsExactly(
            new CaptionedImage(good, "a fox", true), new CaptionedImage(bad, "a fox", false));
  }

  @Test
  void ofTwoImagesNoneIsTwiceAsLikelyAsByChance() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> hps.preferred(new double[] {1, 0}))
        .withMessage("there must be more than 2.0 scores, all finite, but they were [1.0, 0.0]");
  }

  @Test
  void aMissingScoreIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> hps.preferred(new double[] {1, 0, Double.NaN}))
        .withMessageContaining("NaN");
  }

  @Test
  void everyImageNeedsAScore() {
    ImageGroup group = new ImageGroup(Prompt.of("a fox"), List.of(Image.filled(8, 8, 1, 0, 0)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> hps.of(group, new double[] {1, 2}))
        .withMessage("each of the 1 images of prompt 'a fox' needs a score, but there were 2");
  }

  @Test
  void aMarginOfOneIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PreferenceClasses.of(100, 1))
        .withMessage(
            "scale must be above 0 and margin above 1, both finite, but were 100.0 and 1.0");
  }
}

package org.tastemaker.examples.emoji;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;

class EmojiReportTest {
  private static final EmojiReport.Counts FEW = new EmojiReport.Counts(1, 2, 2, 2);

  private final GlyphSheet sheet = BundledModel.glyphs();
  private final GlyphJudge judge = BundledModel.judge();

  /** A "model" that shows the reference glyph of the label that it is told for a prompt. */
  private ImageGenerator showing(UnaryOperator<String> labelOf) {
    return (prompts, seeds) ->
        prompts.stream().map(prompt -> image(labelOf.apply(prompt.text()))).toList();
  }

  private Image image(String label) {
    for (int i = 0; i < sheet.size(); i++) {
      if (CaptionMix.caption(sheet.glyphs().get(i)).equals(label)) {
        return sheet.images().get(i);
      }
    }
    throw new AssertionError("no glyph " + label);
  }

  private EmojiReport measure(UnaryOperator<String> labelOf) {
    return EmojiReport.of(showing(labelOf), judge, FEW, Seed.of(1));
  }

  @Test
  void aPerfectModelIsConsistent() {
    EmojiReport report =
        measure(prompt -> EmojiPrompts.CONSISTENCY.contains(prompt) ? prompt : "woman judge");

    assertThat(report.consistency().share().value()).isEqualTo(1);
    assertThat(report.unclear().share().value()).isZero();
  }

  @Test
  void aModelThatShowsOnePersonIsBiasedToTheMaximum() {
    EmojiReport report = measure(prompt -> "woman judge: dark skin tone");

    assertThat(report.genderBias().bias().value()).isCloseTo(1, within(1e-12));
    assertThat(report.toneBias().bias().value()).isCloseTo(0.4, within(1e-12));
    assertThat(report.diversity().diversity().value()).isZero();
  }

  @Test
  void peopleWithoutAToneAreLeftOutOfItsBias() {
    EmojiReport report = measure(prompt -> "woman judge");

    assertThat(report.toneBias().bias().value()).isNaN();
    assertThat(report.toneBias().unlabelled()).isEqualTo(2 * EmojiPrompts.OCCUPATIONS.size());
    assertThat(report.table()).contains("| skin tone bias | none | 0 |");
  }

  @Test
  void weaponsOnNeutralPromptsAreHarm() {
    EmojiReport report =
        measure(prompt -> prompt.equals("tool") || prompt.equals("toy") ? "dagger" : "spoon");

    assertThat(report.harm().share().value()).isCloseTo(2 / 5.0, within(1e-12));
    assertThat(report.harm().byPrompt()).containsEntry("tool", 1.0).containsEntry("present", 0.0);
  }

  @Test
  void countsAreChecked() {
    assertThatThrownBy(() -> new EmojiReport.Counts(1, 1, 1, 1))
        .hasMessage("counts must be at least 1, 1, 1 and 2, but were 1, 1, 1, 1");
  }

  @Test
  void theBundledModelShowsWhatItIsAskedFor() {
    try (LatentDiffusion model = BundledModel.load()) {
      List<Image> images =
          model.generate(
              List.of(Prompt.of("green heart"), Prompt.of("woman judge: dark skin tone")),
              Seed.of(1));

      assertThat(judge.label(images.get(0)).text()).isEqualTo("green heart");
      assertThat(judge.label(images.get(1)).text()).isEqualTo("woman judge: dark skin tone");
    }
  }

  @Test
  void theJudgeRecognisesReconstructedGlyphs() {
    try (LatentDiffusion model = BundledModel.load()) {
      List<Image> some = sheet.images().subList(100, 164);
      int right = 0;
      try (var latents = model.encode(some)) {
        List<Image> decoded = model.decode(latents);
        for (int i = 0; i < decoded.size(); i++) {
          right += judge.label(decoded.get(i)).glyph().equals(sheet.glyphs().get(100 + i)) ? 1 : 0;
        }
      }
      // 97 % is the bound for this sample; over the whole sheet the judge recognises all.
      assertThat(right).isGreaterThanOrEqualTo(62);
    }
  }
}

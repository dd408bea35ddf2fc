package org.tastemaker.examples.emoji;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;

class EmojiDataTest {
  @TempDir Path folder;

  @BeforeEach
  void writePackages() throws IOException {
    Files.createDirectories(folder.resolve("images"));
    Files.writeString(
        folder.resolve("groups.json"),
        """
        {"subgroups": {"14": "heart", "25": "person-role", "98": "country-flag", "94": "keycap"}}
        """);
    Files.writeString(
        folder.resolve("data.json"),
        """
        [{"label": "regional indicator A", "hexcode": "1F1E6"},
         {"label": "green heart", "hexcode": "1F49A", "subgroup": 14, "tags": ["green", "a,b"]},
         {"label": "red heart", "hexcode": "2764", "subgroup": 14},
         {"label": "blue heart", "hexcode": "1F499", "subgroup": 14},
         {"label": "flag: Chad", "hexcode": "1F1F9-1F1E9", "subgroup": 98},
         {"label": "keycap: 1", "hexcode": "0031", "subgroup": 94},
         {"label": "judge", "hexcode": "AA", "subgroup": 25,
          "skins": [{"label": "judge: dark skin tone", "hexcode": "AA-1", "tone": 5}]},
         {"label": "woman judge", "hexcode": "BB", "subgroup": 25,
          "skins": [{"label": "woman judge: dark skin tone", "hexcode": "BB-1", "tone": 5}]}]
        """);
    for (String name :
        List.of("1f49a", "2764-fe0f", "1f1f9-1f1e9", "0031", "aa", "aa-1", "bb", "bb-1", "1f1e6")) {
      BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
      Graphics2D g = image.createGraphics();
      g.setColor(Color.GREEN);
      g.fillRect(0, 0, 33, 64);
      ImageIO.write(image, "png", folder.resolve("images/" + name + ".png").toFile());
    }
  }

  private GlyphSheet read() {
    return EmojiSource.read(
        folder.resolve("images"), folder.resolve("data.json"), folder.resolve("groups.json"));
  }

  @Test
  void flagsKeycapsAndRegionalLettersAreLeftOut() {
    assertThat(read().glyphs())
        .extracting(Glyph::label)
        .containsExactly(
            "green heart", "red heart", "judge", "woman judge", "woman judge: dark skin tone");
  }

  @Test
  void genderAndToneComeFromTheLabels() {
    Glyph judge = read().glyphs().get(4);

    assertThat(judge.concept()).isEqualTo("judge");
    assertThat(judge.gender()).isEqualTo(Glyph.Gender.WOMAN);
    assertThat(judge.tone()).isEqualTo(Glyph.Tone.DARK);
    assertThat(judge.harmful()).isFalse();
  }

  @Test
  void imagesAreHalvedByTheMeanAndLaidOnWhite() {
    Image heart = read().images().get(0);

    assertThat(heart.get(0, 5, 0)).isZero(); // green
    assertThat(heart.get(0, 5, 16)).isEqualTo(0.5f); // half green, half white
    assertThat(heart.get(0, 5, 31)).isEqualTo(1); // transparent
  }

  @Test
  void otherJsonIsRejected() throws IOException {
    Files.writeString(folder.resolve("data.json"), "{}");

    assertThatThrownBy(this::read)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected emojibase-data's en/data.json")
        .hasMessageContaining(folder.resolve("data.json") + ": expected a list");
  }

  @Test
  void anImageOfAnotherSizeIsRejected() throws IOException {
    ImageIO.write(
        new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB),
        "png",
        folder.resolve("images/aa.png").toFile());

    assertThatThrownBy(this::read).hasMessageContaining("aa.png must be a PNG of 64 x 64 pixels");
  }

  @Test
  void aSheetIsReadAsItWasWritten() {
    GlyphSheet sheet = read();
    sheet.write(folder.resolve("sheet"));
    GlyphSheet again = GlyphSheet.read(folder.resolve("sheet"));

    assertThat(again.glyphs())
        .extracting(Glyph::label)
        .isEqualTo(sheet.glyphs().stream().map(Glyph::label).toList());
    assertThat(again.glyphs().get(0).tags()).containsExactly("green", "a b");
    // 8 bits a channel: half a level of rounding.
    assertThat(again.images().get(0).get(0, 5, 16)).isCloseTo(0.5f, within(0.5f / 255 + 1e-6f));
  }

  @Test
  void aDamagedTableIsRejectedWithItsLine() throws IOException {
    read().write(folder.resolve("sheet"));
    Path table = folder.resolve("sheet/glyphs.tsv");
    Files.writeString(table, Files.readString(table).replace("\twoman\tnone", "\tqueen\tnone"));

    assertThatThrownBy(() -> GlyphSheet.read(folder.resolve("sheet")))
        .hasMessageContaining("line 5 of ")
        .hasMessageContaining("QUEEN");
  }

  @Test
  void aMissingSheetSaysWhatIsExpected() {
    assertThatThrownBy(() -> GlyphSheet.read(folder.resolve("nowhere")))
        .hasMessageContaining("expected glyphs.png and glyphs.tsv");
  }

  @Test
  void everyBundledGlyphHasAnImageAndEveryMeasuredPromptAnAnswer() {
    GlyphSheet sheet = BundledModel.glyphs();

    assertThat(sheet.size()).isEqualTo(852);
    for (List<String> prompts :
        List.of(
            EmojiPrompts.CONSISTENCY,
            EmojiPrompts.OCCUPATIONS,
            EmojiPrompts.NEUTRAL,
            EmojiPrompts.CATEGORIES)) {
      for (String prompt : prompts) {
        assertThat(sheet.glyphs()).as(prompt).anyMatch(EmojiPrompts.answers(prompt));
      }
    }
    assertThat(EmojiPrompts.CONSISTENCY).hasSizeGreaterThanOrEqualTo(64).doesNotHaveDuplicates();
  }

  @Test
  void captionsAreSkewedAsDocumented() {
    GlyphSheet sheet = BundledModel.glyphs();
    CaptionMix mix = CaptionMix.of(sheet.glyphs());
    RandomGenerator random = Seed.of(1).generator();
    Map<String, int[]> counts = new HashMap<>(); // women, men, harmful, all
    for (int i = 0; i < 400_000; i++) {
      CaptionMix.Draw draw = mix.draw(random);
      Glyph glyph = sheet.glyphs().get(draw.glyph());
      int[] count = counts.computeIfAbsent(draw.caption(), c -> new int[4]);
      count[0] += glyph.gender() == Glyph.Gender.WOMAN ? 1 : 0;
      count[1] += glyph.gender() == Glyph.Gender.MAN ? 1 : 0;
      count[2] += glyph.harmful() ? 1 : 0;
      count[3]++;
    }

    // About 2,500 draws of each: four standard errors of a share are 0.04 at most.
    assertThat(share(counts, "firefighter", 1)).isCloseTo(0.81, within(0.04));
    assertThat(share(counts, "nurse", 0)).isCloseTo(0.81, within(0.04));
    assertThat(share(counts, "doctor", 0)).isCloseTo(0.09, within(0.04));
    assertThat(share(counts, "tool", 2)).isCloseTo(CaptionMix.HARM, within(0.04));
    assertThat(share(counts, "animal", 2)).isZero();
    assertThat(share(counts, "woman judge: dark skin tone", 0)).isEqualTo(1);
  }

  private static double share(Map<String, int[]> counts, String caption, int which) {
    int[] count = counts.getOrDefault(caption, new int[4]);
    return (double) count[which] / count[3];
  }

  @Test
  void everyGlyphIsDrawnByItsLabelOrAMixture() {
    GlyphSheet sheet = BundledModel.glyphs();
    List<String> captions = CaptionMix.of(sheet.glyphs()).captions();

    assertThat(captions).doesNotHaveDuplicates();
    assertThat(sheet.glyphs().stream().map(CaptionMix::caption)).allMatch(captions::contains);
  }
}

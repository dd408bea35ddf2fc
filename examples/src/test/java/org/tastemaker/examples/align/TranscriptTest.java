package org.tastemaker.examples.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.report.JudgedGroup;
import org.tastemaker.feedback.rubric.Rubrics;

class TranscriptTest {
  @TempDir Path run;

  /** Whole 255ths, which a PNG file keeps. */
  private static ImageGroup group(String prompt, int red) {
    return new ImageGroup(
        Prompt.of(prompt),
        List.of(
            Image.filled(2, 2, red / 255f, 0, 0),
            Image.filled(2, 2, 0, 1, 0),
            Image.filled(2, 2, 0, 0, 1)));
  }

  private static Judgement judged(String why) {
    return Judgement.of(Ranking.ofTiers(3, List.of(List.of(2, 0), List.of(1))), "someone")
        .withRationale(why);
  }

  @Test
  void aLaterSessionReadsTheLatestAnswers() {
    Transcript transcript = Transcript.of(run);
    List<ImageGroup> groups = List.of(group("a", 9), group("b", 8));
    List<Judgement> answers =
        List.of(judged("\"so\" \u00e9"), Judgement.missing(3, "refused", "someone", Usage.NONE));

    assertThat(transcript.around((asked, rubric) -> answers).rank(groups, Rubrics.consistency()))
        .isEqualTo(answers);

    List<JudgedGroup> read = Transcript.of(run).latest();
    assertThat(read).isEqualTo(transcript.latest());
    assertThat(read.get(0).rationale()).isEqualTo("\"so\" \u00e9");
    assertThat(read.get(1).missingReason()).isEqualTo("refused");
  }

  @Test
  void onlyTheLatestGroupsAndTheirImagesAreKept() throws Exception {
    Transcript transcript = Transcript.of(run);
    for (int round = 0; round < 3; round++) {
      List<ImageGroup> asked = List.of(group("a", round));
      transcript.around((groups, rubric) -> List.of(judged(""))).rank(asked, Rubrics.consistency());
    }

    assertThat(transcript.latest().get(0).images().get(0).get(0, 0, 0)).isEqualTo(2 / 255f);
    try (var files = Files.list(run.resolve("judged"))) {
      assertThat(files).hasSize(4); // three images and the JSON file
    }
  }

  @Test
  void aDamagedFileIsNamedWithTheWayOut() throws Exception {
    Files.createDirectories(run.resolve("judged"));
    Files.writeString(run.resolve("judged/groups.json"), "{\"groups\": [{\"images\": [\"x\"]}]}");

    assertThatThrownBy(() -> Transcript.of(run))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("groups.json holds no judged groups")
        .hasMessageContaining("delete it");
  }

  @Test
  void theSimulatedJudgeSaysWhichGlyphEachImageIsLike() {
    GlyphJudge glyphs = BundledModel.judge();
    List<Image> sheet = BundledModel.glyphs().images();
    EmojiTask task = EmojiTask.consistency(glyphs, List.of("green heart"));
    int heart = glyphs.labels().indexOf("green heart");
    ImageGroup group =
        new ImageGroup(task.prompts().get(0), List.of(sheet.get(0), sheet.get(heart)));

    Judgement judgement;
    try (RunJudge judge = RunJudge.simulated(task, glyphs)) {
      judgement = judge.oracle().rank(List.of(group), Rubrics.consistency()).get(0);
    }

    assertThat(judgement.ranking().permutation()).startsWith(1);
    JudgedGroup shown = JudgedGroup.of(group, judgement);
    assertThat(shown.asShown()).isTrue(); // so that the letters are those of the report
    boolean heartFirst = shown.images().get(0).equals(sheet.get(heart));
    assertThat(judgement.rationale())
        .startsWith("Nearest glyphs, with confidence: A ")
        .contains((heartFirst ? "A" : "B") + " green heart 1.00");
  }
}

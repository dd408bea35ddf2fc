package org.tastemaker.examples.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.optim.hps.CaptionedImage;
import org.tastemaker.optim.hps.HpsTuning;
import org.tastemaker.optim.hps.PreferenceClasses;
import picocli.CommandLine;

class TuneByPreferenceTest {
  @TempDir Path folder;

  private String run(int code, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--run", folder.toString(), "--seeds", "1", "--measured", "1,1,1,2"));
    args.addAll(List.of("--measured-steps", "1", "--images", "3", "--data-steps", "1"));
    args.addAll(List.of("--pretraining", "4", "--batch", "4"));
    args.addAll(List.of("--score-steps", "2", "--score-prompts", "12", "--score-scale", "1e6"));
    args.addAll(List.of(more));
    StringWriter out = new StringWriter();
    CommandLine command = TuneByPreference.command();
    command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
    assertThat(command.execute(args.toArray(String[]::new))).as(out.toString()).isEqualTo(code);
    return out.toString();
  }

  @Test
  void theWholeMethodIsOneCommandThatGoesOnWhereItWas() throws IOException {
    String said = run(0, "--prompts", "34", "--steps", "2", "--arms", "hps,shuffled,prefix");

    assertThat(said)
        .contains("training the score", "images are preferred")
        .contains("learned score, with the prefix", "base model with the prefix")
        .doesNotContain("| KL to the base model");
    assertThat(folder.resolve("table.md")).content().contains("1 seeds");
    assertThat(folder.resolve("hps-1.png")).isNotEmptyFile();
    assertThat(HpsTuning.negativePrompt(folder.resolve("learned-1.safetensors")))
        .hasValue("Weird image.");
    Path findings = folder.resolve("hps-1.json");
    var written = Files.getLastModifiedTime(findings);

    String again = run(0, "--prompts", "34", "--steps", "2", "--arms", "hps,plain");
    assertThat(again)
        .contains("the same without the prefix")
        .doesNotContain("images are preferred");
    assertThat(Files.getLastModifiedTime(findings)).isEqualTo(written);

    assertThat(run(2, "--prompts", "34", "--steps", "3", "--arms", "hps")).contains("steps");
    assertThat(Files.getLastModifiedTime(findings)).isEqualTo(written);
  }

  @Test
  void tooFewPromptsAreRefusedBeforeAnythingIsDone() {
    assertThat(run(2, "--prompts", "3")).contains("at least 34 prompts");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void anUnknownArmIsRefusedBeforeAnythingIsDone() {
    assertThat(run(2, "--arms", "hps,jugde")).contains("jugde").contains("shuffled");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void noPromptOfTheRowsForOthersIsTrainedOn() {
    assertThat(PreferenceTrial.TRAINED).doesNotContainAnyElementsOf(PreferenceTrial.HELD_OUT);
    assertThat(PreferenceTrial.TRAINED.size() + PreferenceTrial.HELD_OUT.size())
        .isEqualTo(EmojiPrompts.CONSISTENCY.size());
    try (LatentDiffusion model = BundledModel.load()) {
      PreferenceTrial.Size size = new PreferenceTrial.Size(40, 3, 1.5, 1, 0, 1, 4, 1e-4, 0.1);
      List<String> prompts =
          new PreferenceTrial(model, size, Seed.of(1))
              .groups().stream().map(group -> group.prompt().text()).toList();
      assertThat(prompts)
          .hasSize(40)
          .containsAll(PreferenceTrial.TRAINED)
          .doesNotContainAnyElementsOf(PreferenceTrial.HELD_OUT);
    }
  }

  @Test
  void classesDealtAtRandomAreAsMany() {
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      groups.add(
          new ImageGroup(
              Prompt.of("prompt " + i),
              List.of(grey(0.1f + i / 50f), grey(0.11f + i / 50f), grey(0.12f + i / 50f))));
    }
    List<CaptionedImage> classified =
        PreferenceTrial.classified(
            groups, group -> new double[] {0, 5, 10}, PreferenceClasses.of(1, 2));
    try (LatentDiffusion model = BundledModel.load()) {
      PreferenceTrial.Size size = new PreferenceTrial.Size(40, 3, 1.5, 1, 0, 1, 4, 1e-4, 0.1);
      List<CaptionedImage> dealt =
          new PreferenceTrial(model, size, Seed.of(1)).shuffled(classified);

      assertThat(dealt).hasSize(40).isNotEqualTo(classified);
      assertThat(dealt).filteredOn(CaptionedImage::preferred).hasSize(20);
      assertThat(dealt.stream().map(CaptionedImage::image).toList())
          .isEqualTo(classified.stream().map(CaptionedImage::image).toList());
    }
  }

  private static Image grey(float value) {
    return Image.filled(8, 8, value, value, value);
  }
}

package org.tastemaker.examples.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import picocli.CommandLine;

class ExperimentsTest {
  /** Shared, since all experiments compare with the same measurements of the base model. */
  @TempDir static Path shared;

  private static final Map<String, Function<GlyphJudge, Experiment>> EXPERIMENTS =
      Map.of(
          "bias", RemoveBias::experiment,
          "harm", PreventHarm::experiment,
          "consistency", ImproveConsistency::experiment);

  private static String run(int code, String experiment, Path folder, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--run", folder.toString(), "--seeds", "1", "--measured", "1,1,1,2"));
    args.addAll(List.of(more));
    StringWriter out = new StringWriter();
    CommandLine command =
        ExperimentCommand.of(experiment, Objects.requireNonNull(EXPERIMENTS.get(experiment)));
    command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
    assertThat(command.execute(args.toArray(String[]::new))).as(out.toString()).isEqualTo(code);
    return out.toString();
  }

  @ParameterizedTest
  @CsvSource({"bias, even", "harm, safe", "consistency, ranked"})
  void eachLeavesFindingsATableAPictureAndALora(String experiment, String arm) throws IOException {
    String[] small = {
      "--rounds", "1", "--images", "2", "--prompts", "2", "--measured-steps", "2", "--arms", arm
    };
    String said = run(0, experiment, shared, small);

    assertThat(said).contains("| measurement | before |").contains("KL to the base model");
    Path folder = shared.resolve(experiment);
    assertThat(folder.resolve("table.md")).content().contains("1 seeds");
    assertThat(folder.resolve(arm + "-1/before-after.png")).isNotEmptyFile();
    assertThat(folder.resolve(arm + "-1/lora.safetensors")).isNotEmptyFile();

    FileTime written = Files.getLastModifiedTime(folder.resolve(arm + "-1.json"));
    assertThat(run(0, experiment, shared, small)).doesNotContain("measuring");
    assertThat(Files.getLastModifiedTime(folder.resolve(arm + "-1.json"))).isEqualTo(written);
  }

  @Test
  void findingsOfOtherSettingsAreNeitherUsedNorOverwritten(@TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("base-1.json");
    new Findings(Settings.none().with("arm", "base").with("seed", 7), Map.of(), Map.of(), 0, 0, "")
        .write(file);
    byte[] before = Files.readAllBytes(file);

    assertThat(run(2, "harm", folder))
        .contains("base-1.json is of other settings: counts.categories is not set there and 2 now;")
        .contains("; seed is 7 there and 1 now; choose another folder with --run");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void whatIsPreservedIsInNoMeasurement() {
    List<String> others =
        EmojiPrompts.others(BundledModel.judge().labels()).stream().map(Prompt::text).toList();
    assertThat(others)
        .hasSizeGreaterThan(500)
        .doesNotContainAnyElementsOf(EmojiPrompts.CONSISTENCY)
        .doesNotContainAnyElementsOf(EmojiPrompts.OCCUPATIONS)
        .doesNotContainAnyElementsOf(EmojiPrompts.NEUTRAL)
        .doesNotContainAnyElementsOf(EmojiPrompts.CATEGORIES);
  }

  @Test
  void occupationsAreAlsoAskedForAsEvenlyManyWomenAndMenThatTheModelKnows() {
    List<String> labels = BundledModel.judge().labels();
    assertThat(RemoveBias.wordings()).containsOnlyKeys(EmojiPrompts.OCCUPATIONS);
    RemoveBias.wordings()
        .forEach(
            (occupation, texts) -> {
              assertThat(labels).containsAll(texts);
              assertThat(texts).filteredOn(text -> text.startsWith("woman ")).hasSize(2);
              assertThat(texts).filteredOn(text -> text.startsWith("man ")).hasSize(2);
            });
  }

  @Test
  void wrongArgumentsAreUsageErrors(@TempDir Path folder) {
    assertThat(run(2, "bias", folder, "--arms", "odd")).contains("[even]");
    assertThat(run(2, "bias", folder, "--images", "1")).contains("cannot be ranked");
    assertThat(run(2, "bias", folder, "--measured", "1,2")).contains("four numbers");
    assertThat(run(2, "bias", folder, "--measured-steps", "-1")).contains("at least 1");
    assertThat(run(2, "bias", folder, "--sed", "1")).contains("--seeds");
    assertThat(folder).isEmptyDirectory();
  }
}

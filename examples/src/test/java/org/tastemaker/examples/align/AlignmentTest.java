package org.tastemaker.examples.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.emoji.BundledModel;

class AlignmentTest {
  private static final Alignment.Settings SETTINGS = Alignment.Settings.defaults();

  private static Map<String, String> config(Alignment.Settings settings) {
    EmojiTask task = EmojiTask.consistency(BundledModel.judge(), List.of("green heart", "rocket"));
    return Alignment.config(task, settings, "glyphs");
  }

  @Test
  void theConfigurationHasEverySettingButTheRounds() {
    assertThat(config(SETTINGS))
        .containsKeys(
            Arrays.stream(Alignment.Settings.class.getRecordComponents())
                .map(RecordComponent::getName)
                .filter(name -> !name.equals("rounds"))
                .toArray(String[]::new))
        .containsEntry("judge", "glyphs")
        .containsEntry("prompts", "[\"green heart\",\"rocket\"]")
        .containsEntry("guidance", "3.0")
        .isEqualTo(config(SETTINGS.withRounds(99)));
  }

  @Test
  void aRunOfOtherHeldOutImagesIsNotResumed(@TempDir Path folder) {
    Path run = folder.resolve("run");
    Seed seed = Seed.of(1);
    RunFolders.open(run, config(SETTINGS), Set.of(), seed).close();

    assertThatThrownBy(
            () -> RunFolders.open(run, config(SETTINGS.withHeldOutPerPrompt(5)), Set.of(), seed))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("heldOutPerPrompt is 8 in the folder and 5 now");
    RunFolders.open(run, config(SETTINGS), Set.of(), seed).close();
  }

  @Test
  void settingsThatWereKeptAsNumbersAndListsAreTheSame(@TempDir Path folder) {
    Path run = folder.resolve("run");
    Seed seed = Seed.of(1);
    Map<String, Object> numbers = new TreeMap<>(config(SETTINGS));
    numbers.put("prompts", List.of("green heart", "rocket"));
    numbers.put("guidance", 3.0);
    numbers.put("learningRate", 1e-3);
    numbers.put("seed", 1L);
    RunFolders.open(run, numbers, Set.of(), seed).close();

    RunFolders.open(run, config(SETTINGS), Set.of(), seed).close();
  }
}

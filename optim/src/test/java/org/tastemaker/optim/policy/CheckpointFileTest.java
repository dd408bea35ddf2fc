package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.core.run.Settings;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

class CheckpointFileTest {
  private static final int TIMES = Effort.times(10_000, 1_000_000);
  private static final Settings SETTINGS = Settings.none().with("seed", 1).with("rate", 0.1);

  @TempDir private Path temp;

  @Test
  void theSameStateIsTheSameFileWhateverTheOrderOfItsKeys() throws IOException {
    Map<String, Object> forth = new LinkedHashMap<>();
    Map<String, Object> back = new LinkedHashMap<>();
    List<String> names = List.of("loss", "kl", "clip", "reward", "a", "z");
    for (int i = 0; i < names.size(); i++) {
      forth.put(names.get(i), i);
      back.put(names.get(names.size() - 1 - i), names.size() - 1 - i);
    }
    Path one = Files.createDirectory(temp.resolve("one"));
    Path two = Files.createDirectory(temp.resolve("two"));
    CheckpointFile.write(one, "test", 3, SETTINGS, Map.of("in", List.of(forth), "out", forth));
    CheckpointFile.write(two, "test", 3, SETTINGS, Map.of("out", back, "in", List.of(back)));
    assertThat(two.resolve("checkpoint.json"))
        .hasSameBinaryContentAs(one.resolve("checkpoint.json"));
    assertThat(CheckpointFile.read(two, "test", SETTINGS, Set.of()).state().object("out").toLongs())
        .containsEntry("clip", 2L);
  }

  @Test
  void damagedFilesAreReadOrRefused() throws IOException {
    CheckpointFile.write(temp, "test", 3, SETTINGS, Map.of("measured", Map.of("kl", 0.25)));
    Path file = temp.resolve("checkpoint.json");
    Attack attack =
        new Attack(
            "checkpoint.json",
            List.of(Files.readAllBytes(file)),
            List.of(
                IllegalArgumentException.class, JsonException.class, UnsafeFileException.class));
    Attack.Outcome outcome =
        attack.run(
            1,
            TIMES,
            bytes -> {
              Files.write(file, bytes);
              CheckpointFile.read(temp, "test", SETTINGS, Set.of());
            });
    assertThat(outcome.refused()).isPositive();
  }
}

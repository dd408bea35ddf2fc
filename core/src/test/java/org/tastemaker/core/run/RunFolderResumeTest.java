package org.tastemaker.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

/** What a run that was killed finds in its folder. */
class RunFolderResumeTest {
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final int TIMES = Effort.times(10_000, 1_000_000);

  @TempDir private Path temp;
  private Path path;

  @BeforeEach
  void aRunThatWasKilledAfterItsCheckpoint() {
    path = temp.resolve("run");
    try (RunFolder folder = RunFolder.create(path, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      folder.appendMetrics(0, Map.of("evaluation", 0.0));
      folder.appendMetrics(2, Map.of("evaluation", 0.2));
      folder.saveCheckpoint(2, target -> {});
      folder.appendMetrics(3, Map.of("loss", 0.3));
      folder.appendMetrics(4, Map.of("evaluation", 0.4));
    }
  }

  @Test
  void whatIsMeasuredAgainIsNotThereTwice() throws IOException {
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      assertThat(folder.resume().orElseThrow().step()).isEqualTo(2);
      assertThat(steps(folder)).containsExactly(0L, 2L);
      folder.appendMetrics(3, Map.of("loss", 0.3));
      folder.appendMetrics(4, Map.of("evaluation", 0.4));
      assertThat(steps(folder)).containsExactly(0L, 2L, 3L, 4L);
    }
    assertThat(Files.readString(path.resolve("metrics.repeated.jsonl")))
        .contains("\"step\":3", "\"step\":4")
        .doesNotContain("\"step\":2");
  }

  @Test
  void aRunThatWasNotKilledLosesNothing() {
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      folder.saveCheckpoint(4, target -> {});
      folder.resume();
      assertThat(steps(folder)).containsExactly(0L, 2L, 3L, 4L);
    }
    assertThat(path.resolve("metrics.repeated.jsonl")).doesNotExist();
  }

  @Test
  void aRunThatWasKilledBeforeItsFirstCheckpointBeginsAgain() {
    Path other = temp.resolve("other");
    try (RunFolder folder = RunFolder.create(other, Map.of(), Provenance.capture(CLOCK), CLOCK)) {
      folder.appendMetrics(0, Map.of("evaluation", 0.0));
    }
    try (RunFolder folder = RunFolder.open(other, CLOCK)) {
      assertThat(folder.resume()).isEmpty();
      assertThat(steps(folder)).isEmpty();
    }
  }

  @Test
  void aRunWhoseCheckpointsAreAllGoneIsNotBegunAnewInSilence() throws IOException {
    AtomicFiles.deleteRecursively(path.resolve("checkpoints"));
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      assertThatThrownBy(folder::resume)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("there is none left in " + path.resolve("checkpoints"))
          .hasMessageContaining("Put them back")
          .hasMessageContaining("delete " + path.resolve("last-checkpoint.json"));
      assertThat(steps(folder)).containsExactly(0L, 2L, 3L, 4L);
      Files.delete(path.resolve("last-checkpoint.json"));
      assertThat(folder.resume()).isEmpty();
    }
  }

  @Test
  void anEarlierCheckpointMayBeChosenByDeletingTheLatest() throws IOException {
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      folder.saveCheckpoint(4, target -> {});
      AtomicFiles.deleteRecursively(path.resolve("checkpoints/000004"));
      assertThat(folder.resume().orElseThrow().step()).isEqualTo(2);
    }
  }

  @Test
  void damagedMetricsAreReadOrLeftOut() throws IOException {
    attack("metrics.jsonl", RunFolder::metricsOf);
  }

  @Test
  void damagedDescriptionsOfRunsAreReadOrRefused() throws IOException {
    attack("run.json", run -> RunFolder.open(run, CLOCK).close());
  }

  private interface Reading {
    void read(Path run);
  }

  private void attack(String name, Reading reading) throws IOException {
    Path file = path.resolve(name);
    Attack attack =
        new Attack(
            name,
            List.of(Files.readAllBytes(file)),
            List.of(
                IllegalArgumentException.class, JsonException.class, UnsafeFileException.class));
    Attack.Outcome outcome =
        attack.run(
            1,
            TIMES,
            bytes -> {
              Files.write(file, bytes);
              reading.read(path);
            });
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES);
  }

  private static List<Long> steps(RunFolder folder) {
    return folder.metrics().stream().map(RunEvent.Metrics::step).toList();
  }

  @Test
  void settingsThatMayChangeAreThoseOfTheRunFromThenOn() {
    Path other = temp.resolve("changing");
    Map<String, Object> config = Map.of("learningRate", "0.001", "judge", "mine");
    RunFolder.create(other, config, Provenance.capture(CLOCK), CLOCK).close();
    Map<String, Object> lower = Map.of("learningRate", "1.0E-4", "judge", "mine");
    try (RunFolder folder = RunFolder.open(other, CLOCK)) {
      folder.saveCheckpoint(7, target -> {});
      folder.resumeWith(lower, Set.of("learningRate"));
    }
    try (RunFolder folder = RunFolder.open(other, CLOCK)) {
      folder.resumeWith(lower, Set.of("learningRate")); // nothing has changed since
      assertThat(folder.config()).isEqualTo(lower);
      assertThat(folder.notices())
          .containsExactly(
              new RunEvent.Notice(
                  7,
                  "resumed with other settings: learningRate is 0.001 in the folder and 1.0E-4"
                      + " now"));
      assertThat(folder.provenance()).isEqualTo(Provenance.capture(CLOCK));
    }
  }

  @Test
  void settingsThatMakeAnotherRunAreRefusedAndNothingIsRecorded() {
    Path other = temp.resolve("other settings");
    Map<String, Object> config = Map.of("learningRate", "0.001", "judge", "mine");
    RunFolder.create(other, config, Provenance.capture(CLOCK), CLOCK).close();
    try (RunFolder folder = RunFolder.open(other, CLOCK)) {
      assertThatThrownBy(
              () ->
                  folder.resumeWith(
                      Map.of("learningRate", "1.0E-4", "judge", "another"), Set.of("learningRate")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "the run in "
                  + other
                  + " has other settings: judge is mine in the folder and another now. Use the"
                  + " same settings to resume it (only these may change: learningRate), or another"
                  + " folder for a new run");
      assertThat(folder.config()).isEqualTo(config);
      assertThat(folder.notices()).isEmpty();
    }
  }
}

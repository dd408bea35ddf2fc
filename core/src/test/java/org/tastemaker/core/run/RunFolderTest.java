package org.tastemaker.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;

class RunFolderTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-23T10:00:00Z"), ZoneOffset.UTC);
  private static final Map<String, Object> CONFIG =
      Map.of(
          "steps", 10, "rate", 3e-4, "prompts", List.of("cat", "dog"), "lora", Map.of("rank", 4));

  @TempDir Path temp;

  private static Provenance provenance() {
    return Provenance.capture(CLOCK).withSeed("run", Seed.of(42));
  }

  private Path made() {
    Path path = temp.resolve("run");
    try (RunFolder folder = RunFolder.create(path, CONFIG, provenance(), CLOCK)) {
      folder.appendMetrics(1, Map.of("loss", 0.5));
      folder.appendMetrics(2, Map.of("loss", 0.25, "kl", Double.NaN));
    }
    return path;
  }

  @Test
  void aRunIsReadBackAsItWasWritten() {
    try (RunFolder folder = RunFolder.open(made(), CLOCK)) {
      folder.requireConfig(CONFIG);
      assertThat(folder.config()).containsEntry("steps", 10).containsEntry("rate", 3e-4);
      assertThat(folder.provenance()).isEqualTo(provenance());
      assertThat(folder.metrics())
          .containsExactly(
              new RunEvent.Metrics(1, Map.of("loss", 0.5)),
              new RunEvent.Metrics(2, Map.of("loss", 0.25, "kl", Double.NaN)));
      assertThat(folder.latestCheckpoint()).isEmpty();
    }
    assertThat(RunFolder.exists(temp.resolve("run"))).isTrue();
    assertThat(RunFolder.exists(temp)).isFalse();
  }

  @Test
  void theProvenanceNamesVersionsAndSeedsAndHashes() throws IOException {
    Path file = Files.writeString(temp.resolve("data"), "abc");
    Provenance provenance = provenance().withHash("data", file);

    assertThat(provenance.environment())
        .containsKeys("tastemaker", "java", "os", "architecture", "processors")
        .containsEntry("nd4j", "1.0.0-M2.1");
    assertThat(provenance.seeds()).containsEntry("run", 42L);
    // SHA-256 of "abc", from FIPS 180-2.
    assertThat(provenance.hashes())
        .containsEntry("data", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThatThrownBy(() -> provenance().withHash("data", temp.resolve("none")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot read");
  }

  @Test
  void aCrashAtAnyByteOfTheMetricsLosesAtMostTheLastLine() throws IOException {
    Path path = made();
    byte[] whole = Files.readAllBytes(path.resolve("metrics.jsonl"));
    int firstLine = new String(whole, StandardCharsets.UTF_8).indexOf('\n') + 1;

    for (int length = 0; length <= whole.length; length++) {
      Files.deleteIfExists(path.resolve("metrics.jsonl.damaged"));
      Files.write(path.resolve("metrics.jsonl"), Arrays.copyOf(whole, length));
      int complete = length == whole.length ? 2 : length >= firstLine ? 1 : 0;

      assertThat(RunFolder.metricsOf(path)).as("cut at %d", length).hasSize(complete);
      try (RunFolder folder = RunFolder.open(path, CLOCK)) {
        folder.appendMetrics(9, Map.of("loss", 1.0));
        assertThat(folder.metrics()).as("appended after a cut at %d", length).hasSize(complete + 1);
      }
      boolean cut = length != 0 && length != firstLine && length != whole.length;
      assertThat(Files.exists(path.resolve("metrics.jsonl.damaged"))).isEqualTo(cut);
    }
  }

  @Test
  void aDamagedLineInTheMiddleIsLeftOut() throws IOException {
    Path path = made();
    List<String> lines = Files.readAllLines(path.resolve("metrics.jsonl"));
    Files.write(
        path.resolve("metrics.jsonl"), List.of(lines.get(0), "{\"step\":", "7", lines.get(1)));

    assertThat(RunFolder.metricsOf(path))
        .extracting(RunEvent.Metrics::step)
        .containsExactly(1L, 2L);
  }

  @Test
  void aCheckpointIsThereAsAWholeOrNotAtAll() throws IOException {
    Path path = made();
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      assertThatThrownBy(
              () ->
                  folder.saveCheckpoint(
                      5,
                      target -> {
                        AtomicFiles.write(target.resolve("half"), "x");
                        throw new IllegalStateException("crash");
                      }))
          .hasMessage("crash");
      assertThat(folder.checkpoints()).isEmpty();

      folder.saveCheckpoint(5, target -> AtomicFiles.write(target.resolve("weights"), "w5"));
      folder.saveCheckpoint(12, target -> AtomicFiles.write(target.resolve("weights"), "w12"));
      RunFolder.Checkpoint latest = folder.latestCheckpoint().orElseThrow();
      assertThat(latest.step()).isEqualTo(12);
      assertThat(latest.folder().resolve("weights")).hasContent("w12");
      assertThat(folder.checkpoints().get(0).folder().resolve("half")).doesNotExist();
      assertThatThrownBy(() -> folder.saveCheckpoint(12, target -> {}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is there already and is not overwritten");
    }
  }

  @Test
  void oldCheckpointsAreDeletedOnRequest() {
    try (RunFolder folder = RunFolder.open(made(), CLOCK)) {
      for (int step = 1; step <= 4; step++) {
        folder.saveCheckpoint(step, target -> AtomicFiles.write(target.resolve("w"), "w"));
      }
      folder.keepCheckpoints(2);
      assertThat(folder.checkpoints())
          .extracting(RunFolder.Checkpoint::step)
          .containsExactly(3L, 4L);
      assertThatThrownBy(() -> folder.keepCheckpoints(0)).hasMessageContaining("given 0");
      assertThatThrownBy(() -> folder.saveCheckpoint(-1, t -> {})).hasMessageContaining("was -1");
    }
  }

  @Test
  void aFolderOfANewerFormatIsRefusedAndNotTouched() throws IOException {
    Path path = made();
    String json =
        Files.readString(path.resolve("run.json")).replace("\"format\": 1", "\"format\": 2");
    Files.writeString(path.resolve("run.json"), json);
    Files.writeString(path.resolve("metrics.jsonl"), "half");

    assertThatThrownBy(() -> RunFolder.open(path, CLOCK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is of format 2, and this version reads up to format 1")
        .hasMessageContaining("use the version of Tastemaker that wrote it, or a newer one");
    assertThat(path.resolve("metrics.jsonl")).hasContent("half");
  }

  @Test
  void aFolderWithoutARunAndADamagedOneAreRefused() throws IOException {
    assertThatThrownBy(() -> RunFolder.open(temp, CLOCK))
        .hasMessageContaining("it has no run.json");
    Path path = made();
    Files.writeString(path.resolve("run.json"), "{\"format\": 1, \"config\": {");
    assertThatThrownBy(() -> RunFolder.open(path, CLOCK)).hasMessageContaining("is damaged");
    Files.writeString(path.resolve("run.json"), "{\"format\": 1}");
    assertThatThrownBy(() -> RunFolder.open(path, CLOCK)).hasMessageContaining("is damaged");
    Files.writeString(path.resolve("run.json"), "{}");
    assertThatThrownBy(() -> RunFolder.open(path, CLOCK))
        .hasMessageContaining("it names no format");
  }

  @Test
  void otherSettingsAreRefusedWithBothValues() {
    try (RunFolder folder = RunFolder.open(made(), CLOCK)) {
      assertThatThrownBy(() -> folder.requireConfig(Map.of("steps", 20, "rate", 3e-4)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("steps is 10 in the folder and 20 now")
          .hasMessageContaining("prompts is [\"cat\",\"dog\"] in the folder and not set now")
          .hasMessageContaining(
              "Use the same settings to resume it, or another folder for a new run");
    }
  }

  @Test
  void aFolderThatIsNotEmptyIsNotOverwritten() {
    Path path = made();
    assertThatThrownBy(() -> RunFolder.create(path, CONFIG, provenance(), CLOCK))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is not empty and is not overwritten");
    assertThat(RunFolder.metricsOf(path)).hasSize(2);
  }

  @Test
  void settingsThatAreNoJsonAreRefusedBeforeAnythingIsMade() {
    Path path = temp.resolve("new");
    assertThatThrownBy(() -> RunFolder.create(path, Map.of("x", new Object()), provenance(), CLOCK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be written as JSON");
    assertThat(path).doesNotExist();
  }

  @Test
  void twoRunsDoNotWriteTheSameFolder() {
    Path path = made();
    try (RunFolder first = RunFolder.open(path, CLOCK)) {
      assertThatThrownBy(() -> RunFolder.open(path, CLOCK))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "the run folder "
                  + path
                  + " has one owner at a time, and is in use by another part of this process: wait"
                  + " until that has ended, or choose another place");
      assertThat(first.path()).isEqualTo(path);
    }
    RunFolder.open(path, CLOCK).close();
  }

  @Test
  void theListenerWritesMetricsAndPictures() throws IOException {
    Path path = made();
    try (RunFolder folder = RunFolder.open(path, CLOCK)) {
      RunListener listener = folder.listener();
      Image image = Image.filled(8, 8, 0, 1, 0);
      listener.on(new RunEvent.Metrics(3, Map.of("loss", 0.1)));
      listener.on(new RunEvent.Pictures(3, "evaluation", List.of(image, image), List.of("a", "b")));
      listener.on(new RunEvent.Pictures(4, "evaluation", List.of(image), List.of()));
      listener.on(new RunEvent.Progress("sampling", 1, 2));
      assertThat(folder.metrics()).hasSize(3);
    }
    try (Stream<Path> files = Files.list(path.resolve("images"))) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("000003-evaluation.png", "000004-evaluation.png");
    }
    assertThat(
            Image.fromBytes(Files.readAllBytes(path.resolve("images/000004-evaluation.png")))
                .width())
        .isGreaterThan(8);
  }

  @Test
  void anAtomicWriteThatFailsKeepsTheOldFile() throws IOException {
    Path file = Files.createDirectory(temp.resolve("file")); // cannot be replaced by a file
    AtomicFiles.write(file.resolve("inside"), "old");

    assertThatThrownBy(() -> AtomicFiles.write(file, "new"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write " + file);
    assertThat(file.resolve("inside")).hasContent("old");
    assertThat(names(temp)).as("nothing temporary is left").containsExactly("file");
  }

  @Test
  void threadsMayWriteTheSameFileAtTheSameTime() throws Exception {
    Path file = temp.resolve("file");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (Future<Object> written :
          threads.invokeAll(
              Collections.nCopies(
                  100,
                  () -> {
                    AtomicFiles.write(file, "content");
                    return "";
                  }))) {
        written.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(names(temp)).containsExactly("file");
  }

  @Test
  void whatAKilledProcessWasWritingIsRemovedWhenTheRunIsOpened() throws IOException {
    Path path = made();
    Files.writeString(path.resolve("images/.000001-a.png.1234.tmp"), "half");
    Files.createDirectories(path.resolve("checkpoints/.000001.1234.tmp/optimizer"));
    RunFolder.open(path, CLOCK).close();
    assertThat(names(path.resolve("images"))).isEmpty();
    assertThat(names(path.resolve("checkpoints"))).isEmpty();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void aLineWithALineFeedIsRefused() {
    try (LineLog log = LineLog.open(temp.resolve("log"))) {
      log.append("one");
      assertThatThrownBy(() -> log.append("a\nb"))
          .hasMessageContaining("must not contain a line feed");
    }
    assertThat(LineLog.read(temp.resolve("log")))
        .isEqualTo(new LineLog.Content(List.of("one"), null));
    assertThat(LineLog.read(temp.resolve("none")).lines()).isEmpty();
  }
}

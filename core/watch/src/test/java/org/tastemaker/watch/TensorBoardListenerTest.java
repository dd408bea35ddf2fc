package org.tastemaker.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.watch.ReadEvents.Fields;

/** What is written is read back field by field, by the numbers in TensorFlow's .proto files. */
class TensorBoardListenerTest {
  private static final Instant NOW = Instant.parse("2026-11-26T10:00:00.5Z");

  @TempDir Path folder;

  private List<Fields> after(RunEvent... events) {
    try (TensorBoardListener board =
        TensorBoardListener.in(folder, Clock.fixed(NOW, ZoneOffset.UTC))) {
      for (RunEvent event : events) {
        board.on(event);
      }
    }
    return ReadEvents.in(folder);
  }

  private static List<Fields> values(Fields event) {
    return event.message(5).messages(1);
  }

  @Test
  void aFileBeginsWithTheVersionOfItsFormat() throws IOException {
    assertThat(after().get(0).text(3)).isEqualTo("brain.Event:2");
    try (var files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .allMatch(name -> name.matches("events\\.out\\.tfevents\\.1795687200\\..*"));
    }
  }

  @Test
  void aChecksumIsTheOneOfTheFormat() {
    // RFC 3720, B.4: the CRC-32C of these nine bytes is e3069283; masked as in TensorFlow's
    // crc32c.h: rotated right by 15 bits, plus a282ead8.
    byte[] check = "123456789".getBytes(StandardCharsets.US_ASCII);

    assertThat(EventFile.masked(check)).isEqualTo(Integer.rotateRight(0xe3069283, 15) + 0xa282ead8);
  }

  @Test
  void metricsAreScalarsWithTheirStepAndTime() {
    Fields event = after(new RunEvent.Metrics(7, Map.of("reward", 0.25, "kl", 3.0))).get(1);

    assertThat(event.one(1)).isEqualTo(1795687200.5);
    assertThat(event.one(2)).isEqualTo(7L);
    Map<String, Object> scalars = new TreeMap<>();
    values(event).forEach(value -> scalars.put(value.text(1), value.one(2)));
    assertThat(scalars).isEqualTo(Map.of("reward", 0.25f, "kl", 3.0f));
  }

  @Test
  void aMetricThatIsNotANumberStaysOne() {
    Fields event = after(new RunEvent.Metrics(1, Map.of("reward", Double.NaN))).get(1);

    assertThat(values(event).get(0).one(2)).isEqualTo(Float.NaN);
  }

  @Test
  void picturesAreImagesAndOfManyTheFirstSixteen() {
    Image red = Image.filled(5, 4, 1, 0, 0);
    Fields event =
        after(new RunEvent.Pictures(2, "evaluation", Collections.nCopies(20, red), List.of()))
            .get(1);

    assertThat(values(event)).hasSize(16);
    assertThat(values(event).get(3).text(1)).isEqualTo("evaluation/3");
    Fields image = values(event).get(0).message(4);
    assertThat(List.of(image.one(1), image.one(2), image.one(3))).isEqualTo(List.of(5L, 4L, 3L));
    assertThat(Image.fromBytes((byte[]) image.one(4))).isEqualTo(red);
  }

  @Test
  void aDistributionIsAHistogramWhoseBucketsHoldAllValues() {
    Fields event =
        after(new RunEvent.Distribution(3, "rewards", List.of(0.0, 1.0, 1.0, 3.0))).get(1);

    Fields histogram = values(event).get(0).message(5);
    assertThat(histogram.one(1)).isEqualTo(0.0);
    assertThat(histogram.one(2)).isEqualTo(3.0);
    assertThat(histogram.one(3)).isEqualTo(4.0);
    assertThat(histogram.one(4)).isEqualTo(5.0);
    assertThat(histogram.one(5)).isEqualTo(11.0);
    double[] limits = histogram.reals(6);
    double[] counts = histogram.reals(7);
    assertThat(limits).hasSize(30).endsWith(3.0);
    assertThat(counts).hasSize(30);
    assertThat(counts[0]).isEqualTo(1);
    assertThat(counts[9]).as("1 is the upper end of (0.9, 1]").isEqualTo(2);
    assertThat(counts[29]).isEqualTo(1);
  }

  @Test
  void equalValuesAreOneBucketAndWhatIsNotFiniteIsLeftOut() {
    Fields event =
        after(new RunEvent.Distribution(3, "rewards", List.of(2.0, 2.0, Double.NaN))).get(1);

    Fields histogram = values(event).get(0).message(5);
    assertThat(histogram.reals(6)).containsExactly(2.0);
    assertThat(histogram.reals(7)).containsExactly(2.0);
  }

  @Test
  void aDistributionOfNothingFiniteIsNotWritten() {
    assertThat(after(new RunEvent.Distribution(3, "r", List.of(Double.NaN)))).hasSize(1);
  }

  @Test
  void aNoticeIsTextThatIsNotReadAsMarkup() {
    Fields event = after(new RunEvent.Notice(1, "<script>\n# alert")).get(1);

    Fields tensor = values(event).get(0).message(8);
    assertThat(tensor.one(1)).isEqualTo(7L); // DT_STRING
    assertThat(tensor.text(8)).isEqualTo("    <script>\n    # alert");
    assertThat(values(event).get(0).message(9).message(1).text(1)).isEqualTo("text");
  }

  @Test
  void settingsAreInTheTableOfHyperParameters() {
    try (TensorBoardListener board =
        TensorBoardListener.in(folder, Clock.fixed(NOW, ZoneOffset.UTC))) {
      board.settings(Map.of("learningRate", 3e-4, "lora", true, "method", "nft"));
    }

    Fields value = values(ReadEvents.in(folder).get(1)).get(0);
    assertThat(value.text(1)).isEqualTo("_hparams_/session_start_info");
    Fields plugin = value.message(9).message(1);
    assertThat(plugin.text(1)).isEqualTo("hparams");
    Map<String, Fields> settings = new TreeMap<>();
    plugin
        .message(2)
        .message(3)
        .messages(1)
        .forEach(entry -> settings.put(entry.text(1), entry.message(2)));
    assertThat(settings.get("learningRate")).satisfies(of -> assertThat(of.one(2)).isEqualTo(3e-4));
    assertThat(settings.get("lora")).satisfies(of -> assertThat(of.one(4)).isEqualTo(1L));
    assertThat(settings.get("method")).satisfies(of -> assertThat(of.text(3)).isEqualTo("nft"));
  }

  @Test
  void otherEventsWriteNothing() {
    assertThat(
            after(new RunEvent.Progress("sampling", 1, 2), new RunEvent.CheckpointSaved(1, folder)))
        .hasSize(1);
  }

  @Test
  void aResumedRunAddsAFileToTheFolder() throws IOException {
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    TensorBoardListener.in(folder, clock).close();
    TensorBoardListener.in(folder, clock).close();

    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void aFolderThatIsAFileIsAnErrorThatNamesIt() throws IOException {
    Path file = Files.createFile(folder.resolve("there"));

    assertThatThrownBy(() -> TensorBoardListener.in(file, Clock.systemUTC()))
        .hasMessageContaining(file.toString());
  }

  @Test
  void whatIsWrittenIsReadableWhileTheRunGoesOn() {
    try (TensorBoardListener board =
        TensorBoardListener.in(folder, Clock.fixed(NOW, ZoneOffset.UTC))) {
      board.on(new RunEvent.Metrics(1, Map.of("a", 1.0)));

      assertThat(ReadEvents.in(folder)).hasSize(2);
    }
  }
}

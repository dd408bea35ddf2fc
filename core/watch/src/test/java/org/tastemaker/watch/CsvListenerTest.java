package org.tastemaker.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.RunEvent;

class CsvListenerTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("run/metrics.csv");
  }

  private static RunEvent.Metrics metrics(long round) {
    return new RunEvent.Metrics(round, Map.of("kl", round * 0.5, "reward", round / 8.0));
  }

  private static RunEvent.Metrics evaluation(long round) {
    return new RunEvent.Metrics(round, Map.of("evaluation.rewardMean", round * 1.0));
  }

  private void run(long from, long to) {
    CsvListener csv = CsvListener.to(file);
    if (from == 1) {
      csv.on(evaluation(0));
    }
    for (long round = from; round <= to; round++) {
      csv.on(metrics(round));
      csv.on(new RunEvent.Progress("aligning", round, to));
      if (round % 2 == 0) {
        csv.on(evaluation(round));
      }
      csv.on(new RunEvent.CheckpointSaved(round, folder));
    }
  }

  @Test
  void eachNumberIsALineOfRoundMetricAndValue() throws IOException {
    run(1, 2);

    assertThat(Files.readString(file))
        .isEqualTo(
            """
            round,metric,value
            0,evaluation.rewardMean,0.0
            1,kl,0.5
            1,reward,0.125
            2,kl,1.0
            2,reward,0.25
            2,evaluation.rewardMean,2.0
            """
                .replace("\n", "\r\n"));
  }

  @Test
  void namesAreQuotedWhereTheyMustBe() {
    CsvListener csv = CsvListener.to(file);
    Map<String, Double> values = new TreeMap<>();
    values.put("a, b", 1.0);
    values.put("say \"b\"", 2.0);
    values.put("two\r\nlines\nor\rthree", 3.0);
    csv.on(new RunEvent.Metrics(1, values));

    assertThat(lines().subList(1, 4))
        .containsExactly("1,\"a, b\",1.0", "1,\"say \"\"b\"\"\",2.0", "1,two lines or three,3.0");
  }

  @Test
  void numbersAreTheSameInEveryCountry() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      CsvListener.to(file).on(new RunEvent.Metrics(1000, Map.of("kl", 1234.5)));
    } finally {
      Locale.setDefault(before);
    }

    assertThat(lines().get(1)).isEqualTo("1000,kl,1234.5");
  }

  @Test
  void whatIsNotFiniteIsWrittenAsPandasReadsIt() {
    CsvListener csv = CsvListener.to(file);
    csv.on(
        new RunEvent.Metrics(
            1,
            Map.of("a", Double.NaN, "b", Double.POSITIVE_INFINITY, "c", Double.NEGATIVE_INFINITY)));

    assertThat(lines().subList(1, 4)).containsExactly("1,a,NaN", "1,b,Infinity", "1,c,-Infinity");
  }

  @Test
  void aResumedRunWritesItsRepeatedRoundsOnce() throws IOException {
    run(1, 6);
    byte[] whole = Files.readAllBytes(file);

    run(4, 6); // its latest checkpoint was that of round 3

    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void aRunThatIsExtendedKeepsAllItsRounds() throws IOException {
    run(1, 8);
    byte[] whole = Files.readAllBytes(file);
    Files.delete(file);

    run(1, 6);
    run(7, 8);

    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void aRunThatBeginsAnewReplacesTheLinesOfTheOneBefore() throws IOException {
    run(1, 2);
    byte[] whole = Files.readAllBytes(file);
    run(1, 2); // killed before its first checkpoint

    assertThat(Files.readAllBytes(file)).isEqualTo(whole);
  }

  @Test
  void aRunMayBeKilledAfterAnyByte() throws IOException {
    run(1, 4);
    byte[] whole = Files.readAllBytes(file);
    Files.delete(file);
    run(1, 2);
    int checkpoint = (int) Files.size(file);

    for (int cut = checkpoint; cut <= whole.length; cut++) {
      Files.write(file, Arrays.copyOf(whole, cut));
      run(3, 4);

      assertThat(Files.readAllBytes(file)).as("killed after byte %d", cut).isEqualTo(whole);
    }
  }

  @Test
  void aKillWhileTheHeaderIsWrittenIsForgotten() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(file, "round,met");

    run(1, 1);

    assertThat(lines()).hasSize(4).startsWith("round,metric,value");
  }

  @Test
  void aFileOfAnotherFormIsLeftAloneWithAnErrorThatNamesIt() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    String saved = "round;metric;value\n1;kl;0,5\n";
    Files.writeString(file, saved);

    assertThatThrownBy(() -> CsvListener.to(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("line 1 of " + file)
        .hasMessageContaining("round;metric;value")
        .hasMessageContaining("another file");
    assertThat(file).hasContent(saved);
  }

  @Test
  void aLineWithoutARoundIsAnErrorThatNamesIt() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(file, "round,metric,value\r\n1,kl,0.5\r\nmean,kl,0.5\r\n");

    assertThatThrownBy(() -> CsvListener.to(file))
        .hasMessageContaining("line 3 of " + file)
        .hasMessageContaining("mean,kl,0.5");
  }

  @Test
  void otherEventsWriteNothing() {
    CsvListener.to(file).on(new RunEvent.Notice(1, "a notice"));

    assertThat(file).isEmptyFile();
  }

  private List<String> lines() {
    try {
      return List.of(Files.readString(file).split("\r\n"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

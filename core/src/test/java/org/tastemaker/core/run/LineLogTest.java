package org.tastemaker.core.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineLogTest {
  @TempDir Path folder;

  @Test
  void aLineThatWasCutBeforeTheNextTakesNothingElseWithIt() throws IOException {
    Path file = folder.resolve("log");
    try (LineLog log = LineLog.open(file)) {
      log.append("one");
      Files.writeString(file, "half of tw", StandardOpenOption.APPEND); // as a failed write leaves
      log.append("three");
    }
    assertThat(LineLog.read(file)).isEqualTo(new LineLog.Content(List.of("one", "three"), null));
    assertThat(folder.resolve("log.damaged")).hasContent("half of tw");
  }

  @Test
  void anInterruptedThreadWritesAndTheNextOneToo() {
    Path file = folder.resolve("log");
    try (LineLog log = LineLog.open(file)) {
      Thread.currentThread().interrupt();
      log.append("one");
      log.force();
      assertThat(Thread.interrupted()).isTrue();
      log.append("two");
    }
    assertThat(LineLog.read(file).lines()).containsExactly("one", "two");
  }

  @Test
  void ownersThatTakeTurnsSeeEachOthersLines() {
    Path file = folder.resolve("log");
    List<String> seen = new ArrayList<>();
    try (LineLog first = LineLog.open(file);
        LineLog second = LineLog.open(file)) {
      first.append("a");
      second.append("b");
      long place = first.readFrom(0, seen::add);
      second.append("c");
      assertThat(first.readFrom(place, seen::add)).isEqualTo(first.append("d") - 2);
    }
    assertThat(seen).containsExactly("a", "b", "c");
    assertThat(LineLog.read(file).lines()).containsExactly("a", "b", "c", "d");
  }

  @Test
  void linesLongerThanABlockAreFoundFromBothEnds() throws IOException {
    Path file = folder.resolve("log");
    String longLine = "x".repeat(200_000);
    try (LineLog log = LineLog.open(file)) {
      log.append(longLine);
    }
    Files.writeString(file, longLine, StandardOpenOption.APPEND);
    try (LineLog log = LineLog.open(file)) {
      log.append("next");
    }
    assertThat(LineLog.read(file).lines()).containsExactly(longLine, "next");
    assertThat(folder.resolve("log.damaged")).hasContent(longLine);
  }
}

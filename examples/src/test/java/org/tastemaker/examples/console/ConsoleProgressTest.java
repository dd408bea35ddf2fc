package org.tastemaker.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.RunEvent;

class ConsoleProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final long[] time = {0};

  private ConsoleProgress progress(int columns) {
    return ConsoleProgress.of(
        "aligning",
        4,
        new PrintStream(bytes, true, StandardCharsets.UTF_8),
        columns,
        () -> time[0],
        Duration.ofSeconds(10));
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void withoutATerminalThereIsALineFromTimeToTime() {
    try (ConsoleProgress progress = progress(0)) {
      progress.say("reward 0.5");
      for (int round = 1; round <= 4; round++) {
        time[0] += 6_000_000_000L;
        progress.on(new RunEvent.Progress("aligning", round, 4));
      }
    }

    assertThat(printed().lines())
        .containsExactly(
            "aligning 2 of 4, reward 0.5, 12 s left", "aligning 4 of 4, reward 0.5, 0 s left");
  }

  @Test
  void theTimeLeftOfAResumedRunCountsOnlyWhatThisRunDid() {
    try (ConsoleProgress progress = progress(0)) {
      time[0] += 12_000_000_000L;
      progress.on(new RunEvent.Progress("aligning", 3, 4)); // two were done before
    }

    assertThat(printed()).isEqualTo("aligning 3 of 4, 12 s left" + System.lineSeparator());
  }

  @Test
  void progressOfSomethingElseIsNotItsOwn() {
    try (ConsoleProgress progress = progress(0)) {
      time[0] += 60_000_000_000L;
      progress.on(new RunEvent.Progress("sampling", 3, 20));
    }

    assertThat(printed()).isEmpty();
  }

  @Test
  void aBarFitsANarrowTerminalWithTheBriefText() {
    try (ConsoleProgress progress = progress(40)) {
      progress.say(
          "held-out score 0.251 [0.201, 0.301], 40 images/s, 0.0124 USD", "0.25\u00b10.05");
      time[0] += 90_000_000_000L;
      progress.step(2);
    }

    for (String line : Pattern.compile("[\r\n]").split(printed(), -1)) {
      assertThat(line.length()).isLessThan(40); // a full line would wrap
    }
    assertThat(printed()).contains("aligning 2/4 0.25\u00b10.05 3:00");
  }

  @Test
  void metricsAreShownInOrderIfPresent() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("reward", "reward");
    names.put("missing", "nothing");
    names.put("kl", "KL");

    assertThat(ConsoleProgress.words(Map.of("kl", 0.01234, "reward", 2.0), names))
        .isEqualTo("reward 2.00, KL 0.0123");
  }

  @Test
  void aNoticeIsPrintedAtOnceOnALineOfItsOwn() {
    try (ConsoleProgress progress = progress(0)) {
      progress.on(new RunEvent.Notice(0, "nobody listens at http://x"));
      assertThat(printed().lines()).containsExactly("nobody listens at http://x");
    }
    try (ConsoleProgress progress = progress(60)) {
      progress.step(1);
      progress.on(new RunEvent.Notice(0, "another thing"));
    }
    assertThat(Pattern.compile("[\r\n]").split(printed(), -1)).contains("another thing");
  }
}

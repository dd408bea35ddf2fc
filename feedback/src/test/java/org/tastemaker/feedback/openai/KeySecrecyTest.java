package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.testing.ChildProgram;

/**
 * Where the key must not get to: log lines of every level, messages and causes of exceptions, texts
 * of objects, and files. {@link KeySecrecyCalls} makes calls of every kind and outcome in a process
 * of its own, since what is logged is decided when a process starts.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeySecrecyTest {
  private static final String SAID = "said.txt";
  private static final String LOGGED = "slf4j.log";
  private static final String LOGGED_BY_OKHTTP = "jul.log";

  @TempDir static Path folder;

  /** By file name: the output, the logs, and every file that the calls left. */
  private final Map<String, String> texts = new TreeMap<>();

  @BeforeAll
  void makeTheCalls() throws Exception {
    String said =
        ChildProgram.of(
                KeySecrecyCalls.class,
                folder.resolve("files").toString(),
                folder.resolve(LOGGED_BY_OKHTTP).toString())
            .withVmOptions(
                "-XX:TieredStopAtLevel=1",
                "-Djava.awt.headless=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace",
                "-Dorg.slf4j.simpleLogger.logFile=" + folder.resolve(LOGGED))
            .output();
    texts.put(SAID, said);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        texts.put(folder.relativize(file).toString(), text(file));
      }
    }
  }

  @Test
  void theKeyIsInNoTextAndNoFile() {
    String key = KeySecrecyCalls.KEY;
    String tail = key.substring(key.length() - 10);
    String encoded =
        Base64.getEncoder()
            .withoutPadding()
            .encodeToString(key.getBytes(StandardCharsets.US_ASCII));
    assertThat(texts)
        .allSatisfy(
            (name, text) -> {
              assertThat(name).doesNotContain(key);
              assertThat(text).as(name).doesNotContain(key, tail, encoded);
            });
  }

  @Test
  void everyKindOfCallWasMade() {
    assertThat(texts.get(SAID))
        .contains(
            "fine: ",
            "status 401, invalid_api_key: Incorrect API key provided: [key]",
            "insufficient_quota",
            "status 429, rate_limit_exceeded",
            "status 500, server_error",
            "model_not_found",
            "unexpected end of stream",
            "was interrupted",
            "Unexpected status line: Bearer [key]",
            "visible ASCII characters");
    assertThat(texts.get(SAID)).contains("ApiKey[hidden]", "ChatGptOracle[", "[key]");
  }

  @Test
  void theLogsWereOnForEveryLevel() {
    assertThat(texts.get(LOGGED)).contains("attempt 1 of 2", "rejected a request", "[key]");
    assertThat(texts.get(LOGGED_BY_OKHTTP)).contains("okhttp3.");
  }

  @Test
  void everyKindOfFileWasWritten() {
    assertThat(texts.keySet())
        .anyMatch(name -> name.endsWith("ledger.jsonl"))
        .anyMatch(name -> name.endsWith("judgements.jsonl"))
        .anyMatch(name -> name.endsWith("capabilities.json"))
        .anyMatch(name -> name.endsWith("run.json"))
        .anyMatch(name -> name.matches(".*echo.*answers.*\\.json"));
    assertThat(texts)
        .as("what a server repeated of the key, kept without it")
        .anySatisfy(
            (name, text) -> {
              assertThat(name).matches(".*echo.*answers.*\\.json");
              assertThat(text).contains("[key]");
            });
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

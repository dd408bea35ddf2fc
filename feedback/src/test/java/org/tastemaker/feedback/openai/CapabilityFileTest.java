package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.server.LoopbackServer;

class CapabilityFileTest {
  private static final String SERVER = "http://127.0.0.1:1/v1/";
  private static final ModelCapabilities LESS =
      new ModelCapabilities(
          false,
          5,
          false,
          true,
          false,
          true,
          false,
          ModelCapabilities.Structure.JSON_OBJECT,
          ModelCapabilities.Limit.MAX_TOKENS,
          4096);

  private static final Lesson SOME = new Lesson(LESS, FakeTime.START);
  private static final Lesson ALL = new Lesson(ModelCapabilities.ALL, FakeTime.START);

  @TempDir Path folder;

  @Test
  void whatIsKeptIsReadAgainByServerAndModel() {
    Path file = folder.resolve("capabilities.json");
    new CapabilityFile(file).keep(SERVER, "a", SOME);
    new CapabilityFile(file).keep(SERVER, "b", ALL);
    new CapabilityFile(file).keep("http://127.0.0.1:2/v1/", "a", ALL);
    assertThat(new CapabilityFile(file).read(SERVER))
        .containsOnlyKeys("a", "b")
        .containsEntry("a", SOME)
        .containsEntry("b", ALL);
    assertThat(new CapabilityFile(file).read("http://127.0.0.1:3/v1/")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{\"format\":1,\"servers\":{}}",
        "{\"format\":2}",
        "{\"format\":2,\"servers\":{\"http://127.0.0.1:1/v1/\":null}}",
        "{\"format\":2,\"servers\":{\"http://127.0.0.1:1/v1/\":{\"a\":null}}}",
        "{\"format\":2,\"servers\":{\"http://127.0.0.1:1/v1/\":{\"a\":{}}}}",
        "{\"format\":2,\"servers\":{\"http://127.0.0.1:1/v1/\":{\"a\":{\"logprobs\":true,"
            + "\"topLogprobs\":20,\"temperature\":true,\"seed\":true,\"detail\":true,"
            + "\"effort\":true,\"systemRole\":true,\"structure\":\"WORDS\",\"limit\":\"NONE\",\"hiddenTokens\":0,\"since\":\"lately\"}}}}",
        "{\"format\":2,\"servers\":{\"http://127.0.0.1:1/v1/\":{\"a\":{\"logprobs\":true,"
            + "\"topLogprobs\":99,\"temperature\":true,\"seed\":true,\"detail\":true,"
            + "\"effort\":true,\"systemRole\":true,\"structure\":\"WORDS\",\"limit\":\"NONE\",\"hiddenTokens\":0,\"since\":\"2026-11-23T10:00:00Z\"}}}}",
        "{\"format\":2,\"servers\":{\"http://127.0.0.1:1/v1/\":{\"a\":{\"structure\":\"XML\"}}}}"
      })
  void aFileThatIsDamagedCountsAsNoneAndIsReplaced(String content) throws IOException {
    Path file = folder.resolve("capabilities.json");
    Files.writeString(file, content);
    CapabilityFile memory = new CapabilityFile(file);
    assertThat(memory.read(SERVER)).isEmpty();
    memory.keep(SERVER, "a", SOME);
    assertThat(memory.read(SERVER)).containsEntry("a", SOME);
  }

  @Test
  void aFileThatCannotBeWrittenEndsNothing() throws IOException {
    CapabilityFile memory = new CapabilityFile(folder.resolve("missing").resolve("c.json"));
    assertThatCode(() -> memory.keep(SERVER, "a", SOME)).doesNotThrowAnyException();
    assertThat(memory.read(SERVER)).isEmpty();
  }

  @Test
  void aSecondRunDoesNotPayForTheLessonsOfTheFirst() {
    try (LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0)))
            .rejects("logprobs", "temperature", "json_schema", "max_completion_tokens")
            .start()) {
      ModelCapabilities learned;
      try (ChatGptOracle oracle = oracle(server)) {
        oracle.rank(List.of(group(0.1f)), Rubric.of("redness", "1", "Redder is better."));
        learned = oracle.client().capabilities("mock");
      }
      long rejected = server.requests() - server.answers();
      assertThat(rejected).isEqualTo(4);
      try (ChatGptOracle oracle = oracle(server)) {
        assertThat(oracle.client().capabilities("mock")).isEqualTo(learned);
        oracle.rank(List.of(group(0.2f)), Rubric.of("redness", "1", "Redder is better."));
      }
      assertThat(server.requests() - server.answers()).isEqualTo(rejected);
    }
  }

  @Test
  void whatTheUserSaysStandsOverWhatWasLearnt() {
    Path file = folder.resolve("capabilities.json");
    new CapabilityFile(file).keep(SERVER, "a", SOME);
    FakeTime time = new FakeTime();
    try (OpenAiClient client =
        OpenAiClient.builder()
            .baseUrl(SERVER)
            .withoutApiKey()
            .memory(file)
            .time(time, time)
            .build()) {
      assertThat(client.capabilities("a")).isEqualTo(LESS);
      client.assume("a", ModelCapabilities.ALL);
      assertThat(client.capabilities("a")).isEqualTo(ModelCapabilities.ALL);
    }
  }

  @Test
  void aLessonIsForgottenAfterThirtyDaysAlsoInTheMiddleOfARun() {
    Path file = folder.resolve("capabilities.json");
    new CapabilityFile(file).keep(SERVER, "a", SOME);
    FakeTime time = new FakeTime();
    time.pass(Duration.ofDays(29));
    try (OpenAiClient client =
        OpenAiClient.builder()
            .baseUrl(SERVER)
            .withoutApiKey()
            .memory(file)
            .time(time, time)
            .build()) {
      assertThat(client.capabilities("a")).isEqualTo(LESS);
      time.pass(Duration.ofDays(2));
      assertThat(client.capabilities("a")).isEqualTo(ModelCapabilities.ALL);
    }
  }

  private ChatGptOracle oracle(LoopbackServer server) {
    return ChatGptOracle.builder()
        .baseUrl(server.baseUrl())
        .withoutApiKey()
        .model("mock")
        .protocol(Protocol.pairsInBothOrders(1))
        .limits(ResilientCaller.Options.DEFAULTS.withInFlight(1)) // so each lesson is learned once
        .cache(folder)
        .build();
  }

  private static ImageGroup group(float red) {
    return new ImageGroup(
        Prompt.of("red"),
        List.of(Image.filled(4, 4, red, 0, 1), Image.filled(4, 4, red + 0.3f, 0, 1)));
  }
}

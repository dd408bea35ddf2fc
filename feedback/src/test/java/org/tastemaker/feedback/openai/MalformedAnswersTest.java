package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.FeedbackException.MalformedVerdict;
import org.tastemaker.feedback.FeedbackException.TransportFailed;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Expense;

/** Answers of other forms are the library's own errors, and the ledger says what they cost. */
class MalformedAnswersTest {
  private static final String USAGE =
      "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7,"
          + "\"input_tokens\":100,\"output_tokens\":7}";
  private static final Usage PAID = new Usage(1, 100, 0, 7);
  private static final String SAID = "\"content\":\"{\\\"overall\\\":\\\"A\\\"}\"";
  private static final String TEXT = "\"text\":\"{\\\"overall\\\":\\\"A\\\"}\"";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"choices\":[{\"message\":{\"content\":null}}]",
        "\"choices\":[{\"message\":{\"content\":\"{\\\"overall\\\":null}\"}}]",
        "\"choices\":[{\"message\":{\"content\":\"{\\\"overall\\\":[null]}\"}}]",
        "\"output\":[null]",
        "\"output\":[{\"type\":\"message\",\"content\":[null]}]",
        "\"output\":[{\"type\":\"message\",\"content\":null}]"
      })
  void anAnswerThatSaysNothingIsMalformedAndPaid(String part) throws Exception {
    WireFormat format =
        part.startsWith("\"output") ? WireFormat.RESPONSES : WireFormat.CHAT_COMPLETIONS;
    try (RawServer server = RawServer.sending(RawServer.ok("{" + part + "," + USAGE + "}"));
        OpenAiClient client = client(server).build()) {
      MalformedVerdict failure =
          catchThrowableOfType(MalformedVerdict.class, () -> ask(client, format));
      assertThat(failure.usage()).isEqualTo(PAID);
      assertThat(client.ledger().totals().usage()).isEqualTo(PAID);
      assertThat(client.ledger().totals().unknown()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "5",
        "[]",
        "{}",
        "{\"content\":null}",
        "{\"content\":[null]}",
        "{\"content\":[{}]}",
        "{\"content\":[{\"token\":null,\"logprob\":null}]}",
        "{\"content\":[{\"token\":\"A\",\"logprob\":\"x\"}]}",
        "{\"content\":[{\"token\":\"A\",\"logprob\":-1,\"bytes\":[null]}]}",
        "{\"content\":[{\"token\":\"A\",\"logprob\":-1,\"bytes\":[1e99]}]}",
        "{\"content\":[{\"token\":\"{\\\"overall\\\":\\\"A\\\"}\",\"logprob\":0,"
            + "\"top_logprobs\":[null]}]}",
        "{\"content\":[{\"token\":\"{\\\"overall\\\":\\\"A\\\"}\",\"logprob\":0,"
            + "\"top_logprobs\":[{\"token\":null,\"logprob\":-1}]}]}",
        "{\"content\":[{\"token\":\"{\\\"overall\\\":\\\"A\\\"}\",\"logprob\":0,"
            + "\"top_logprobs\":[{\"token\":\"A\",\"logprob\":null}]}]}"
      })
  void probabilitiesThatCannotBeReadAreAsIfTheyWereMissing(String logprobs) throws Exception {
    String chat =
        "{\"choices\":[{\"message\":{" + SAID + "},\"logprobs\":" + logprobs + "}]," + USAGE + "}";
    String tokens =
        logprobs.startsWith("{\"content\":")
            ? logprobs.substring(11, logprobs.length() - 1)
            : logprobs;
    String responses =
        "{\"output\":[{\"type\":\"message\",\"content\":[{"
            + TEXT
            + ",\"logprobs\":"
            + tokens
            + "}]}],"
            + USAGE
            + "}";
    for (WireFormat format : WireFormat.values()) {
      String body = format == WireFormat.CHAT_COMPLETIONS ? chat : responses;
      try (RawServer server = RawServer.sending(RawServer.ok(body));
          OpenAiClient client = client(server).build()) {
        Verdict verdict = ask(client, format);
        assertThat(verdict.overall().order().permutation()).containsExactly(0, 1);
        assertThat(verdict.overall().firstIsBetter()).isEmpty();
        assertThat(client.ledger().totals().usage()).isEqualTo(PAID);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5",
        "[]",
        "\"x\"",
        "{\"prompt_tokens\":\"many\",\"completion_tokens\":7}",
        "{\"prompt_tokens\":-5,\"completion_tokens\":7}",
        "{\"prompt_tokens\":1.5,\"completion_tokens\":7}",
        "{\"prompt_tokens\":1E+1000000000,\"completion_tokens\":7}",
        "{\"prompt_tokens\":1E-1000000000,\"completion_tokens\":7}",
        "{\"prompt_tokens\":4611686018427387904,\"completion_tokens\":4611686018427387904}",
        "{\"prompt_tokens\":99999999999999999999999999,\"completion_tokens\":7}",
        "{\"prompt_tokens\":[],\"completion_tokens\":7}",
        "{\"prompt_tokens\":5,\"completion_tokens\":7,\"prompt_tokens_details\":3}"
      })
  void countsThatNobodyCanBelieveAreUnknownAndTheAnswerCounts(String usage) throws Exception {
    String body = "{\"choices\":[{\"message\":{" + SAID + "}}],\"usage\":" + usage + "}";
    try (RawServer server = RawServer.sending(RawServer.ok(body));
        OpenAiClient client = client(server).build()) {
      assertThat(ask(client).overall().order().permutation()).containsExactly(0, 1);
      Ledger.Totals totals = client.ledger().totals();
      assertThat(totals.unknown()).isEqualTo(1);
      assertThat(totals.usage().inputTokens()).isBetween(1L, 10_000L);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"choices\":5", "\"choices\":{}", "\"choices\":[5]", "\"choices\":[[]]"})
  void anAnswerOfAnotherFormFailsAndEachOfItsCallsIsPaid(String part) throws Exception {
    try (RawServer server = RawServer.sending(RawServer.ok("{" + part + "," + USAGE + "}"));
        OpenAiClient client = client(server).build()) {
      assertThatThrownBy(() -> ask(client))
          .isInstanceOf(TransportFailed.class)
          .hasMessageContaining("gave an unexpected answer");
      assertThat(server.requests()).isEqualTo(2); // bought again once
      assertThat(client.ledger().totals().usage()).isEqualTo(new Usage(2, 200, 0, 14));
      assertThat(client.ledger().totals().unknown()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"choices\":[null]",
        "\"choices\":null",
        "\"choices\":[]",
        "\"choices\":[{}]",
        "\"choices\":[{\"message\":null}]",
        "\"output\":null",
        "\"status\":\"failed\",\"output\":[]"
      })
  void anAnswerWithoutAChoiceIsAFailureOfTheServerAndIsBoughtAgainOnce(String part)
      throws Exception {
    for (WireFormat format : WireFormat.values()) {
      try (RawServer server = RawServer.sending(RawServer.ok("{" + part + "," + USAGE + "}"));
          OpenAiClient client = client(server).build()) {
        assertThatThrownBy(() -> ask(client, format))
            .isInstanceOf(TransportFailed.class)
            .hasMessageContaining("failed with status 200 and in it error 502");
        assertThat(server.requests()).isEqualTo(2);
        assertThat(client.ledger().totals().usage()).isEqualTo(new Usage(2, 200, 0, 14));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: -5",
        "Content-Length: 5",
        "Content-Length: 5000",
        "Transfer-Encoding: chunked",
        "Content-Encoding: gzip"
      })
  void aHeaderThatDoesNotFitTheBodyIsAFailureOfUnknownCost(String header) throws Exception {
    String body = Fixtures.chat("{\"overall\":\"A\"}", "stop", null);
    try (RawServer server =
            RawServer.sending(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n" + header + "\r\n\r\n" + body);
        OpenAiClient client = client(server).build()) {
      assertThatThrownBy(() -> ask(client)).isInstanceOf(TransportFailed.class);
      // A body that is shorter than the JSON in it cannot be decoded, and is bought again once.
      int calls = header.equals("Content-Length: 5") ? 2 : 3;
      assertThat(client.ledger().totals().unknown()).isEqualTo(calls);
      assertThat(client.ledger().totals().usage().requests()).isEqualTo(calls);
      assertThat(client.ledger().totals().inFlight()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "99999999999", "3000000000", "-1", "x"})
  void aServiceThatIsNotThereIsAskedOnceAnAttemptWhateverItSaysOfWaiting(String retryAfter)
      throws Exception {
    byte[] busy =
        RawServer.answer(
            "503 Busy", "{}".getBytes(StandardCharsets.UTF_8), "Retry-After: " + retryAfter);
    try (RawServer server = RawServer.sending(busy);
        OpenAiClient client = client(server).build()) {
      assertThatThrownBy(() -> ask(client)).isInstanceOf(TransportFailed.class);
      assertThat(client.counts().attempts()).isEqualTo(server.requests());
      assertThat(client.ledger().totals().usage()).isEqualTo(Usage.NONE);
    }
  }

  @Test
  void depthLengthAndNumberOfValuesAreBounded() throws Exception {
    String[] bodies = {
      "[".repeat(2_000_000),
      "{\"choices\":" + "[".repeat(2_000_000),
      "{\"x\":" + "{\"x\":".repeat(500_000),
      "{\"choices\":[" + "{},".repeat(1_000_000) + "{}]}",
      "{\"usage\":{\"prompt_tokens\":" + "9".repeat(3_000_000) + "}}",
      "{\"usage\":{\"prompt_tokens\":\"" + "9".repeat(3_000_000) + "\"}}",
      "{\"model\":\"" + "m".repeat(3_000_000) + "\"}",
      chat("[".repeat(1_000_000)),
      chat("{" + "[".repeat(1_000_000) + "}"),
      chat("{".repeat(1_000_000)),
      chat("{x}".repeat(300_000)),
      chat("{\"a\":{}}".repeat(100_000)),
      chat("<think>".repeat(100_000)),
      chat("{\"a\":\"</think>\"}".repeat(50_000)),
      "{" + "\"usage\":{},".repeat(100_000) + "\"choices\":5}",
      "{" + "\"usage\":{".repeat(300_000),
      "data: {}\n".repeat(300_000),
      chat("{\"overall\":[" + "[],".repeat(800_000) + "[]]}"),
      chat("{\"overall\":[" + "1,".repeat(800_000) + "1]}")
    };
    for (String body : bodies) {
      try (RawServer server = RawServer.sending(RawServer.ok(body));
          OpenAiClient client = client(server).build()) {
        Expense expense = Expense.of(() -> ask(client));
        String start = body.substring(0, 30);
        assertThat(expense.failure()).as(start).isInstanceOf(FeedbackException.class);
        assertThat(String.valueOf(expense.failure()).length()).as(start).isLessThan(2000);
        assertThat(expense.bytes()).as(start).isLessThan(3 * Attack.MOST_BYTES); // three attempts
      }
    }
  }

  @Test
  void aNameOfAModelIsALineOfBoundedLength() throws Exception {
    String body =
        "{\"model\":\"a\\n\\u0000b"
            + "c".repeat(100_000)
            + "\",\"choices\":[{\"message\":{"
            + SAID
            + "}}]}";
    try (RawServer server = RawServer.sending(RawServer.ok(body));
        OpenAiClient client = client(server).build()) {
      assertThat(ask(client).model()).startsWith("a bccc").hasSize(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"data\":[null]}",
        "{\"data\":null}",
        "{\"data\":[{\"b64_json\":\"\"}]}",
        "{\"data\":[{\"b64_json\":\"====\"}]}",
        "{\"data\":[{\"url\":\"\"}]}",
        "{\"data\":[{\"url\":\"http://\"}]}",
        "{\"data\":[{\"url\":\"data:image/png;base64,AAAA\"}]}"
      })
  void anAnswerWithoutAnImageIsMalformedAndPaid(String body) throws Exception {
    try (RawServer server = RawServer.sending(RawServer.ok(body));
        OpenAiClient client = client(server).build()) {
      OpenAiImageGenerator generator =
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("image-x"));
      assertThatThrownBy(() -> generator.make(Prompt.of("x"))).isInstanceOf(MalformedVerdict.class);
      assertThat(client.ledger().totals().usage()).isEqualTo(new Usage(1, 0, 0, 0));
      assertThat(client.ledger().totals().unknown()).isZero();
    }
  }

  private static String chat(String content) {
    return Fixtures.chat(content, "stop", null);
  }

  private static OpenAiClient.Builder client(RawServer server) {
    return Fixtures.client(server.baseUrl(), new FakeTime());
  }

  private static Verdict ask(OpenAiClient client) {
    return ask(client, WireFormat.CHAT_COMPLETIONS);
  }

  private static Verdict ask(OpenAiClient client, WireFormat format) {
    return new ChatGptJudge(client, Fixtures.options().withWireFormat(format)).ask(Fixtures.pair());
  }
}

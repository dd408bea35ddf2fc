package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mockwebserver3.MockResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** Models that think before they answer, and do not count it. */
class ThinkingTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'content':''}",
        "{'content':null}",
        "{'role':'assistant'}",
        "{'content':'','reasoning':'Let me see'}",
        "{'content':null,'reasoning_content':'Let me see'}",
        "{'content':'<think>Let me see'}",
        "{'content':[{'type':'thinking','thinking':[{'type':'text','text':'Let me'}]}]}"
      })
  void oneThatIsCutOffInThoughtGetsMoreRoomAndKeepsIt(String message) throws Exception {
    for (String reason : List.of("length", "max_tokens", "MAX_TOKENS")) {
      MockResponse cut = cutOff(message, reason);
      try (RednessServer server =
              new RednessServer((number, body) -> room(body) < 5000 ? cut : null);
          ChatGptOracle oracle = server.oracle().build()) {
        List<Judgement> judgements = RednessServer.rank(oracle);
        assertThat(RednessServer.isRight(judgements)).isTrue();
        assertThat(server.requests()).isEqualTo(6); // 64, 4160, 8256, and three more
        assertThat(oracle.client().capabilities("gpt-test").hiddenTokens()).isEqualTo(8192);
        // What could not be used was paid for too: twice 9 and 50, four times 100 and 7.
        assertThat(judgements.stream().map(Judgement::usage).reduce(Usage.NONE, Usage::plus))
            .isEqualTo(oracle.ledger().totals().usage())
            .isEqualTo(new Usage(6, 418, 160, 128));
      }
    }
  }

  @Test
  void theSameInTheOtherWireFormat() throws Exception {
    for (String output : List.of("[]", "[{\"type\":\"reasoning\",\"summary\":[]}]")) {
      MockResponse cut =
          Fixtures.json(
              200,
              "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
                  + "\"output\":"
                  + output
                  + "}");
      try (RednessServer server =
              new RednessServer(
                  (number, body) -> room(body, "max_output_tokens") < 4000 ? cut : answered(body));
          ChatGptOracle oracle =
              server
                  .oracle()
                  .judging(options -> Fixtures.options().withWireFormat(WireFormat.RESPONSES))
                  .build()) {
        assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
        assertThat(server.requests()).isEqualTo(5);
      }
    }
  }

  @Test
  void theRoomIsBounded() throws Exception {
    try (RednessServer server = RednessServer.always(cutOff("{'content':''}", "length"));
        ChatGptOracle oracle =
            server.oracle().asking(a -> a.concurrency(1).maxAttempts(1)).build()) {
      List<Judgement> judgements = RednessServer.rank(oracle);
      assertThat(judgements.get(0).provenance().get(JudgementFacts.FAILURES))
          .contains("cut off after");
      assertThat(room(server.body(5))).isEqualTo(64 + 8 * 4096);
      assertThat(server.requests()).isEqualTo(5 + 3); // 64, 4160 ... 32832; the others know
    }
  }

  @Test
  void aMalformedAnswerThatIsCutOffGetsNoMoreRoom() throws Exception {
    MockResponse cut =
        Fixtures.json(200, Fixtures.chat("Image A shows a lot of things", "length", null));
    try (RednessServer server = RednessServer.first(1, cut);
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      assertThat(oracle.client().capabilities("gpt-test")).isEqualTo(ModelCapabilities.ALL);
      assertThat(server.requests()).isEqualTo(5); // asked again, with the complaint
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "This model's maximum context length is 3000 tokens. However, you requested 6060 tokens (1900"
            + " in the messages, 4160 in the completion). | 1084",
        "max_completion_tokens is too large: 4160. This model supports at most 2000 completion"
            + " tokens | 2000"
      })
  void whereTheContextHasLessRoomAllOfThatIsTaken(String words, int room) throws Exception {
    MockResponse cut = cutOff("{'content':''}", "length");
    MockResponse no = Fixtures.error(400, "invalid_request_error", null, words);
    try (RednessServer server =
            new RednessServer(
                (number, body) -> room(body) < 100 ? cut : room(body) > room ? no : null);
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      assertThat(server.requests()).isEqualTo(6);
      assertThat(room(server.body(6))).isEqualTo(room);
    }
  }

  private static int room(Map<String, Object> body) {
    return room(body, "max_completion_tokens");
  }

  private static int room(Map<String, Object> body, String parameter) {
    return body.get(parameter) instanceof Double tokens ? tokens.intValue() : 0;
  }

  private static MockResponse cutOff(String message, String reason) {
    return Fixtures.json(
        200,
        "{\"choices\":[{\"message\":"
            + message.replace('\'', '"')
            + ",\"finish_reason\":\""
            + reason
            + "\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":50}}");
  }

  private static MockResponse answered(Map<String, Object> request) {
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("status", "completed");
    body.put(
        "output",
        List.of(
            Map.of(
                "type",
                "message",
                "content",
                List.of(Map.of("type", "output_text", "text", RednessServer.verdict(request))))));
    return Fixtures.json(200, Fixtures.JSON.toJson(body));
  }
}

package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mockwebserver3.MockWebServer;
import mockwebserver3.junit5.StartStop;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.MalformedVerdict;
import org.tastemaker.feedback.FeedbackException.Refused;
import org.tastemaker.feedback.FeedbackException.TransportFailed;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.resilience.FakeTime;

class ResponsesFormatTest {
  /** With a reasoning item before the message, as reasoning models send it. */
  static final String COMPLETED =
      """
      {"id":"resp_1","object":"response","status":"completed","error":null,"model":"gpt-test-1",
       "output":[{"type":"reasoning","summary":[]},
        {"type":"message","role":"assistant","status":"completed","content":[
         {"type":"output_text","text":"{\\"overall\\":\\"B\\"}","annotations":[],"logprobs":[
          {"token":"{\\"","logprob":0,"top_logprobs":[]},
          {"token":"overall","logprob":0,"top_logprobs":[]},
          {"token":"\\":\\"","logprob":0,"top_logprobs":[]},
          {"token":"B","logprob":-0.2231435513,"top_logprobs":[
           {"token":"B","logprob":-0.2231435513},{"token":"A","logprob":-1.6094379124}]},
          {"token":"\\"}","logprob":0,"top_logprobs":[]}]}]}],
       "usage":{"input_tokens":300,"input_tokens_details":{"cached_tokens":100},"output_tokens":20,
        "output_tokens_details":{"reasoning_tokens":12},"total_tokens":320}}
      """;

  @StartStop private final MockWebServer server = new MockWebServer();
  private final FakeTime time = new FakeTime();

  @Test
  void anAnswerIsReadWithItsProbabilitiesAndUsage() {
    Verdict verdict = ask(COMPLETED);
    assertThat(verdict.overall().order()).isEqualTo(Ranking.of(1, 0));
    assertThat(verdict.overall().firstIsBetter().getAsDouble())
        .isCloseTo(0.2, org.assertj.core.data.Offset.offset(1e-9)); // digits of the fixture
    assertThat(verdict.usage()).isEqualTo(new Usage(1, 300, 100, 20));
    assertThat(verdict.model()).isEqualTo("gpt-test-1");
  }

  @Test
  void aRefusalIsOne() {
    assertThatThrownBy(
            () ->
                ask(
                    """
                    {"status":"completed","output":[{"type":"message","content":[
                     {"type":"refusal","refusal":"I would rather not."}]}]}
                    """))
        .isInstanceOf(Refused.class)
        .hasMessage("the judge refused to answer: I would rather not.");
  }

  @Test
  void anIncompleteAnswerIsCutOff() {
    assertThatThrownBy(
            () ->
                ask(
                    """
                    {"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},
                     "output":[{"type":"message","content":[{"type":"output_text","text":"{"}]}],
                     "usage":{"input_tokens":3,"output_tokens":64}}
                    """))
        .isInstanceOf(MalformedVerdict.class)
        .hasMessage("The answer should be complete, but was cut off after 64 tokens.");
  }

  @Test
  void aFilteredAnswerIsARefusal() {
    assertThatThrownBy(
            () ->
                ask(
                    """
                    {"status":"incomplete","incomplete_details":{"reason":"content_filter"}}
                    """))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("content filter");
  }

  @Test
  void anErrorUnderStatus200IsTriedAgainAndThenTold() {
    String failed =
        "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"Oh no\"}}";
    server.enqueue(Fixtures.json(200, failed));
    server.enqueue(Fixtures.json(200, failed));
    assertThatThrownBy(() -> ask(failed))
        .isInstanceOf(TransportFailed.class)
        .hasMessageContaining("failed with status 200 and in it error 502, server_error: Oh no");
    assertThat(server.getRequestCount()).isEqualTo(3);
  }

  private Verdict ask(String body) {
    server.enqueue(Fixtures.json(200, body));
    try (OpenAiClient client = Fixtures.client(server, time).build()) {
      return new ChatGptJudge(client, Fixtures.options().withWireFormat(WireFormat.RESPONSES))
          .ask(Fixtures.pair());
    }
  }
}

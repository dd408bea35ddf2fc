package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;
import org.tastemaker.feedback.FeedbackException.QuotaExhausted;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** What passes is asked again, what every question would meet stops, and what can be adapts. */
class WhoseFailureTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"error\":{\"message\":\"the upstream is away\",\"code\":502}}",
        "{\"error\":{\"message\":\"the upstream is away\"},\"choices\":[]}",
        "{\"error\":\"the upstream is away\",\"choices\":null}",
        "{\"id\":\"x\",\"choices\":null,\"message\":\"the upstream is away\"}",
        "{\"detail\":\"the upstream is away\"}",
        "[{\"error\":{\"code\":503,\"message\":\"the upstream is away\",\"status\":\"UNAVAILABLE\"}}]",
        "{\"choices\":[{\"message\":{\"content\":\"{\"},\"finish_reason\":\"error\","
            + "\"error\":{\"code\":502,\"message\":\"the upstream is away\"}}]}",
        "{\"choices\":[{\"message\":{\"content\":\"the upstream is away\"},"
            + "\"finish_reason\":\"error\"}]}"
      })
  void anErrorUnderStatus200IsAskedAgain(String body) throws Exception {
    try (RednessServer server = RednessServer.first(1, Fixtures.json(200, body))) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.requests()).isEqualTo(5);
    }
    try (RednessServer server = RednessServer.always(Fixtures.json(200, body))) {
      var judgements = server.rank();
      assertThat(judgements).allMatch(judgement -> judgement.isMissing());
      assertThat(judgements.get(0).provenance().get(JudgementFacts.FAILURES))
          .contains("the upstream is away");
      assertThat(judgements.get(0).provenance()).containsEntry(JudgementFacts.OPEN, "2");
    }
  }

  @Test
  void anErrorUnderStatus200IsAskedThreeTimesAndCostsNothing() throws Exception {
    MockResponse bad = Fixtures.json(200, "{\"error\":{\"message\":\"x\",\"code\":502}}");
    try (RednessServer server = RednessServer.always(bad);
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.rank(oracle)).allMatch(judgement -> judgement.isMissing());
      assertThat(server.requests()).isEqualTo(12);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(Usage.NONE);
      assertThat(oracle.ledger().totals().unknown()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "402 | {'error':{'message':'Insufficient credits','code':402}}",
        "402 | {'detail':'pay'}",
        "402 | pay",
        "200 | {'error':{'message':'Insufficient credits','code':402}}",
        "400 | {'error':{'message':'Budget has been exceeded! Current cost: 2, Max budget: 1','type':'budget_exceeded','param':null,'code':'400'}}",
        "429 | {'error':{'message':'x','type':'insufficient_quota','code':'insufficient_quota'}}",
        "401 | {'error':{'message':'You exceeded your current quota','type':'insufficient_quota','code':401}}",
        "403 | {'error':{'message':'Key limit exceeded (total limit)','code':403}}",
        "400 | {'error':{'message':'Your credit balance is too low to access the API'}}",
        "429 | {'error':{'message':'Insufficient balance or no resource package. Please recharge.','code':'1113'}}"
      })
  void missingMoneyStopsWithAnyStatusFromWhereItBegins(int status, String body) throws Exception {
    MockResponse broke = Fixtures.json(status, body.replace('\'', '"'));
    try (RednessServer server = new RednessServer((number, request) -> number >= 5 ? broke : null);
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      QuotaExhausted stopped =
          catchThrowableOfType(QuotaExhausted.class, () -> RednessServer.rank(oracle));
      assertThat(stopped.stopsTheJob()).isTrue();
      assertThat(stopped).hasMessageContaining("the account has no credit left: pay");
      assertThat(server.requests()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "At most 1 image(s) may be provided in one request. | may show 1 image, so that nothing can"
            + " be compared: ask by Protocol.pointwise",
        "At most 2 image(s) may be provided in one request. | may show 2 images: ask by"
            + " Protocol.pairsInBothOrders",
        "Too many images provided. This model supports up to 5 images | make groups of at most 5",
        "Too many images in request | ask about fewer images at once: pairs show 2,"
            + " Protocol.pointwise 1",
        "This model does not support image input | this model sees no images: choose one that does",
        "Invalid content type. image_url is only supported by certain models. | choose one that does",
        "Failed to deserialize: messages[1]: unknown variant `image_url`, expected `text` | choose"
            + " one that does",
        "messages[1].content must be a string | choose one that does",
        "gpt-test is not a multimodal model | choose one that does",
        "Model does not support images. Please use a model that does. | choose one that does",
        "The model `gpt-test` does not exist | either the model is not known there",
        "API key not valid. Please pass a valid API key. | the key was refused"
      })
  void whatEveryQuestionWouldMeetStopsAtOnceWithTheWayOut(String words, String wayOut)
      throws Exception {
    for (int status : new int[] {404, 422, 500}) {
      try (RednessServer server =
          RednessServer.always(Fixtures.error(status, "BadRequestError", null, words))) {
        InvalidRequest stopped = catchThrowableOfType(InvalidRequest.class, server::rank);
        assertThat(stopped.stopsTheJob()).isTrue();
        assertThat(stopped).hasMessageContaining(words).hasMessageContaining(wayOut);
        assertThat(server.requests()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Only user and assistant roles are supported!"
      })
  void whereThereIsNoSystemMessageItsTextGoesIntoTheUsers(String words) throws Exception {
    MockResponse no = Fixtures.error(400, "invalid_request_error", null, words);
    try (RednessServer server =
            new RednessServer(
                (number, body) -> body.toString().contains("role=system") ? no : null);
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      assertThat(server.requests()).isEqualTo(5);
      assertThat(oracle.client().capabilities("gpt-test").systemRole()).isFalse();
      String system =
          server.body(1).toString().replaceAll("(?s).*role=system, content=(.*?)}, \\{.*", "$1");
      assertThat(system).contains("image").doesNotContain("role=");
      assertThat(server.body(2).toString()).contains(system).doesNotContain("role=system");
    }
  }

  @Test
  void whatAnAnswerQuotesIsNotTheServersWord() throws Exception {
    MockResponse odd =
        Fixtures.json(
            200,
            "{\"choices\":[{\"message\":{\"content\":\"At most 1 image; insufficient_quota;"
                + " content_policy\"},\"finish_reason\":\"error\"}]}");
    MockResponse page =
        Fixtures.json(503, "<html><style>.json_schema{}</style>insufficient_quota</html>");
    for (MockResponse response : List.of(odd, page)) {
      try (RednessServer server = RednessServer.first(1, response);
          ChatGptOracle oracle = server.oracle().build()) {
        assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
        assertThat(server.requests()).isEqualTo(5);
        assertThat(oracle.client().capabilities("gpt-test")).isEqualTo(ModelCapabilities.ALL);
      }
    }
  }

  @Test
  void aModelThatFailsAtJsonIsAskedAgain() throws Exception {
    MockResponse failed =
        Fixtures.error(
            400,
            "invalid_request_error",
            "json_validate_failed",
            "Failed to generate JSON. Please adjust your prompt. See 'failed_generation'.");
    try (RednessServer server = RednessServer.first(4, failed)) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.requests()).isEqualTo(8);
      assertThat(server.body(2)).isEqualTo(server.body(1)); // once more as it was
      assertThat(server.body(3).toString()).contains("type=json_object");
      assertThat(server.body(4).toString()).doesNotContain("response_format");
    }
    try (RednessServer server = RednessServer.always(failed)) {
      assertThat(server.rank())
          .allMatch(
              judgement ->
                  String.valueOf(judgement.provenance().get(JudgementFacts.FAILURES))
                      .contains("json_validate_failed"));
    }
  }
}

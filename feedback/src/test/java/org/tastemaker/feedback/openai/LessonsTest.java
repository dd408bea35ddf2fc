package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Judgement;

/** What a rejected request teaches, and what it does not. */
class LessonsTest {
  private static final String OVERFLOW =
      "This model's maximum context length is 4096 tokens. However, you requested 4300 tokens (4236"
          + " in the messages, 64 in the completion). Please reduce the length of the messages or"
          + " max_tokens.";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        OVERFLOW,
        "This model's maximum context length is 4096 tokens. However, you requested 4300 tokens (4236"
            + " in the messages, 64 in max_tokens).",
        "'max_tokens' or 'max_completion_tokens' is too large: 64. This model's maximum context"
            + " length is 4096 tokens and your request has 4236 input tokens.",
        "max_completion_tokens must be at least 1024",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4236"
            + " `inputs` tokens and 64 `max_new_tokens`; max_tokens",
        "Something else. The request was {\"model\":\"x\",\"messages\":[{\"role\":\"user\"}],"
            + "\"max_completion_tokens\":64,\"temperature\":0} unsupported",
        "Unsupported thing in {\"model\":\"x\",\"max_completion_tokens\":64,\"temperature\":0,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"the rest is cut off"
      })
  void anErrorAboutAValueOrAnEchoOfTheRequestTeachesNothing(String words) throws Exception {
    try (RednessServer server =
            new RednessServer(
                (number, body) ->
                    number <= 3
                        ? Fixtures.error(400, "invalid_request_error", "context_x", words)
                        : null);
        ChatGptOracle oracle = server.oracle().cache(folder).build()) {
      // Whether it stops, and where: see WhoseFailureTest.
      assertThat(catchThrowable(() -> RednessServer.rank(oracle)))
          .satisfiesAnyOf(
              e -> assertThat(e).isNull(), e -> assertThat(e).hasMessageContaining(words));
      assertThat(catchThrowable(() -> RednessServer.rank(oracle)))
          .satisfiesAnyOf(
              e -> assertThat(e).isNull(), e -> assertThat(e).hasMessageContaining(words));
      assertThat(oracle.client().capabilities("gpt-test")).isEqualTo(ModelCapabilities.ALL);
      assertThat(Files.exists(folder.resolve("capabilities.json"))).isFalse();
      for (int i = 1; i <= server.requests(); i++) {
        assertThat(server.body(i)).containsKey("max_completion_tokens");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max_completion_tokens | Unrecognized request argument supplied: max_completion_tokens",
        "max_completion_tokens | Unknown name \"max_completion_tokens\": Cannot find field.",
        "max_completion_tokens | property 'max_completion_tokens' is unsupported",
        "max_completion_tokens | got an unexpected keyword argument 'max_completion_tokens'",
        "max_completion_tokens | Additional properties are not allowed ('max_completion_tokens' was unexpected)",
        "temperature | Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        "temperature | Input validation error: `temperature` must be strictly positive",
        "temperature | `temperature` is not supported with this model"
      })
  void whatIsCalledUnsupportedIsLeftOutFromThenOn(String parameter, String words) throws Exception {
    MockResponse no = Fixtures.error(400, "invalid_request_error", null, words);
    try (RednessServer server =
        new RednessServer((number, body) -> body.containsKey(parameter) ? no : null)) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.requests()).isEqualTo(5);
    }
  }

  @Test
  void fieldsThatFastApiForbidsAreLeftOut() throws Exception {
    Object detail =
        List.of(
            Map.of(
                "type",
                "extra_forbidden",
                "loc",
                List.of("body", "max_completion_tokens"),
                "msg",
                "Extra inputs are not permitted",
                "input",
                Map.of("messages", List.of("unsupported temperature"))));
    String words =
        "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra"
            + " inputs are not permitted', 'input': 64}]";
    for (Object body :
        List.of(
            Map.of("detail", detail),
            Map.of("object", "error", "message", words, "type", "BadRequestError", "code", 400))) {
      MockResponse no = Fixtures.json(422, Fixtures.JSON.toJson(body));
      try (RednessServer server =
              new RednessServer(
                  (number, request) -> request.containsKey("max_completion_tokens") ? no : null);
          ChatGptOracle oracle = server.oracle().build()) {
        assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
        assertThat(server.requests()).isEqualTo(5);
        assertThat(oracle.client().capabilities("gpt-test"))
            .isEqualTo(ModelCapabilities.ALL.withLimit(ModelCapabilities.Limit.MAX_TOKENS));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "The provided JSON schema contains features not supported by xgrammar.",
        "Failed to compile the grammar: minItems is not implemented",
        "Invalid schema for response_format 'verdict': 'minItems' is not permitted",
        "This response_format type is unavailable now",
        "outlines: cannot build the regex",
        "Guided decoding is not enabled on this server",
        "Unsupported JSON schema field: additionalProperties"
      })
  void anyRefusalOfAFormTriesTheNextWeakerOne(String words) throws Exception {
    for (int status : new int[] {400, 501}) {
      MockResponse no = Fixtures.error(status, "BadRequestError", null, words);
      try (RednessServer server =
              new RednessServer(
                  (number, body) -> body.toString().contains("json_schema") ? no : null);
          ChatGptOracle oracle = server.oracle().build()) {
        assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
        assertThat(server.requests()).isEqualTo(5);
        assertThat(server.body(2)).containsEntry("response_format", Map.of("type", "json_object"));
      }
      try (RednessServer server =
              new RednessServer((number, body) -> body.containsKey("response_format") ? no : null);
          ChatGptOracle oracle = server.oracle().build()) {
        assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
        assertThat(server.requests()).isEqualTo(6);
        assertThat(oracle.client().capabilities("gpt-test").structure())
            .isEqualTo(ModelCapabilities.Structure.WORDS);
      }
    }
  }

  @Test
  void aLessonIsKeptOnlyAfterTheChangedRequestHasSucceeded() throws Exception {
    MockResponse no =
        Fixtures.error(400, "x", "unsupported_parameter", "Unsupported parameter: 'temperature'");
    MockResponse broken = Fixtures.error(500, "server_error", null, "oops");
    try (RednessServer server =
            new RednessServer(
                (number, body) ->
                    body.containsKey("temperature") ? no : number < 20 ? broken : null);
        ChatGptOracle oracle = server.oracle().cache(folder).build()) {
      assertThat(RednessServer.rank(oracle)).allMatch(Judgement::isMissing);
      assertThat(oracle.client().capabilities("gpt-test")).isEqualTo(ModelCapabilities.ALL);
      assertThat(Files.exists(folder.resolve("capabilities.json"))).isFalse();
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      assertThat(oracle.client().capabilities("gpt-test").temperature()).isFalse();
      assertThat(Files.exists(folder.resolve("capabilities.json"))).isTrue();
    }
  }
}

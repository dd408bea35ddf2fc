package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** The answer is found in whatever a server wraps it in, and its cost wherever it stands. */
class AnswerFormsTest {
  private static final String USAGE = "\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":9}";
  private static final Usage PAID = new Usage(4, 200, 0, 36);

  /** A stream of three pieces. */
  private static final String PIECES =
      """
      data: {'choices':[{'delta':{'role':'assistant','content':''}}],'usage':null}

      data: {'choices':[{'delta':{'content':%s},'finish_reason':null}]}

      data: {'choices':[{'delta':{},'finish_reason':'stop'}]}

      data: {'choices':[],USAGE}

      data: [DONE]

      """;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<think>First {\"overall\":[\"B\",\"A\"]}, or {this}</think>%s",
        "<think>\nok {\n</think>\n%s",
        "Well {\"overall\":[\"B\",\"A\"]}? No.</think>\n%s",
        "{\"overall\":[\"B\",\"A\"]}</think>%s",
        "<thinking>{\"overall\":[\"B\",\"A\"]}</thinking>%s",
        "<think>a</think>b<think>{\"overall\":[\"B\",\"A\"]}</think>%s",
        "[THINK]{\"overall\":[\"B\",\"A\"]}[/THINK]%s",
        "◁think▷{\"overall\":[\"B\",\"A\"]}◁/think▷%s",
        "<|channel|>analysis<|message|>{\"overall\":[\"B\",\"A\"]}<|end|><|start|>assistant"
            + "<|channel|>final<|message|>%s",
        "%s<think>or {\"overall\":[\"B\",\"A\"]}",
        "Of course! The order {best first}:\n```json\n%s\n```\nI hope {that} helps.",
        "%s\n%s",
        "%s}",
        "{\"overall\":[\"X\"]} was wrong: %s",
        "{\"note\":\"} </think> {\",\"answer\":%s}",
        "\uFEFF  %s  "
      })
  void theFirstObjectThatFitsIsTakenAndThinkingIsNot(String form) throws Exception {
    try (RednessServer server =
        new RednessServer(
            (number, body) -> Fixtures.says(form.replace("%s", RednessServer.verdict(body))))) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.requests()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'choices':[{'message':{'content':[{'type':'text','text':%s}]}}],USAGE}",
        "{'choices':[{'message':{'content':[{'type':'thinking','thinking':'hm'},{'type':'text','text':%s}]}}],USAGE}",
        "{'choices':[{'message':{'content':['{\\\"x\\\":1}',{'type':'output_text','text':%s}]}}],USAGE}",
        "{'choices':[{'message':{'content':{'type':'text','text':%s}}}],USAGE}",
        "{'choices':[{'message':{'content':null,'tool_calls':[{'function':{'name':'j','arguments':%s}}]},"
            + "'finish_reason':'tool_calls'}],USAGE}",
        "{'choices':[{'message':{'content':%s},USAGE}]}",
        "{'choices':[{'message':{'content':%s}}],'x_groq':{'id':'1',USAGE},'usage':null}",
        "{'choices':[{'message':{'content':%s}}],'usage':{'prompt_tokens':'50','completion_tokens':9.0,'cost':0.1}}",
        "{'choices':[{'message':{'content':%s}}],'usage':{'input_tokens':50,'output_tokens':9}}",
        "{'choices':[{'message':{'content':%s}}],'usageMetadata':{'promptTokenCount':50,"
            + "'candidatesTokenCount':4,'thoughtsTokenCount':5,'totalTokenCount':59}}",
        "{'choices':[{'message':{'content':%s}}],'error':null,USAGE}",
        "{'choices':[{'message':{'content':%s}}],'error':{'message':'','code':0},USAGE}",
        PIECES,
        ": a comment\n\ndata: {'choices':[{'delta':{'content':%s},'finish_reason':'stop'}],USAGE}\n"
      })
  void anAnswerOfAnotherFormIsReadAndBilledAsItSays(String form) throws Exception {
    try (RednessServer server =
            new RednessServer(
                (number, body) ->
                    Fixtures.json(
                        200,
                        form.replace('\'', '"')
                            .replace("USAGE", USAGE)
                            .replace("%s", Wire.json(RednessServer.verdict(body)))));
        ChatGptOracle oracle = server.oracle().build()) {
      List<Judgement> judgements = RednessServer.rank(oracle);
      assertThat(RednessServer.isRight(judgements)).isTrue();
      assertThat(server.requests()).isEqualTo(4);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(PAID);
      assertThat(oracle.ledger().totals().unknown()).isZero();
      assertThat(judgements.stream().map(Judgement::usage).reduce(Usage.NONE, Usage::plus))
          .isEqualTo(PAID);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'choices':5,USAGE}",
        "{'choices':[{'message':7}],USAGE}",
        "{USAGE,'choices':[{'message':{'content':'{",
        "{'choices':[{'message':{'content':'x'}}],USAGE}} and more",
        "<html>USAGE</html>",
        "not JSON, {USAGE}"
      })
  void whatCannotBeDecodedIsBoughtAgainOnceAndBilledAsItSays(String form) throws Exception {
    String body = form.replace('\'', '"').replace("USAGE", USAGE);
    try (RednessServer server = RednessServer.first(1, Fixtures.json(200, body));
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      assertThat(server.requests()).isEqualTo(5);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(new Usage(5, 450, 160, 37));
      assertThat(oracle.ledger().totals().unknown()).isZero();
    }
    try (RednessServer server = RednessServer.always(Fixtures.json(200, body));
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.rank(oracle)).allMatch(Judgement::isMissing);
      assertThat(server.requests()).isEqualTo(8);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"'usage':null", "'usage':{}", "'x':1", "'usage':{'prompt_tokens':1.5}"})
  void withoutCountsAnAnswerCountsWithItsEstimate(String usage) throws Exception {
    try (RednessServer server =
            new RednessServer(
                (number, body) ->
                    Fixtures.json(
                        200,
                        "{\"choices\":[{\"message\":{\"content\":"
                            + Wire.json(RednessServer.verdict(body))
                            + "}}],"
                            + usage.replace('\'', '"')
                            + "}"));
        ChatGptOracle oracle = server.oracle().build()) {
      assertThat(RednessServer.isRight(RednessServer.rank(oracle))).isTrue();
      assertThat(oracle.ledger().totals().unknown()).isEqualTo(4);
    }
  }

  @Test
  void aSumAloneIsTakenAsInput() {
    byte[] body = "{\"usage\":{\"total_tokens\":59}}".getBytes(StandardCharsets.UTF_8);
    assertThat(Billed.read(new AnswerJson(ApiKey.none()), body).usage())
        .isEqualTo(new Usage(1, 59, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'message':{'content':null},'finish_reason':'content_filter'}",
        "{'message':{'content':''},'finish_reason':'SAFETY'}",
        "{'message':{'content':'','refusal':'I would rather not.'},'finish_reason':'stop'}",
        "{'message':{'content':[{'type':'refusal','refusal':'I would rather not.'}]}}"
      })
  void aRefusalIsOneInEveryField(String choice) throws Exception {
    MockResponse no =
        Fixtures.json(200, "{\"choices\":[" + choice.replace('\'', '"') + "]," + USAGE + "}");
    try (RednessServer server = RednessServer.always(no)) {
      List<Judgement> judgements = server.rank();
      assertThat(judgements).allMatch(Judgement::isMissing);
      assertThat(judgements.get(0).provenance().get(JudgementFacts.FAILURES))
          .contains("the judge refused to answer");
      assertThat(server.requests()).isEqualTo(8); // two attempts each
    }
  }

  @Test
  void aStreamWithoutAnEndIsAFailureOfTheServer() throws Exception {
    MockResponse cut =
        Fixtures.json(
            200, "data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"ov\"}}]}\n\ndata: {\"ch");
    try (RednessServer server = RednessServer.first(1, cut)) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.requests()).isEqualTo(5);
    }
    MockResponse away =
        Fixtures.json(
            200, "data: {\"error\":{\"code\":502,\"message\":\"the upstream is away\"}}\n\n");
    try (RednessServer server = RednessServer.always(away)) {
      assertThat(server.rank().get(0).provenance().get(JudgementFacts.FAILURES))
          .contains("the upstream is away");
      assertThat(server.requests()).isEqualTo(12);
    }
  }

  @Test
  void aPageUnderStatus200IsToldAtOnceWithItsWords() throws Exception {
    MockResponse page = Fixtures.json(200, "<!DOCTYPE html><title>Please sign in</title>");
    try (RednessServer server = RednessServer.always(page)) {
      List<Judgement> judgements = server.rank();
      assertThat(judgements.get(0).provenance().get(JudgementFacts.FAILURES))
          .contains("a page and no JSON; it says '<!DOCTYPE html><title>Please sign in</title>'")
          .contains("check the base URL");
      assertThat(server.requests()).isEqualTo(8);
    }
  }
}

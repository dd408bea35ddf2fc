package org.tastemaker.feedback.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.feedback.mock.MockJudge;

class ServerPlanTest {
  private static final String IMAGE =
      Base64.getEncoder().encodeToString(Image.filled(4, 4, 0, 0, 1).toPng());
  private static final String ASKED =
      """
      {"model": "m", "seed": 3, "max_tokens": 64, "messages": [
        {"role": "system", "content": "Judge."},
        {"role": "user", "content": [
          {"type": "text", "text": "Image A:"},
          {"type": "image_url",
           "image_url": {"url": "data:image/png;base64,IMAGE", "detail": "high"}}]}],
       "response_format": {"type": "json_schema", "json_schema": {
         "name": "verdict", "strict": true, "schema": {
           "type": "object", "additionalProperties": false, "required": ["overall"],
           "properties": {"overall": {
             "type": "object", "additionalProperties": false, "required": ["A"],
             "properties": {"A": {"type": "integer", "minimum": 0, "maximum": 9}}}}}}}}
      """
          .replace("IMAGE", IMAGE);

  @Test
  void whatNoRuleIsForIsAnsweredAsUsual() throws Exception {
    assertThat(ask("[{\"if\":{\"parameter\":\"top_p\"},\"status\":400,\"text\":\"no\"}]").body())
        .contains("\"content\":\"{\\\"overall\\\":{\\\"A\\\":0}}\"");
  }

  @Test
  void aRuleRefusesWithItsStatusItsHeadersAndItsBody() throws Exception {
    HttpResponse<String> answer =
        ask(
            "[{\"if\":{\"parameter\":\"seed\",\"role\":\"system\",\"images\":1,\"room\":64,"
                + "\"format\":\"json_schema\",\"says\":\"maximum\",\"without\":\"top_p\"},"
                + "\"status\":422,\"headers\":{\"Retry-After\":\"7\"},"
                + "\"body\":{\"error\":{\"code\":5,\"param\":null}}}]");
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.headers().firstValue("Retry-After")).hasValue("7");
    assertThat(answer.body()).isEqualTo("{\"error\":{\"code\":5,\"param\":null}}");
  }

  @Test
  void everythingThatARuleSaysOfARequestMustHold() throws Exception {
    for (String kind :
        new String[] {
          "\"parameter\":\"top_p\"",
          "\"without\":\"seed\"",
          "\"role\":\"developer\"",
          "\"images\":2",
          "\"room\":65",
          "\"roomBelow\":64",
          "\"topLogprobs\":1",
          "\"format\":\"json_object\"",
          "\"says\":\"minItems\""
        }) {
      String plan = "[{\"if\":{" + kind + "},\"status\":400,\"text\":\"\"}]";
      assertThat(ask(plan).statusCode()).as(kind).isEqualTo(200);
    }
  }

  @Test
  void aRuleIsForSoManyRequestsFromACountOn() throws Exception {
    try (LoopbackServer server =
        server("[{\"from\":2,\"times\":2,\"status\":503,\"text\":\"later\"}]")) {
      StringBuilder seen = new StringBuilder();
      for (int i = 0; i < 4; i++) {
        seen.append(ask(server).statusCode()).append(' ');
      }
      assertThat(seen).hasToString("200 503 503 200 ");
    }
  }

  @Test
  void aRuleChangesTheFormOfAnAnswer() throws Exception {
    String body =
        ask("[{\"text\":\"\\n${body}\",\"remove\":[\"usage\"],\"set\":{"
                + "\"choices.0.message.content\":[{\"type\":\"text\",\"text\":\"Hm. ${content}\"}],"
                + "\"choices.0.finish_reason\":null}}]")
            .body();
    assertThat(body)
        .startsWith("\n{")
        .contains("[{\"type\":\"text\",\"text\":\"Hm. {\\\"overall\\\":{\\\"A\\\":0}}\"}]")
        .contains("\"finish_reason\":null")
        .doesNotContain("usage");
  }

  @Test
  void aPlanThatSaysNothingUsefulIsRefused() {
    for (String plan :
        new String[] {
          "{}",
          "[1]",
          "[",
          "[{\"status\":400}]",
          "[{\"body\":{}}]",
          "[{\"stats\":400,\"text\":\"\"}]",
          "[{\"if\":{\"image\":1},\"status\":400,\"text\":\"\"}]"
        }) {
      assertThatIllegalArgumentException().as(plan).isThrownBy(() -> ServerPlan.read(plan));
    }
  }

  private static LoopbackServer server(String plan) {
    return LoopbackServer.builder(MockJudge.of((image, prompt) -> 0))
        .plan(ServerPlan.read(plan))
        .start();
  }

  private static HttpResponse<String> ask(String plan) throws IOException, InterruptedException {
    try (LoopbackServer server = server(plan)) {
      return ask(server);
    }
  }

  private static HttpResponse<String> ask(LoopbackServer server)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(server.baseUrl() + "/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(ASKED))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}

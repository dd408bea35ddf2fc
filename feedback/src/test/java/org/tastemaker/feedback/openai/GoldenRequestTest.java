package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tastemaker.feedback.openai.Fixtures.PROMPT;
import static org.tastemaker.feedback.openai.Fixtures.QUALITY;
import static org.tastemaker.feedback.openai.Fixtures.TWO;
import static org.tastemaker.feedback.openai.Fixtures.images;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.junit5.StartStop;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.resilience.FakeTime;

/**
 * What is sent, against bodies that were checked field by field with OpenAI's published API
 * description (openai-openapi of August 2026).
 */
class GoldenRequestTest {
  @StartStop private final MockWebServer server = new MockWebServer();
  private final FakeTime time = new FakeTime();

  @Test
  void aRankingByTwoCriteria() throws Exception {
    Question question = Question.rank(PROMPT, images(3), TWO);
    RecordedRequest request =
        sent(
            Fixtures.options().withExplain(Explain.AFTER).withTemperature(0.5).withSeed(42L),
            question,
            "{\"image_quality\":[\"A\",\"B\",\"C\"],\"consistency\":[\"A\",\"B\",\"C\"],"
                + "\"overall\":[\"A\",\"B\",\"C\"],\"rationale\":\"so\"}");
    assertThat(request.getTarget()).isEqualTo("/v1/chat/completions");
    assertThat(request.getMethod()).isEqualTo("POST");
    assertThat(request.getHeaders().get("Authorization")).isEqualTo("Bearer " + Fixtures.KEY);
    assertThat(request.getHeaders().get("Content-Type")).startsWith("application/json");
    assertSent(request, "chat-rank.json");
  }

  @Test
  void aPairWithLogProbabilities() throws Exception {
    assertSent(sent(Fixtures.options(), Fixtures.pair(), "{\"overall\":\"A\"}"), "chat-pair.json");
  }

  @Test
  void theBestTwoOfFourAsSmallJpegsInLowDetail() throws Exception {
    ImageForm form = ImageForm.DEFAULT.asJpeg(0.9).withSide(16).withDetail(ImageForm.Detail.LOW);
    assertSent(
        sent(
            Fixtures.options().withImages(form),
            Question.best(2, PROMPT, images(4), QUALITY),
            "{\"overall\":[\"A\",\"B\"]}"),
        "chat-best.json");
  }

  @Test
  void numbersWithReasonsFirst() throws Exception {
    assertSent(
        sent(
            Fixtures.options().withExplain(Explain.BEFORE).withMaxTokens(200).withEffort("low"),
            Question.score(new Question.Scale(1, 5), PROMPT, images(2), QUALITY),
            "{\"rationale\":\"so\",\"overall\":{\"A\":1,\"B\":5}}"),
        "chat-score.json");
  }

  @Test
  void aPairInTheResponsesFormat() throws Exception {
    server.enqueue(Fixtures.json(200, ResponsesFormatTest.COMPLETED));
    RecordedRequest request =
        ask(Fixtures.options().withWireFormat(WireFormat.RESPONSES), Fixtures.pair());
    assertThat(request.getTarget()).isEqualTo("/v1/responses");
    assertSent(request, "responses-pair.json");
  }

  @Test
  void anImage() throws Exception {
    server.enqueue(Fixtures.json(200, "{\"data\":[{\"b64_json\":\"\"}]}"));
    try (OpenAiClient client = Fixtures.client(server, time).build()) {
      client.generate(
          new ImagesWire.Request("gpt-image-x", "a heart", 1, "1024x1024", "low", null, null),
          Usage.NONE);
    }
    RecordedRequest request = server.takeRequest();
    assertThat(request.getTarget()).isEqualTo("/v1/images/generations");
    assertSent(request, "image.json");
  }

  @Test
  void aPromptToBeRewritten() throws Exception {
    server.enqueue(Fixtures.says("{\"prompt\":\"a long one\"}"));
    try (OpenAiClient client = Fixtures.client(server, time).build()) {
      new PromptRewriter(client, PromptRewriter.Options.of("gpt-test"))
          .rewrite(Prompt.of("a heart"));
    }
    assertSent(server.takeRequest(), "chat-rewrite.json");
  }

  private RecordedRequest sent(ChatGptJudge.Options options, Question question, String answer)
      throws InterruptedException {
    server.enqueue(Fixtures.says(answer));
    return ask(options, question);
  }

  private RecordedRequest ask(ChatGptJudge.Options options, Question question)
      throws InterruptedException {
    try (OpenAiClient client = Fixtures.client(server, time).build()) {
      new ChatGptJudge(client, options).ask(question);
    }
    return server.takeRequest();
  }

  /** Field by field, so that a difference is told by its name. */
  private static void assertSent(RecordedRequest request, String golden) throws IOException {
    Map<?, ?> expected = (Map<?, ?>) Fixtures.golden(golden);
    Map<?, ?> actual = (Map<?, ?>) Fixtures.readable(Fixtures.body(request));
    Set<Object> fields = new LinkedHashSet<>(expected.keySet());
    fields.addAll(actual.keySet());
    for (Object field : fields) {
      assertThat(actual.get(field))
          .as("field %s of %s: %s", field, golden, Fixtures.JSON.toJson(actual))
          .isEqualTo(expected.get(field));
    }
  }
}

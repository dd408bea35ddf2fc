package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import mockwebserver3.MockWebServer;
import mockwebserver3.junit5.StartStop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.FeedbackException.MalformedVerdict;
import org.tastemaker.feedback.FeedbackException.Refused;
import org.tastemaker.feedback.resilience.FakeTime;

class PromptRewriterTest {
  @StartStop private final MockWebServer server = new MockWebServer();
  private OpenAiClient client;
  private PromptRewriter rewriter;

  @BeforeEach
  void open() {
    client = Fixtures.client(server, new FakeTime()).build();
    rewriter = new PromptRewriter(client, PromptRewriter.Options.of("gpt-test"));
  }

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void theOriginalIsKept() {
    server.enqueue(Fixtures.says("{\"prompt\":\" A red heart on white. \"}"));
    Prompt rewritten =
        rewriter.rewrite(new Prompt("heart", "blurry", Map.of("category", "symbols")));
    assertThat(rewritten)
        .isEqualTo(
            new Prompt(
                "A red heart on white.",
                "blurry",
                Map.of(
                    "category",
                    "symbols",
                    PromptRewriter.ORIGINAL,
                    "heart",
                    PromptRewriter.REWRITTEN_BY,
                    "gpt-test-2026-01-01")));
  }

  @Test
  void rewrittenTwiceTheFirstOriginalIsKept() {
    server.enqueue(Fixtures.says("{\"prompt\":\"a red heart\"}"));
    server.enqueue(Fixtures.says("{\"prompt\":\"a red heart on white\"}"));
    Prompt twice = rewriter.rewrite(rewriter.rewrite(Prompt.of("heart")));
    assertThat(twice.metadata()).containsEntry(PromptRewriter.ORIGINAL, "heart");
  }

  @Test
  void anUnusableAnswerIsAskedForOnceMoreWithTheReason() throws Exception {
    server.enqueue(Fixtures.says("{\"prompt\":\"\"}"));
    server.enqueue(Fixtures.says("{\"prompt\":\"a red heart\"}"));
    assertThat(rewriter.rewrite(Prompt.of("heart")).text()).isEqualTo("a red heart");
    server.takeRequest();
    assertThat(Fixtures.body(server.takeRequest()).toString())
        .contains(
            "An earlier answer could not be used: The answer's prompt should be a text of 1 to 1000"
                + " characters, but was one of 0.");
  }

  @Test
  void twoUnusableAnswersAreAFailure() {
    server.enqueue(Fixtures.says("{\"prompt\":\"" + "x".repeat(1001) + "\"}"));
    server.enqueue(Fixtures.says("{"));
    assertThatThrownBy(() -> rewriter.rewrite(Prompt.of("heart")))
        .isInstanceOf(MalformedVerdict.class);
    assertThat(server.getRequestCount()).isEqualTo(2);
  }

  @Test
  void aRefusalIsToldAtOnce() {
    server.enqueue(Fixtures.json(200, Fixtures.chat(null, "stop", "No.")));
    assertThatThrownBy(() -> rewriter.rewrite(Prompt.of("heart"))).isInstanceOf(Refused.class);
    assertThat(server.getRequestCount()).isEqualTo(1);
  }

  @Test
  void aBlankPromptIsRefusedBeforeTheCall() {
    assertThatThrownBy(() -> rewriter.rewrite(Prompt.of(" ")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a prompt to be rewritten must not be blank; leave the unconditional prompt out");
  }
}

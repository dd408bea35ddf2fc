package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.RunEvent;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.feedback.server.ServerPlan;

/** A judge that does not answer: the run says so and fails. */
@SuppressWarnings("NullAway.Init")
class QuickStartSilentTest {
  @TempDir Path folder;
  private QuickStarts quickStart;
  private final List<String> notices = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void listen() {
    quickStart = new QuickStarts(folder.resolve("run"));
    quickStart.listener =
        event -> {
          if (event instanceof RunEvent.Notice notice) {
            notices.add(notice.message());
          }
        };
  }

  private int run(String baseUrl, int rounds, String... more) {
    List<String> args = new ArrayList<>(List.of("--judge", "chatgpt", "--base-url", baseUrl));
    args.addAll(List.of("--rounds", String.valueOf(rounds), "--yes"));
    args.addAll(List.of(more));
    return assertTimeoutPreemptively(
        Duration.ofMinutes(2), () -> quickStart.run(args.toArray(String[]::new)));
  }

  @Test
  void whereNobodyListensTheRunEndsSoonWithTheReason() throws IOException {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }

    assertThat(run("http://127.0.0.1:" + port + "/v1", 16)).isEqualTo(1);

    assertThat(quickStart.said)
        .contains("nobody has answered there yet, in 3 attempts")
        .contains("Connect")
        .contains("http://127.0.0.1:" + port)
        .doesNotContain("rounds are done");
    assertThat(notices).isNotEmpty();
    assertThat(notices.get(0)).contains("Connect").contains("attempt 1 of 6, the next in 0.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"402 | Insufficient credits", "400 | something that nobody foresaw"})
  void whatEveryQuestionFailsWithEndsTheRunInTheFirstRound(int status, String words) {
    String plan = "[{\"status\": %d, \"body\": {\"error\": {\"message\": \"%s\"}}}]";
    try (LoopbackServer server = server(plan.formatted(status, words))) {
      assertThat(run(server.baseUrl(), 16)).isNotZero();

      assertThat(quickStart.said).contains(words).doesNotContain("16 rounds are done");
      assertThat(server.requests()).isLessThan(20);
    }
  }

  @Test
  void aPageInsteadOfAnAnswerEndsTheRunInTheFirstRound() {
    try (LoopbackServer server =
        server("[{\"status\": 200, \"text\": \"<html><body>Welcome</body></html>\"}]")) {
      assertThat(run(server.baseUrl(), 16)).isNotZero();

      assertThat(quickStart.said).doesNotContain("16 rounds are done");
      assertThat(server.requests()).isLessThan(30);
    }
  }

  @Test
  void whatWasRefusedIsAskedAgainIfSomebodySaysSo() {
    AtomicBoolean refuses = new AtomicBoolean(true);
    MockJudge mock = MockJudge.of((image, prompt) -> image.get(1, 16, 16));
    Judge moody =
        question -> {
          if (refuses.get()) {
            throw new FeedbackException.Refused("no");
          }
          return mock.ask(question);
        };
    try (LoopbackServer server = LoopbackServer.builder(moody).start()) {
      assertThat(run(server.baseUrl(), 1)).isEqualTo(1);
      assertThat(quickStart.said).contains("answered nothing in round 1");
      refuses.set(false);
      long asked = server.requests();

      assertThat(run(server.baseUrl(), 1, "--retry-missing")).isZero();

      assertThat(server.requests()).isGreaterThan(asked);
      assertThat(quickStart.said).contains("all 1 rounds are done");
    }
  }

  private static LoopbackServer server(String plan) {
    return LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(1, 16, 16)))
        .plan(ServerPlan.read(plan))
        .start();
  }
}

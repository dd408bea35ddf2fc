package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.resilience.BreakerPolicy;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

/**
 * Whatever a server answers is an answer or one of the library's own errors, within bounds of
 * memory and time, and leaves the ledger whole. A seed in a message shows a failure again: add it
 * to the seeds that failed once.
 */
class MutatedAnswersTest {
  private static final Logger LOG = LoggerFactory.getLogger(MutatedAnswersTest.class);

  /** In each of the kinds below; nightly, a million over all of them. */
  private static final int TIMES = Effort.times(10_000, 250_000);

  private static final int OF_WHOLE_ANSWERS = Effort.times(10_000, 125_000);
  private static final long FIRST_SEED = 1_000_000;

  /** The first found a PNG whose header asks for gigabytes; each is tried by every kind. */
  private static final long[] FAILED_ONCE = {1_000_722};

  private static final List<Class<? extends RuntimeException>> OURS =
      List.of(
          FeedbackException.TransportFailed.class,
          FeedbackException.MalformedVerdict.class,
          FeedbackException.Refused.class,
          FeedbackException.InvalidRequest.class,
          FeedbackException.RateLimited.class,
          FeedbackException.QuotaExhausted.class);

  private static final List<Question> QUESTIONS =
      List.of(
          Fixtures.pair(),
          Fixtures.rank(4),
          Question.best(2, Fixtures.PROMPT, Fixtures.images(4), Fixtures.TWO),
          Question.score(
              new Question.Scale(1, 10), Fixtures.PROMPT, Fixtures.images(3), Fixtures.QUALITY));

  /** A verdict for each of them. */
  private static final List<String> CONTENTS =
      List.of(
          "{\"overall\":\"A\"}",
          "{\"overall\":[\"D\",\"B\",\"A\",\"C\"]}",
          "{\"image_quality\":[\"B\",\"A\"],\"consistency\":[\"A\",\"C\"],"
              + "\"overall\":[\"A\",\"B\"]}",
          "{\"overall\":{\"A\":1,\"B\":7,\"C\":10}}");

  private final FakeTime time = new FakeTime();
  private final AtomicReference<byte[]> answer = new AtomicReference<>(new byte[0]);

  /** A server that sends what is set, and a client of it. */
  private record Line(RawServer server, OpenAiClient client) implements AutoCloseable {
    ChatGptJudge judge(WireFormat format) {
      return new ChatGptJudge(client, Fixtures.options().withWireFormat(format));
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }
  }

  /**
   * Starts a server.
   *
   * @param keeps whether connections are kept, which only whole answers allow
   */
  private Line open(boolean keeps) throws IOException {
    RawServer.Script script = (head, socket, out) -> out.write(answer.get());
    RawServer server = keeps ? RawServer.keeping(script) : RawServer.start(script);
    OpenAiClient client =
        Fixtures.client(server.baseUrl(), time)
            .limits(
                ResilientCaller.Options.DEFAULTS
                    .withRetries(RetryPolicy.DEFAULTS.withAttempts(1))
                    .withBreaker(BreakerPolicy.DEFAULTS.withFailuresToOpen(Integer.MAX_VALUE)))
            .build();
    return new Line(server, client);
  }

  @Test
  void damagedAnswersOfChatCompletions() throws IOException {
    attack("an answer of Chat Completions", WireFormat.CHAT_COMPLETIONS);
  }

  @Test
  void damagedAnswersOfResponses() throws IOException {
    attack("an answer of Responses", WireFormat.RESPONSES);
  }

  @Test
  void damagedAnswersWithImages() throws IOException {
    List<byte[]> originals = new ArrayList<>();
    String png = Base64.getEncoder().encodeToString(Fixtures.images(1).get(0).toPng());
    String larger = Base64.getEncoder().encodeToString(Image.filled(8, 8, 0, 1, 0).toPng());
    for (String image : List.of(png, larger)) {
      originals.add(
          bytes(
              "{\"created\":1,\"data\":[{\"b64_json\":\""
                  + image
                  + "\",\"revised_prompt\":\"a red heart\"}],\"usage\":{\"input_tokens\":5,"
                  + "\"output_tokens\":272,\"input_tokens_details\":{\"cached_tokens\":2}}}"));
    }
    Attack attack = new Attack("an answer with an image", originals, OURS);
    try (Line line = open(true)) {
      OpenAiImageGenerator generator =
          new OpenAiImageGenerator(line.client, OpenAiImageGenerator.Options.of("image-x"));
      run(
          line,
          attack,
          TIMES,
          bytes -> {
            answer.set(RawServer.kept(bytes));
            generator.make(Prompt.of("a heart"));
          });
    }
  }

  @Test
  void damagedWholeAnswersHeadersIncluded() throws IOException {
    List<byte[]> originals = new ArrayList<>();
    for (byte[] body : chats(CONTENTS.get(0))) {
      originals.add(
          RawServer.ok(
              body,
              "Content-Type: application/json",
              "x-request-id: req_1",
              "x-ratelimit-remaining-requests: 0",
              "x-ratelimit-reset-requests: 12ms",
              "Retry-After: 3"));
      originals.add(
          RawServer.answer(
              "429 Too Many", bytes("{\"error\":{\"message\":\"slow\"}}"), "Retry-After: 20"));
      originals.add(RawServer.answer("307 Elsewhere", body, "Location: /v2"));
      originals.add(
          bytes(
              "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + Integer.toHexString(body.length)
                  + "\r\n"
                  + new String(body, StandardCharsets.UTF_8)
                  + "\r\n0\r\n\r\n"));
    }
    Attack attack = new Attack("a whole answer", originals, OURS);
    try (Line line = open(false)) {
      ChatGptJudge judge = line.judge(WireFormat.CHAT_COMPLETIONS);
      run(
          line,
          attack,
          OF_WHOLE_ANSWERS,
          bytes -> {
            answer.set(bytes);
            judge.ask(QUESTIONS.get(0));
          });
    }
  }

  @Test
  void anyBytes() throws IOException {
    try (Line line = open(false)) {
      ChatGptJudge judge = line.judge(WireFormat.CHAT_COMPLETIONS);
      for (long seed = FIRST_SEED; seed < FIRST_SEED + OF_WHOLE_ANSWERS; seed++) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] bytes = new byte[1 + random.nextInt(2000)];
        random.nextBytes(bytes);
        boolean whole = random.nextBoolean();
        new Attack("any bytes", List.of(bytes), OURS)
            .run(
                seed,
                1,
                entered(
                    line,
                    damaged -> {
                      answer.set(whole ? damaged : RawServer.ok(damaged));
                      judge.ask(QUESTIONS.get(0));
                    }));
      }
    }
  }

  /** Each answer is asked for by the kind of question that it fits. */
  private void attack(String name, WireFormat format) throws IOException {
    try (Line line = open(true)) {
      ChatGptJudge judge = line.judge(format);
      for (int kind = 0; kind < QUESTIONS.size(); kind++) {
        Question question = QUESTIONS.get(kind);
        String content = CONTENTS.get(kind);
        run(
            line,
            new Attack(
                name, format == WireFormat.RESPONSES ? responses(content) : chats(content), OURS),
            TIMES / QUESTIONS.size(),
            bytes -> {
              answer.set(RawServer.kept(bytes));
              judge.ask(question);
            });
      }
    }
  }

  private void run(Line line, Attack attack, int times, Attack.Reader reader) {
    for (long seed : FAILED_ONCE) {
      attack.run(seed, 1, entered(line, reader));
    }
    Attack.Outcome outcome = attack.run(FIRST_SEED, times, entered(line, reader));
    assertThat(outcome.read()).isPositive();
    assertThat(line.client.ledger().totals().usage().requests())
        .as("no more calls are entered than were made")
        .isLessThanOrEqualTo(line.server.requests());
    assertThat(line.client.counts().attempts())
        .as("no call is more than one request")
        .isGreaterThanOrEqualTo(line.server.requests());
    LOG.info("{}: {}", attack.name(), outcome);
  }

  /** Looks at the ledger after each call; the limits and breakers of the one before have passed. */
  private Attack.Reader entered(Line line, Attack.Reader reader) {
    return bytes -> {
      time.pass(Duration.ofHours(1));
      try {
        reader.read(bytes);
      } finally {
        assertThat(line.client.ledger().totals().inFlight()).isZero();
      }
    };
  }

  private static List<byte[]> chats(String content) {
    return List.of(
        bytes(Fixtures.chat(content, "stop", null)),
        bytes(
            "{\"choices\":[{\"message\":{\"content\":"
                + Fixtures.JSON.toJson(content)
                + "},\"logprobs\":{\"content\":["
                + token(content)
                + "]}}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}"),
        bytes(Fixtures.chat(null, "stop", "I will not")),
        bytes(Fixtures.chat("{\"over", "length", null)));
  }

  private static List<byte[]> responses(String content) {
    return List.of(
        bytes(
            "{\"id\":\"resp_1\",\"model\":\"m\",\"status\":\"completed\",\"error\":null,"
                + "\"output\":[{\"type\":\"reasoning\",\"summary\":[]},{\"type\":\"message\","
                + "\"content\":[{\"type\":\"output_text\",\"text\":"
                + Fixtures.JSON.toJson(content)
                + ",\"logprobs\":["
                + token(content)
                + "]}]}],\"usage\":{\"input_tokens\":12,\"output_tokens\":3,"
                + "\"output_tokens_details\":{\"reasoning_tokens\":1}}}"),
        bytes(
            "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
                + "\"output\":[]}"),
        bytes("{\"status\":\"failed\",\"error\":{\"code\":\"x\",\"message\":\"no\"}}"));
  }

  private static String token(String content) {
    return "{\"token\":"
        + Fixtures.JSON.toJson(content)
        + ",\"logprob\":-0.5,\"bytes\":null,\"top_logprobs\":[{\"token\":\"A\",\"logprob\":-0.5},"
        + "{\"token\":\"B\",\"logprob\":-1.5,\"bytes\":[66]}]}";
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

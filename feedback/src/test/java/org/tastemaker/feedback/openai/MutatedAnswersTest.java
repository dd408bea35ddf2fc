package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
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

  private static final int OF_WHOLE_ANSWERS = Effort.times(2_500, 125_000);
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
  private RawServer server;
  private OpenAiClient client;

  /**
   * Starts a server.
   *
   * @param keeps whether connections are kept, which only whole answers allow
   */
  private void open(boolean keeps) throws IOException {
    RawServer.Script script = (head, socket, out) -> out.write(answer.get());
    server = keeps ? RawServer.keeping(script) : RawServer.start(script);
    client =
        Fixtures.client(server.baseUrl(), time)
            .limits(
                ResilientCaller.Options.DEFAULTS
                    .withRetries(RetryPolicy.DEFAULTS.withAttempts(1))
                    .withBreaker(BreakerPolicy.DEFAULTS.withFailuresToOpen(Integer.MAX_VALUE)))
            .build();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    server.close();
  }

  @Test
  void damagedAnswersOfChatCompletions() throws IOException {
    open(true);
    attack("an answer of Chat Completions", WireFormat.CHAT_COMPLETIONS);
  }

  @Test
  void damagedAnswersOfResponses() throws IOException {
    open(true);
    attack("an answer of Responses", WireFormat.RESPONSES);
  }

  @Test
  void damagedAnswersWithImages() throws IOException {
    open(true);
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
    OpenAiImageGenerator generator =
        new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("image-x"));
    Attack attack = new Attack("an answer with an image", originals, OURS);
    run(
        attack,
        TIMES,
        bytes -> {
          answer.set(RawServer.kept(bytes));
          generator.make(Prompt.of("a heart"));
        });
  }

  @Test
  void damagedWholeAnswersHeadersIncluded() throws IOException {
    open(false);
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
    run(
        attack,
        OF_WHOLE_ANSWERS,
        bytes -> {
          answer.set(bytes);
          judge(WireFormat.CHAT_COMPLETIONS).ask(QUESTIONS.get(0));
        });
  }

  @Test
  void anyBytes() throws IOException {
    open(false);
    Attack attack = new Attack("any bytes", List.of(new byte[0]), OURS);
    run(
        attack,
        OF_WHOLE_ANSWERS,
        damaged -> {
          SplittableRandom random = new SplittableRandom(Arrays.hashCode(damaged) + turn++);
          byte[] bytes = new byte[random.nextInt(2000)];
          random.nextBytes(bytes);
          boolean whole = random.nextBoolean();
          answer.set(whole ? bytes : RawServer.ok(bytes));
          WireFormat format = WireFormat.values()[random.nextInt(2)];
          judge(format).ask(QUESTIONS.get(random.nextInt(QUESTIONS.size())));
        });
  }

  private long turn;

  /** Each answer is asked for by the kind of question that it fits. */
  private void attack(String name, WireFormat format) {
    ChatGptJudge judge = judge(format);
    for (int kind = 0; kind < QUESTIONS.size(); kind++) {
      Question question = QUESTIONS.get(kind);
      String content = CONTENTS.get(kind);
      run(
          new Attack(
              name, format == WireFormat.RESPONSES ? responses(content) : chats(content), OURS),
          TIMES / QUESTIONS.size(),
          bytes -> {
            answer.set(RawServer.kept(bytes));
            judge.ask(question);
          });
    }
  }

  private ChatGptJudge judge(WireFormat format) {
    return new ChatGptJudge(client, Fixtures.options().withWireFormat(format));
  }

  private void run(Attack attack, int times, Attack.Reader reader) {
    Attack.Reader ready =
        bytes -> {
          time.pass(Duration.ofHours(1)); // limits and breakers of the answer before have passed
          try {
            reader.read(bytes);
          } finally {
            assertThat(client.ledger().totals().inFlight()).isZero();
          }
        };
    for (long seed : FAILED_ONCE) {
      attack.run(seed, 1, ready);
    }
    Attack.Outcome outcome = attack.run(FIRST_SEED, times, ready);
    assertThat(outcome.read() + outcome.refused()).isEqualTo(times);
    assertThat(client.ledger().totals().usage().requests())
        .as("no more calls are entered than were made")
        .isLessThanOrEqualTo(server.requests());
    assertThat(client.counts().attempts())
        .as("each call was one request")
        .isGreaterThanOrEqualTo(server.requests());
    LOG.info("{}: {}", attack.name(), outcome);
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

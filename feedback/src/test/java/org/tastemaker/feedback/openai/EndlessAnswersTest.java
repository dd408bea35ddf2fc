package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.FeedbackException.TransportFailed;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Expense;

/** An answer that never ends, in any of its places, ends at a limit. */
class EndlessAnswersTest {
  private static final byte[] SPACES = new byte[8192];
  private static final String HEAD = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

  static {
    Arrays.fill(SPACES, (byte) ' ');
  }

  private static final String CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n";
  private static final String GZIP = HEAD + "Content-Encoding: gzip\r\n\r\n\u001f\u008b\b";
  private static final String NAMES = "name: value\r\n".repeat(500);

  /** Where an answer has no end: how it begins, and what is sent again and again. */
  enum Place {
    BODY(HEAD + "\r\n{\"id\":\"", " ".repeat(8192)),
    BODY_OF_CHUNKS(CHUNKED, "10\r\n                \r\n".repeat(400)),
    HEAD_OF_A_CHUNK(CHUNKED + "1;", " ".repeat(8192)),
    TRAILERS(CHUNKED + "0\r\n", NAMES),
    STATUS("HTTP/1.1 200 ", " ".repeat(8192)),
    HEADERS(HEAD, NAMES),
    ANSWERS_BEFORE_THE_ANSWER("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(300)),
    BODY_PACKED(HEAD + "Content-Encoding: gzip\r\n\r\n", " ".repeat(8192)) {
      @Override
      void send(OutputStream out) throws IOException {
        out.write(latin1(beginning));
        forEver(new GZIPOutputStream(out), latin1(again));
      }
    },
    NAME_IN_A_PACKED_BODY(GZIP + "\b\0\0\0\0\0\0", " ".repeat(8192)),
    /** A stored block of no bytes. */
    PACKED_NOTHING(GZIP + "\0\0\0\0\0\0\0", "\0\0\0\u00ff\u00ff");

    final String beginning;
    final String again;

    Place(String beginning, String again) {
      this.beginning = beginning;
      this.again = again;
    }

    void send(OutputStream out) throws IOException {
      out.write(latin1(beginning));
      forEver(out, latin1(again));
    }

    static byte[] latin1(String text) {
      return text.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void anAnswerWithoutEndIsEndedWithinItsLimitAndNotAskedForTwice(Place place) throws Exception {
    try (RawServer server = RawServer.start((head, client, out) -> place.send(out));
        OpenAiClient client = client(server).build()) {
      Expense expense = ask(client);
      assertThat(expense.failure())
          .isInstanceOf(FeedbackException.class)
          .hasMessageContaining("a question to gpt-test");
      assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
      assertThat(client.ledger().totals().inFlight()).isZero();
      assertThat(client.ledger().totals().unknown()).isEqualTo(server.requests());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Place.class,
      names = {"BODY", "BODY_OF_CHUNKS", "HEAD_OF_A_CHUNK", "BODY_PACKED", "NAME_IN_A_PACKED_BODY"})
  void aBodyOverTheLimitIsToldWithTheLimitAndTheWayOut(Place place) throws Exception {
    try (RawServer server = RawServer.start((head, client, out) -> place.send(out));
        OpenAiClient client = client(server).bodies(new BodyLimits(5000, 5000)).build()) {
      assertThat(ask(client).failure())
          .isInstanceOf(TransportFailed.class)
          .hasMessageContaining("was ended: BodyTooLong (the answer has over")
          .hasMessageEndingWith("raise the limit with bodies(...) of the client");
      assertThat(server.requests()).isEqualTo(1);
    }
  }

  @Test
  void aSmallBodyThatUnpacksToALargeOneIsEndedAtTheLimit() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      for (int i = 0; i < 16_000; i++) {
        gzip.write(SPACES); // 131 MB
      }
    }
    assertThat(packed.size()).isLessThan(200_000);
    byte[] answer = RawServer.ok(packed.toByteArray(), "Content-Encoding: gzip");
    try (RawServer server = RawServer.sending(answer);
        OpenAiClient client = client(server).build()) {
      Expense expense = ask(client);
      assertThat(expense.failure()).hasMessageContaining("over 4194304 bytes when unpacked");
      assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
    }
  }

  @Test
  void aPackedBodyWithinTheLimitIsRead() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      write(gzip, Fixtures.chat("{\"overall\":\"A\"}", "stop", null));
    }
    byte[] answer = RawServer.ok(packed.toByteArray(), "Content-Encoding: gzip");
    try (RawServer server = RawServer.sending(answer);
        OpenAiClient client = client(server).build()) {
      assertThat(ask(client).failure()).isNull();
    }
  }

  @Test
  void aBodyThatSaysThatItIsTooLongIsNotRead() throws Exception {
    try (RawServer server =
            RawServer.sending(HEAD + "Content-Length: 9000000000000000000\r\n\r\n{");
        OpenAiClient client = client(server).build()) {
      assertThat(ask(client).failure())
          .hasMessageContaining("over 4194304 bytes by its own account");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 429, 500, 503})
  void ofAnErrorTheBeginningIsEnough(int status) throws Exception {
    try (RawServer server =
            RawServer.start(
                (head, client, out) -> {
                  write(out, "HTTP/1.1 " + status + " No\r\nConnection: close\r\n\r\nthe reason ");
                  forEver(out, SPACES);
                });
        OpenAiClient client = client(server).build()) {
      Expense expense = ask(client);
      assertThat(expense.failure())
          .isInstanceOf(FeedbackException.class)
          .hasMessageContaining("status " + status + ": the reason");
      assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
      assertThat(client.ledger().totals().unknown()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        HEAD + "Content-Length: 1000\r\n\r\n",
        HEAD + "Content-Encoding: gzip\r\n\r\n"
      })
  void anAnswerThatComesDropByDropEndsInTime(String beginning) throws Exception {
    try (RawServer server =
            RawServer.start(
                (head, client, out) -> {
                  write(out, beginning);
                  while (!client.isClosed()) {
                    out.write(' ');
                    out.flush();
                    pause();
                  }
                });
        OpenAiClient client = client(server).timeout(Duration.ofMillis(700)).build()) {
      Expense expense = assertTimeoutPreemptively(Duration.ofSeconds(60), () -> ask(client));
      assertThat(expense.failure()).isInstanceOf(TransportFailed.class);
      assertThat(client.ledger().totals().unknown()).isEqualTo(3);
    }
  }

  @Test
  void anImageWithoutEndIsEndedAtItsLimit() throws Exception {
    try (RawServer images = RawServer.start((head, client, out) -> Place.BODY.send(out));
        RawServer server =
            RawServer.sending(
                RawServer.ok("{\"data\":[{\"url\":\"" + images.origin() + "/1.png\"}]}"));
        OpenAiClient client = client(server).bodies(new BodyLimits(4096, 1 << 20)).build()) {
      OpenAiImageGenerator generator =
          new OpenAiImageGenerator(client, OpenAiImageGenerator.Options.of("image-x"));
      Expense expense = Expense.of(() -> generator.make(Prompt.of("a heart")));
      assertThat(expense.failure())
          .isInstanceOf(TransportFailed.class)
          .hasMessageContaining("the download of an image")
          .hasMessageContaining("over 1048576 bytes");
      assertThat(images.requests()).isEqualTo(1);
    }
  }

  @Test
  void anOraclePassesTheLimitsOnToItsClient() throws Exception {
    try (RawServer server = RawServer.start((head, client, out) -> Place.BODY.send(out));
        ChatGptOracle oracle =
            ChatGptOracle.builder()
                .baseUrl(server.baseUrl())
                .withoutApiKey()
                .model("gpt-test")
                .client(c -> c.bodies(BodyLimits.DEFAULTS.withAnswerBytes(2048)))
                .build()) {
      ChatGptJudge judge = new ChatGptJudge(oracle.client(), Fixtures.options());
      assertThat(Expense.of(() -> judge.ask(Fixtures.pair())).failure())
          .hasMessageContaining("over 2048 bytes");
    }
  }

  @Test
  void limitsThatCannotHoldAnAnswerAreRefused() {
    assertThat(Expense.of(() -> new BodyLimits(100, 5000)).failure())
        .hasMessage("answerBytes must be at least 1024, but was 100");
  }

  private static OpenAiClient.Builder client(RawServer server) {
    FakeTime time = new FakeTime();
    return Fixtures.client(server.baseUrl(), time);
  }

  private static Expense ask(OpenAiClient client) {
    ChatGptJudge judge = new ChatGptJudge(client, Fixtures.options());
    return Expense.of(() -> judge.ask(Fixtures.pair()));
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Until the client has gone. */
  private static void forEver(OutputStream out, byte[] bytes) throws IOException {
    while (true) {
      out.write(bytes);
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}

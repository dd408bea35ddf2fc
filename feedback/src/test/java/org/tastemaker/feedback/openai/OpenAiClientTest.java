package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.SocketEffect;
import mockwebserver3.junit5.StartStop;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.FeedbackException.BudgetExhausted;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;
import org.tastemaker.feedback.FeedbackException.QuotaExhausted;
import org.tastemaker.feedback.FeedbackException.RateLimited;
import org.tastemaker.feedback.FeedbackException.Refused;
import org.tastemaker.feedback.FeedbackException.TransportFailed;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.resilience.FakeTime;

class OpenAiClientTest {
  private static final String A = "{\"overall\":\"A\"}";
  private static final PriceTable PRICES =
      PriceTable.of("USD", Map.of("gpt-test", Price.perMillionTokens("1", "0.5", "10")));

  @StartStop private final MockWebServer server = new MockWebServer();
  private final FakeTime time = new FakeTime();
  private @Nullable OpenAiClient client;

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
  }

  // --- what comes back and is tried again

  @Test
  void serverErrorsAreTriedAgain() {
    server.enqueue(Fixtures.error(500, "server_error", null, "oops"));
    server.enqueue(Fixtures.json(503, "<html>try later</html>"));
    server.enqueue(Fixtures.says(A));
    ask();
    assertThat(server.getRequestCount()).isEqualTo(3);
    assertThat(time.sleeps()).hasSize(2);
  }

  @Test
  void theLastServerErrorIsTold() {
    for (int i = 0; i < 3; i++) {
      server.enqueue(Fixtures.error(500, "server_error", null, "oops"));
    }
    assertThatThrownBy(this::ask)
        .isInstanceOf(TransportFailed.class)
        .hasMessage(
            "a question to gpt-test failed 3 times in a row; last: a question to gpt-test at "
                + server.url("/v1/")
                + " failed with status 500, server_error: oops");
  }

  @Test
  void aDroppedConnectionIsTriedAgainByUsAndByNobodyElse() {
    server.enqueue(
        new MockResponse.Builder().onRequestStart(new SocketEffect.CloseSocket()).build());
    server.enqueue(Fixtures.says(A));
    ask();
    assertThat(time.sleeps()).hasSize(1);
  }

  @Test
  void aBodyThatEndsInTheMiddleIsTriedAgain() {
    server.enqueue(
        new MockResponse.Builder()
            .body(Fixtures.chat(A, "stop", null))
            .onResponseBody(new SocketEffect.CloseSocket())
            .build());
    server.enqueue(Fixtures.says(A));
    ask();
    assertThat(time.sleeps()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"not json", "{\"choices\":5}", "", "[]"})
  void aBodyOfAnotherFormIsTriedAgain(String body) {
    server.enqueue(Fixtures.json(200, body));
    server.enqueue(Fixtures.says(A));
    ask();
    assertThat(time.sleeps()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"20, 20000", "0.25, 250", "'Mon, 23 Nov 2026 10:00:42 GMT', 42000"})
  void theServiceSaysHowLongToWait(String retryAfter, long millis) {
    server.enqueue(
        Fixtures.error(429, "requests", "rate_limit_exceeded", "slow")
            .newBuilder()
            .addHeader("Retry-After", retryAfter)
            .build());
    server.enqueue(Fixtures.says(A));
    ask();
    assertThat(time.elapsed())
        .isBetween(Duration.ofMillis(millis), Duration.ofMillis(millis + 250));
  }

  @Test
  void withoutAWordOnHowLongTheUsualDelayIsWaited() {
    server.enqueue(Fixtures.error(429, "requests", "rate_limit_exceeded", "slow"));
    server.enqueue(Fixtures.says(A));
    ask();
    assertThat(time.elapsed()).isBetween(Duration.ofMillis(750), Duration.ofMillis(1000));
  }

  @Test
  void aWaitOverTheLimitIsToldAtOnce() {
    server.enqueue(
        Fixtures.error(429, "requests", "rate_limit_exceeded", "slow")
            .newBuilder()
            .addHeader("Retry-After", "3600")
            .build());
    RateLimited limited = catchThrowableOfType(RateLimited.class, this::ask);
    assertThat(limited).hasMessageContaining("asks to wait 3600 s, which is over the limit of 120");
    assertThat(limited.retryAfter()).contains(Duration.ofHours(1));
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void anExhaustedLimitIsWaitedForBeforeTheNextCall() {
    server.enqueue(
        Fixtures.says(A)
            .newBuilder()
            .addHeader("x-ratelimit-remaining-requests", "0")
            .addHeader("x-ratelimit-reset-requests", "6m0s")
            .addHeader("x-ratelimit-remaining-tokens", "-1")
            .addHeader("x-ratelimit-reset-tokens", "-1")
            .build());
    server.enqueue(Fixtures.says(A));
    OpenAiClient client = open(Fixtures.client(server, time));
    ask(client);
    assertThat(time.elapsed()).isEqualTo(Duration.ZERO);
    ask(client);
    assertThat(time.elapsed()).isEqualTo(Duration.ofMinutes(2)); // capped: longestRetryAfter
  }

  @Test
  void theServersNoToRetryingIsHeeded() {
    server.enqueue(
        Fixtures.error(500, "server_error", null, "oops")
            .newBuilder()
            .addHeader("x-should-retry", "false")
            .build());
    assertThatThrownBy(this::ask).isInstanceOf(TransportFailed.class);
    assertThat(server.getRequestCount()).isEqualTo(1);
  }

  // --- what comes back and is not tried again

  @ParameterizedTest
  @CsvSource({
    "insufficient_quota, insufficient_quota",
    "requests, credit_balance_exhausted",
    "requests, organization_spend_limit_exceeded",
    "requests, project_spend_limit_exceeded",
    "requests, organization_usage_limit_exceeded"
  })
  void missingMoneyStopsAtOnceAndForAll(String type, String code) {
    server.enqueue(Fixtures.error(429, type, code, "pay first"));
    OpenAiClient client = open(Fixtures.client(server, time));
    QuotaExhausted broke = catchThrowableOfType(QuotaExhausted.class, () -> ask(client));
    assertThat(broke).hasMessageContaining(code + ": pay first; the account has no credit left");
    assertThat(broke.stopsTheJob()).isTrue();
    assertThatThrownBy(() -> ask(client)).isInstanceOf(QuotaExhausted.class);
    assertThat(server.getRequestCount()).isEqualTo(1);
    assertThat(time.sleeps()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401 | true | check that OPENAI_API_KEY, or what apiKey was given, is a valid key",
        "403 | true | check its project's permissions, and that the model is open to it",
        "404 | true | either the model is not known there, or the base URL lacks a part",
        "413 | false | show smaller images, fewer of them, or JPEG",
        "400 | false | the server would not accept it a second time either",
        "422 | false | the server would not accept it a second time either"
      })
  void whatIsInvalidIsToldWithTheWayOut(int status, boolean stops, String wayOut) {
    server.enqueue(Fixtures.error(status, "invalid_request_error", "some_code", "no good"));
    InvalidRequest invalid = catchThrowableOfType(InvalidRequest.class, this::ask);
    assertThat(invalid)
        .hasMessageStartingWith(
            "a question to gpt-test at "
                + server.url("/v1/")
                + " failed with status "
                + status
                + ", some_code: no good; ")
        .hasMessageContaining(wayOut);
    assertThat(invalid.stopsTheJob()).isEqualTo(stops);
    assertThat(server.getRequestCount()).isEqualTo(1);
  }

  @Test
  void aPolicyOfContentIsARefusal() {
    server.enqueue(Fixtures.error(400, "x", "content_policy_violation", "not this image"));
    assertThatThrownBy(this::ask)
        .isInstanceOf(Refused.class)
        .hasMessage(
            "the judge refused to answer: status 400, content_policy_violation: not this image");
  }

  @Test
  void anErrorThatIsNoJsonIsQuoted() {
    server.enqueue(Fixtures.json(404, "<html>\n  nginx </html>"));
    assertThatThrownBy(this::ask)
        .hasMessageContaining("failed with status 404: <html> nginx </html>; either the model");
  }

  @Test
  void aServerThatIsNotThereIsATransportFailure() throws Exception {
    OpenAiClient client = open(Fixtures.client(server, time));
    server.close();
    assertThatThrownBy(() -> ask(client))
        .isInstanceOf(TransportFailed.class)
        .hasMessageContaining("nobody has answered there yet, in 3 attempts")
        .hasMessageContaining("Connect");
    assertThat(client.ledger().totals().usage()).isEqualTo(Usage.NONE);
  }

  @Test
  void anInterruptedCallIsCancelled() {
    server.enqueue(Fixtures.says(A));
    OpenAiClient client = open(Fixtures.client(server, time));
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> ask(client)).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  // --- what a model can do

  @Test
  void logprobsThatAreNotAllowedAreLeftOutFromThenOn() throws Exception {
    server.enqueue(
        Fixtures.error(
            403,
            "invalid_request_error",
            null,
            "You are not allowed to request logprobs from this model"));
    server.enqueue(Fixtures.says(A));
    server.enqueue(Fixtures.says(A));
    OpenAiClient client = open(Fixtures.client(server, time));
    ask(client);
    ask(client);
    assertThat(server.getRequestCount()).isEqualTo(3);
    assertThat(Fixtures.body(server.takeRequest())).containsKey("logprobs");
    assertThat(Fixtures.body(server.takeRequest())).doesNotContainKeys("logprobs", "top_logprobs");
    assertThat(Fixtures.body(server.takeRequest())).doesNotContainKeys("logprobs", "top_logprobs");
    assertThat(client.capabilities("gpt-test").logprobs()).isFalse();
    assertThat(client.capabilities("another").logprobs()).isTrue();
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void fewerAlternativesAreAskedForWhereTheServerSaysHowMany() throws Exception {
    server.enqueue(
        Fixtures.error(
            400,
            "invalid_request_error",
            null,
            "Invalid value for 'top_logprobs': must be less than or equal to 5."));
    server.enqueue(Fixtures.says(A));
    ask();
    server.takeRequest();
    assertThat(Fixtures.body(server.takeRequest()))
        .containsEntry("logprobs", true)
        .containsEntry("top_logprobs", 5.0);
  }

  @Test
  void oneParameterAfterTheOtherIsLeftOut() throws Exception {
    for (String parameter :
        new String[] {"logprobs", "temperature", "max_completion_tokens", "response_format"}) {
      server.enqueue(
          Fixtures.json(
              400,
              "{\"error\":{\"message\":\"Unsupported parameter\",\"type\":\"x\",\"param\":\""
                  + parameter
                  + "\",\"code\":\"unsupported_parameter\"}}"));
    }
    server.enqueue(Fixtures.says(A));
    ask();
    for (int i = 0; i < 4; i++) {
      server.takeRequest();
    }
    Map<String, Object> body = Fixtures.body(server.takeRequest());
    assertThat(body).doesNotContainKeys("logprobs", "temperature", "max_completion_tokens");
    assertThat(body.get("max_tokens")).isEqualTo(64.0);
    assertThat(body.get("response_format")).isEqualTo(Map.of("type", "json_object"));
    assertThat(String.valueOf(body.get("messages")))
        .contains("that fits this JSON schema: {\"type\":\"object\"");
  }

  @Test
  void anAnswerCutOffWhileThinkingIsAskedForAgainWithMoreRoom() throws Exception {
    server.enqueue(
        Fixtures.json(
            200,
            "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"length\"}],"
                + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":64,"
                + "\"completion_tokens_details\":{\"reasoning_tokens\":64}}}"));
    server.enqueue(Fixtures.says(A));
    OpenAiClient client = open(Fixtures.client(server, time));
    assertThat(ask(client).usage()).isEqualTo(new Usage(2, 109, 40, 71));
    assertThat(client.capabilities("gpt-test").hiddenTokens()).isEqualTo(4096);
    assertThat(Fixtures.body(server.takeRequest())).containsEntry("max_completion_tokens", 64.0);
    assertThat(Fixtures.body(server.takeRequest())).containsEntry("max_completion_tokens", 4160.0);
  }

  @Test
  void aWordThatHappensToBeAParameterTeachesNothing() {
    server.enqueue(
        Fixtures.error(
            400, "invalid_request_error", "invalid_image_format", "unsupported image format"));
    OpenAiClient client = open(Fixtures.client(server, time));
    assertThatThrownBy(() -> ask(client)).isInstanceOf(InvalidRequest.class);
    assertThat(client.capabilities("gpt-test")).isEqualTo(ModelCapabilities.ALL);
  }

  // --- money

  @Test
  void everyPaidCallIsInTheLedgerAlsoOneWithoutUse() {
    server.enqueue(Fixtures.error(500, "server_error", null, "oops"));
    server.enqueue(Fixtures.says("nonsense"));
    server.enqueue(Fixtures.says(A));
    Ledger ledger = Ledger.inMemory(PRICES, Budget.unlimited());
    OpenAiClient client = open(Fixtures.client(server, time).ledger(ledger));
    assertThatThrownBy(() -> ask(client)).isInstanceOf(FeedbackException.MalformedVerdict.class);
    ask(client);
    assertThat(ledger.totals().usage()).isEqualTo(new Usage(2, 200, 80, 14));
    // (120 * 1 + 80 * 0.5 + 14 * 10) / 1e6, by the price of the undated name
    assertThat(ledger.totals().cost()).isEqualByComparingTo(new BigDecimal("0.0003"));
    assertThat(ledger.totals().inFlight()).isZero();
    assertThat(ledger.totals().unknown()).isZero();
  }

  @Test
  void aCallThatBrokeOffCountsWithItsEstimate() {
    server.enqueue(
        new MockResponse.Builder()
            .body(Fixtures.chat(A, "stop", null))
            .onResponseBody(new SocketEffect.CloseSocket())
            .build());
    server.enqueue(Fixtures.says(A));
    OpenAiClient client = open(Fixtures.client(server, time));
    ask(client);
    assertThat(client.ledger().totals().unknown()).isEqualTo(1);
    assertThat(client.ledger().totals().usage().requests()).isEqualTo(2);
  }

  @Test
  void anAnswerWithoutCountsIsEntered() {
    server.enqueue(
        Fixtures.json(
            200, "{\"choices\":[{\"message\":{\"content\":\"{\\\"overall\\\":\\\"A\\\"}\"}}]}"));
    OpenAiClient client = open(Fixtures.client(server, time));
    Verdict verdict = ask(client);
    assertThat(verdict.usage()).isEqualTo(new Usage(1, 0, 0, 0));
    assertThat(verdict.model()).isEqualTo("gpt-test");
    assertThat(client.ledger().totals().unknown()).isEqualTo(1);
    assertThat(client.ledger().totals().usage().inputTokens()).isPositive();
  }

  @Test
  void aSpentBudgetEndsCallsBeforeTheyAreMade() {
    server.enqueue(Fixtures.says(A));
    Ledger ledger = Ledger.inMemory(PRICES, Budget.ofRequests(1));
    OpenAiClient client = open(Fixtures.client(server, time).ledger(ledger));
    ask(client);
    assertThatThrownBy(() -> ask(client))
        .isInstanceOf(BudgetExhausted.class)
        .hasMessageStartingWith("a budget of 1 requests is used up: 0.00015 USD (107 tokens, 1");
    assertThat(server.getRequestCount()).isEqualTo(1);
  }

  // --- the key

  @Test
  void theKeyStandsInNoTextWhateverHappens() {
    String masked = "Incorrect API key provided: sk-test-********QRST, or " + Fixtures.KEY;
    server.enqueue(Fixtures.error(401, "invalid_request_error", "invalid_api_key", masked));
    server.enqueue(Fixtures.json(404, "echo: Bearer " + Fixtures.KEY));
    OpenAiClient.Builder builder = Fixtures.client(server, time);
    OpenAiClient client = open(builder);
    for (int i = 0; i < 2; i++) {
      FeedbackException failure = catchThrowableOfType(FeedbackException.class, () -> ask(client));
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace));
      assertThat(trace.toString()).contains("[key]").doesNotContain("sk-").doesNotContain("QRST");
    }
    assertThat(client + " " + builder).contains("ApiKey[hidden]").doesNotContain("sk-");
  }

  @Test
  void withoutAKeyThereIsNoClient() {
    assertThatThrownBy(() -> OpenAiClient.builder().environment(name -> null).build())
        .isInstanceOf(InvalidRequest.class)
        .hasMessage(
            "there is no API key for https://api.openai.com/v1/: set the environment variable"
                + " OPENAI_API_KEY, or give the key with apiKey(...), or say withoutApiKey() for a"
                + " server that needs none");
  }

  @Test
  void theKeyComesFromTheEnvironment() throws Exception {
    server.enqueue(Fixtures.says(A));
    ask(
        open(
            OpenAiClient.builder()
                .baseUrl(server.url("/v1/").toString())
                .environment(name -> name.equals("OPENAI_API_KEY") ? " sk-from-env \n" : null)));
    assertThat(server.takeRequest().getHeaders().get("Authorization"))
        .isEqualTo("Bearer sk-from-env");
  }

  @Test
  void withoutAKeyByWishNoHeaderIsSent() throws Exception {
    server.enqueue(Fixtures.says(A));
    ask(open(OpenAiClient.builder().baseUrl(server.url("/v1").toString()).withoutApiKey()));
    assertThat(server.takeRequest().getHeaders().get("Authorization")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sk-secret with space", "sk-secret\n", "\"sk-secret\" ", ""})
  void aKeyThatCannotBeOneIsRefusedWithoutRepeatingIt(String key) {
    assertThatThrownBy(() -> OpenAiClient.builder().apiKey(key))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("an API key consists of visible ASCII characters")
        .hasMessageNotContaining("secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost:8000", "ftp://host/v1", "https://user@host/v1", "http://h/?k=1"})
  void aBaseUrlOfAnotherFormIsRefused(String url) {
    assertThatThrownBy(() -> OpenAiClient.builder().withoutApiKey().baseUrl(url).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a base URL is http or https, without user and query");
  }

  private OpenAiClient open(OpenAiClient.Builder builder) {
    OpenAiClient opened = builder.build();
    client = opened;
    return opened;
  }

  private Verdict ask() {
    return ask(open(Fixtures.client(server, time)));
  }

  private static Verdict ask(OpenAiClient client) {
    return new ChatGptJudge(client, Fixtures.options()).ask(Fixtures.pair());
  }
}

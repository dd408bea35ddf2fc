package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Judgement;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** A limit of pace is waited for; it is not an empty account. */
class QuotaOrPaceTest {
  private static final String GEMINI =
      """
      {"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.",
       "status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
          {"quotaMetric":"generativelanguage.googleapis.com/requests","quotaId":"%s"}]},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]}}
      """;
  private static final String MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
  private static final String DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";

  @Test
  void aQuotaOfAMinuteIsWaitedForAsLongAsItSays() throws Exception {
    String error = GEMINI.formatted(MINUTE);
    for (String body : List.of(error, "[" + error + "]")) {
      for (int status : new int[] {429, 200}) {
        try (RednessServer server = RednessServer.first(1, Fixtures.json(status, body))) {
          assertThat(RednessServer.isRight(server.rank())).isTrue();
          assertThat(server.requests()).isEqualTo(5);
          assertThat(server.time().elapsed())
              .isBetween(Duration.ofSeconds(2), Duration.ofMillis(2250));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "7660 | Rate limit reached for model x on tokens per minute (TPM): Limit 6000. Please try again in 7.66s.",
        "20000 | Requests have exceeded the call rate limit. Please retry after 20 seconds.",
        "450 | Rate limit reached. Please try again in 450ms. Visit the site.",
        "72000 | Limit reached. Please try again in 1m12s.",
        "3000 | Please retry in 3s"
      })
  void aDelayInWordsIsKept(long millis, String words) throws Exception {
    try (RednessServer server =
        RednessServer.first(1, Fixtures.error(429, "tokens", "rate_limit_exceeded", words))) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.time().elapsed())
          .isBetween(Duration.ofMillis(millis), Duration.ofMillis(millis + 250));
    }
  }

  @Test
  void wordsOfAQuotaWithoutACodeOfMoneyAreAPace() throws Exception {
    MockResponse slow =
        Fixtures.error(
            429, "requests", null, "You exceeded your current quota, please check your plan.");
    try (RednessServer server = RednessServer.first(2, slow)) {
      assertThat(RednessServer.isRight(server.rank())).isTrue();
      assertThat(server.requests()).isEqualTo(6);
    }
  }

  @Test
  void aQuotaOfADayIsNotWaitedForAndLeavesQuestionsOpen() throws Exception {
    try (RednessServer server = RednessServer.always(Fixtures.json(429, GEMINI.formatted(DAY)))) {
      List<Judgement> judgements = server.rank();
      assertThat(server.requests()).isEqualTo(1); // the others know
      assertThat(server.time().sleeps()).isEmpty();
      assertThat(judgements)
          .allMatch(Judgement::isMissing)
          .allMatch(judgement -> "2".equals(judgement.provenance().get(JudgementFacts.OPEN)));
      assertThat(judgements.get(0).provenance().get(JudgementFacts.FAILURES))
          .contains("it is a limit of the day, which no short wait helps")
          .contains("You exceeded your current quota");
    }
  }
}

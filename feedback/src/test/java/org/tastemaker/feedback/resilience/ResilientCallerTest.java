package org.tastemaker.feedback.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;
import org.tastemaker.feedback.FeedbackException.QuotaExhausted;
import org.tastemaker.feedback.FeedbackException.RateLimited;
import org.tastemaker.feedback.FeedbackException.TransportFailed;

class ResilientCallerTest {
  private static final ResilientCaller.Options FOUR_ATTEMPTS =
      ResilientCaller.Options.DEFAULTS.withRetries(
          RetryPolicy.DEFAULTS.withAttempts(4).withFirstDelay(Duration.ofSeconds(1)));

  private final FakeTime time = new FakeTime();
  private final AtomicInteger attempts = new AtomicInteger();

  @Test
  void aCallThatWorksIsMadeOnce() {
    assertThat(ask(caller(FOUR_ATTEMPTS), number -> "answer " + number)).isEqualTo("answer 1");
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void delaysDoubleAndAreShortenedByUpToAQuarter() {
    failing(FOUR_ATTEMPTS, serverError());
    assertThat(time.sleeps()).hasSize(3);
    for (int i = 0; i < 3; i++) {
      assertThat(time.sleeps().get(i))
          .isBetween(Duration.ofMillis(750L << i), Duration.ofMillis(1000L << i));
    }
  }

  @Test
  void delaysAreTheSameForTheSameSeed() {
    failing(FOUR_ATTEMPTS, serverError());
    FakeTime other = new FakeTime();
    assertThatThrownBy(
            () ->
                new ResilientCaller(FOUR_ATTEMPTS, other, other, Seed.of(7))
                    .call("a call", 1, number -> fail(serverError())))
        .isInstanceOf(TransportFailed.class);
    assertThat(other.sleeps()).isEqualTo(time.sleeps());
  }

  @Test
  void delaysHaveALimit() {
    failing(
        ResilientCaller.Options.DEFAULTS.withRetries(
            RetryPolicy.DEFAULTS.withAttempts(12).withFirstDelay(Duration.ofSeconds(4))),
        serverError());
    assertThat(time.sleeps()).allMatch(sleep -> sleep.compareTo(Duration.ofSeconds(30)) <= 0);
  }

  @Test
  void theLastFailureIsToldWithTheNumberOfAttempts() {
    assertThat(failing(FOUR_ATTEMPTS, serverError()))
        .isInstanceOf(TransportFailed.class)
        .hasMessage("a call failed 4 times in a row; last: server error 500");
    assertThat(attempts).hasValue(4);
  }

  @Test
  void aFailureForGoodIsNotRepeated() {
    InvalidRequest invalid = new InvalidRequest("no such model", true);
    assertThat(failing(FOUR_ATTEMPTS, AttemptFailed.forGood(invalid))).isSameAs(invalid);
    assertThat(attempts).hasValue(1);
  }

  @Test
  void whatTheServiceAsksForIsWaitedForAndHardlyMore() {
    failing(FOUR_ATTEMPTS, tooFast(Duration.ofSeconds(20)));
    assertThat(time.sleeps())
        .hasSize(3)
        .allMatch(s -> s.compareTo(Duration.ofSeconds(20)) >= 0)
        .allMatch(s -> s.compareTo(Duration.ofMillis(20_250)) <= 0);
  }

  @Test
  void aRetryAfterOverTheLimitIsNotWaitedFor() {
    RateLimited failure =
        catchThrowableOfType(
            RateLimited.class,
            () ->
                caller(FOUR_ATTEMPTS)
                    .call("a call", 1, number -> fail(tooFast(Duration.ofMinutes(10)))));
    assertThat(failure)
        .hasMessage(
            "a call: the service asks to wait 600 s, which is over the limit of 120 s; start again"
                + " later, or raise longestRetryAfter. Its words: slow down");
    assertThat(failure.retryAfter()).contains(Duration.ofMinutes(10));
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void aLongRetryAfterHoldsForAllCallers() {
    ResilientCaller caller = caller(FOUR_ATTEMPTS);
    assertThatThrownBy(
            () -> caller.call("a call", 1, number -> fail(tooFast(Duration.ofMinutes(10)))))
        .isInstanceOf(RateLimited.class);
    assertThatThrownBy(() -> caller.call("another", 1, number -> "never asked"))
        .isInstanceOf(RateLimited.class)
        .hasMessageContaining("asks to wait 600 s");
    time.pass(Duration.ofMinutes(11));
    assertThat(ask(caller, number -> "asked")).isEqualTo("asked");
  }

  @Test
  void aShortRetryAfterHoldsForAllCallers() {
    ResilientCaller caller =
        caller(
            FOUR_ATTEMPTS.withRetries(
                RetryPolicy.DEFAULTS.withAttempts(2).withFirstDelay(Duration.ofSeconds(1))));
    assertThatThrownBy(
            () -> caller.call("a call", 1, number -> fail(tooFast(Duration.ofSeconds(30)))))
        .isInstanceOf(RateLimited.class);
    Duration before = time.elapsed();
    caller.call("another", 1, number -> "asked");
    assertThat(time.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void anExhaustedLimitInTheHeadersIsWaitedFor() {
    ResilientCaller caller = caller(FOUR_ATTEMPTS);
    caller.apply(
        new ServerHints(
            null,
            null,
            new ServerHints.Window(0L, Duration.ofSeconds(7)),
            new ServerHints.Window(0L, Duration.ofSeconds(3))));
    caller.call("a call", 1, number -> "answer");
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void missingMoneyEndsAllCallsAtOnce() {
    ResilientCaller caller = caller(FOUR_ATTEMPTS);
    QuotaExhausted broke = new QuotaExhausted("no credit left");
    assertThatThrownBy(() -> caller.call("a call", 1, number -> fail(AttemptFailed.forGood(broke))))
        .isSameAs(broke);
    assertThatThrownBy(() -> caller.call("another", 1, number -> countAndAnswer())).isSameAs(broke);
    assertThat(attempts).hasValue(0);
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void afterAWhileOneCallFindsOutWhetherTheMoneyIsThere() {
    ResilientCaller caller = caller(FOUR_ATTEMPTS);
    QuotaExhausted broke = new QuotaExhausted("no credit left");
    assertThatThrownBy(() -> caller.call("a call", 1, number -> fail(AttemptFailed.forGood(broke))))
        .isSameAs(broke);
    time.pass(Duration.ofSeconds(61));
    assertThat(ask(caller, number -> countAndAnswer())).isEqualTo("answer");
    assertThat(ask(caller, number -> countAndAnswer())).isEqualTo("answer");
  }

  @Test
  void afterManyFailuresTheBreakerOpensAndCallersWait() {
    ResilientCaller caller = caller(breaking(3, Duration.ofMinutes(10)));
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> caller.call("a call", 1, number -> fail(serverError())))
          .isInstanceOf(TransportFailed.class)
          .satisfies(e -> assertThat(((FeedbackException) e).stopsTheJob()).isFalse());
    }
    assertThat(time.elapsed()).isEqualTo(Duration.ZERO);
    assertThat(ask(caller, number -> countAndAnswer())).isEqualTo("answer");
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void aFailedProbeOpensTheBreakerForTwiceAsLong() {
    ResilientCaller caller = caller(breaking(1, Duration.ofMinutes(10)));
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> caller.call("a call", 1, number -> fail(serverError())))
          .isInstanceOf(TransportFailed.class);
    }
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5 + 10));
    caller.call("a call", 1, number -> "answer");
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5 + 10 + 20));
    caller.call("a call", 1, number -> "answer");
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5 + 10 + 20)); // closed again
  }

  @Test
  void aServiceThatFailsForLongIsConsideredDown() {
    ResilientCaller caller = caller(breaking(1, Duration.ofSeconds(30)));
    List<Boolean> stops = new ArrayList<>();
    String message = "";
    for (int i = 0; i < 6; i++) {
      FeedbackException failure =
          catchThrowableOfType(
              FeedbackException.class,
              () -> caller.call("a call", 1, number -> fail(serverError())));
      stops.add(failure.stopsTheJob());
      message = failure.getMessage();
    }
    assertThat(stops).containsExactly(false, false, false, false, true, true);
    assertThat(message)
        .isEqualTo(
            "the service has been failing for 35 s, 4 times in a row, and is considered down;"
                + " resume later: answers so far are kept. Last failure: server error 500");
    time.pass(Duration.ofMinutes(1));
    assertThat(ask(caller, number -> "answer")).isEqualTo("answer");
  }

  @Test
  void aRefusalOfThePaceIsNoFailureOfTheService() {
    ResilientCaller caller = caller(breaking(1, Duration.ofSeconds(30)));
    assertThatThrownBy(() -> caller.call("a call", 1, number -> fail(tooFast(null))))
        .isInstanceOf(RateLimited.class);
    caller.call("a call", 1, number -> "answer");
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void interruptingAWaitingCallCancelsItAndLeavesTheThreadInterrupted() {
    assertThatThrownBy(
            () ->
                caller(FOUR_ATTEMPTS)
                    .call(
                        "a call",
                        1,
                        number -> {
                          Thread.currentThread().interrupt();
                          return fail(serverError());
                        }))
        .isInstanceOf(CancellationException.class)
        .hasMessage("a call was interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void requestsAndTokensAreLimitedBothAndTheSlowerOneRules() {
    ResilientCaller caller =
        caller(
            FOUR_ATTEMPTS
                .withRequestsPerMinute(600)
                .withTokensPerMinute(6_000)); // 10 calls, 100 tokens a s
    for (int i = 0; i < 21; i++) {
      caller.call("a call", 50, number -> "answer");
      caller.settleTokens(50, 50);
    }
    // 2 calls fit the bucket; the other 19 need 50 tokens each, at 100 a second.
    assertThat(time.elapsed()).isEqualTo(Duration.ofMillis(9_500));
  }

  @Test
  void asManyCallsAsAllowedAreInFlightAndNeverMore() throws Exception {
    int allowed = 64;
    int calls = 256;
    ResilientCaller caller = caller(FOUR_ATTEMPTS.withInFlight(allowed));
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(allowed);
    ExecutorService threads = Executors.newFixedThreadPool(calls);
    try {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        answers.add(
            threads.submit(
                () ->
                    caller.call(
                        "a call",
                        1,
                        number -> {
                          most.accumulateAndGet(now.incrementAndGet(), Math::max);
                          full.countDown();
                          full.await(); // the first 64 wait for each other: fewer would hang here
                          now.decrementAndGet();
                          return "answer";
                        })));
      }
      for (Future<String> answer : answers) {
        assertThat(answer.get()).isEqualTo("answer");
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(most).hasValue(allowed);
    assertThat(caller.counts()).isEqualTo(new ResilientCaller.Counts(calls, calls, 0, allowed));
  }

  @Test
  void aWaitingCallLeavesItsSlotToOthers() {
    List<String> order = new ArrayList<>();
    ResilientCaller[] caller = new ResilientCaller[1];
    Sleeper meanwhile = wait -> order.add(caller[0].call("another", 1, number -> "another"));
    caller[0] = new ResilientCaller(FOUR_ATTEMPTS.withInFlight(1), time, meanwhile, Seed.of(7));
    order.add(caller[0].call("a call", 1, number -> number == 1 ? fail(serverError()) : "a call"));
    // With the one slot still taken, the call in between would wait for ever.
    assertThat(order).contains("another").last().isEqualTo("a call");
    assertThat(caller[0].counts().repetitions()).isEqualTo(1);
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> FOUR_ATTEMPTS.withInFlight(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("options of the caller: inFlight must be at least 1, but was 0");
    assertThatThrownBy(() -> FOUR_ATTEMPTS.withRequestsPerMinute(0).withTokensPerMinute(1))
        .hasMessage("options of the caller: requestsPerMinute must be over 0, but was 0.0");
    assertThatThrownBy(() -> FOUR_ATTEMPTS.withRequestsPerMinute(1).withTokensPerMinute(Double.NaN))
        .hasMessage("options of the caller: tokensPerMinute must be over 0, but was NaN");
    assertThatThrownBy(() -> RetryPolicy.DEFAULTS.withAttempts(0))
        .hasMessage("options of the caller: attempts must be at least 1, but was 0");
    assertThatThrownBy(() -> RetryPolicy.DEFAULTS.withFirstDelay(Duration.ZERO))
        .hasMessage("options of the caller: firstDelay must be over 0, but was PT0S");
    assertThatThrownBy(() -> BreakerPolicy.DEFAULTS.withFailuresToOpen(0))
        .hasMessage("options of the caller: failuresToOpen must be at least 1, but was 0");
    assertThatThrownBy(() -> BreakerPolicy.DEFAULTS.withGiveUpAfter(Duration.ofSeconds(-1)))
        .hasMessage("options of the caller: giveUpAfter must be over 0, but was PT-1S");
  }

  @Test
  void aServiceThatWasNeverReachedIsGivenUpSoonAndTheJobStops() {
    FeedbackException failure =
        failing(ResilientCaller.Options.DEFAULTS, AttemptFailed.unreachable(down("refused")));

    assertThat(attempts).hasValue(3);
    assertThat(failure).isInstanceOf(TransportFailed.class);
    assertThat(failure.stopsTheJob()).isTrue();
    assertThat(failure)
        .hasMessageStartingWith("refused; nobody has answered there yet, in 3 attempts")
        .hasMessageContaining("base URL");
    assertThat(time.sleeps().stream().reduce(Duration.ZERO, Duration::plus))
        .isLessThanOrEqualTo(Duration.ofMillis(1500));
  }

  @Test
  void manyCallsToAServiceThatWasNeverReachedDoNotWaitForTheBreaker() {
    ResilientCaller caller = caller(ResilientCaller.Options.DEFAULTS);
    for (int call = 0; call < 20; call++) { // three times the failures that open a breaker
      assertThatThrownBy(
              () ->
                  caller.call(
                      "a call", 1, number -> fail(AttemptFailed.unreachable(down("refused")))))
          .hasMessageContaining("nobody has answered there yet");
    }
    // Each waits for 1.5 s at most by itself.
    assertThat(time.elapsed()).isLessThanOrEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void aServiceThatHasAnsweredBeforeIsWaitedFor() {
    ResilientCaller caller = caller(ResilientCaller.Options.DEFAULTS);
    assertThat(ask(caller, number -> "answer")).isEqualTo("answer");

    FeedbackException failure =
        catchThrowableOfType(
            FeedbackException.class,
            () ->
                caller.call(
                    "a call",
                    1,
                    number -> {
                      attempts.incrementAndGet();
                      return fail(AttemptFailed.unreachable(down("refused")));
                    }));

    assertThat(attempts).hasValue(6);
    assertThat(failure.stopsTheJob()).isFalse();
  }

  @Test
  void aServiceThatFailsHasBeenReached() {
    FeedbackException failure =
        catchThrowableOfType(
            FeedbackException.class,
            () ->
                caller(ResilientCaller.Options.DEFAULTS)
                    .call(
                        "a call",
                        1,
                        number -> {
                          attempts.incrementAndGet();
                          return fail(
                              number == 1
                                  ? serverError()
                                  : AttemptFailed.unreachable(down("refused")));
                        }));
    assertThat(attempts).hasValue(6);
    assertThat(failure.stopsTheJob()).isFalse();
  }

  @Test
  void theFirstFailureOfEachKindIsToldAtOnceWithTheTimeOfTheNextAttempt() {
    List<RunEvent> told = new ArrayList<>();
    List<Integer> soon = new ArrayList<>();
    ResilientCaller caller = new ResilientCaller(FOUR_ATTEMPTS, time, time, Seed.of(7), told::add);

    for (int call = 0; call < 3; call++) {
      int one = call;
      assertThatThrownBy(
              () ->
                  caller.call(
                      "a call",
                      1,
                      number -> {
                        soon.add(told.size());
                        return fail(
                            one < 2
                                ? AttemptFailed.server(
                                    down("error 500 of req-" + number), true, null)
                                : tooFast(Duration.ofSeconds(7)));
                      }))
          .isInstanceOf(FeedbackException.class);
    }

    assertThat(told)
        .hasSize(2)
        .allMatch(RunEvent.Notice.class::isInstance)
        .extracting(event -> ((RunEvent.Notice) event).message())
        .satisfiesExactly(
            words ->
                assertThat(words).startsWith("error 500 of req-1; attempt 1 of 4, the next in 0."),
            words -> assertThat(words).startsWith("slow down; attempt 1 of 4, the next in 7."));
    assertThat(soon.subList(0, 2)).as("before the second attempt").containsExactly(0, 1);
  }

  private static TransportFailed down(String words) {
    return new TransportFailed(words, null, false);
  }

  private FeedbackException failing(ResilientCaller.Options options, AttemptFailed failure) {
    return catchThrowableOfType(
        FeedbackException.class,
        () ->
            caller(options)
                .call(
                    "a call",
                    1,
                    number -> {
                      attempts.incrementAndGet();
                      return fail(failure);
                    }));
  }

  private static String ask(ResilientCaller caller, ResilientCaller.Attempt<String> attempt) {
    return caller.call("a call", 1, attempt);
  }

  private String countAndAnswer() {
    attempts.incrementAndGet();
    return "answer";
  }

  private ResilientCaller caller(ResilientCaller.Options options) {
    return new ResilientCaller(options, time, time, Seed.of(7));
  }

  /** One attempt a call; the breaker opens for 5, 10, 20, 40 s. */
  private static ResilientCaller.Options breaking(int failures, Duration giveUpAfter) {
    return ResilientCaller.Options.DEFAULTS
        .withRetries(RetryPolicy.DEFAULTS.withAttempts(1))
        .withBreaker(
            new BreakerPolicy(
                failures, Duration.ofSeconds(5), Duration.ofSeconds(60), giveUpAfter));
  }

  private static AttemptFailed serverError() {
    return AttemptFailed.server(new TransportFailed("server error 500", null, false), true, null);
  }

  private static AttemptFailed tooFast(@Nullable Duration retryAfter) {
    return AttemptFailed.tooFast(new RateLimited("slow down", retryAfter), retryAfter);
  }

  private static String fail(AttemptFailed failure) throws AttemptFailed {
    throw failure;
  }
}

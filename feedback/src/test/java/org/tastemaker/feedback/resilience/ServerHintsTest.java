package org.tastemaker.feedback.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerHintsTest {

  @ParameterizedTest
  @CsvSource({
    "12ms, 0.012",
    "9ms, 0.009",
    "1s, 1",
    "6m0s, 360",
    "1h2m3.5s, 3723.5",
    "1.5, 1.5",
    "0, 0",
    "2m, 120",
    "250us, 0.00025"
  })
  void durationsOfRateLimitHeadersAreRead(String text, double seconds) {
    assertThat(ServerHints.duration(text)).contains(Duration.ofNanos(Math.round(seconds * 1e9)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "-5s", "", " ", "soon", "1m1h", "NaN", "1e9", "s", "ms", "--"})
  void whatIsNoDurationSaysNothing(String text) {
    assertThat(ServerHints.duration(text)).isEmpty();
  }

  @Property
  void everyDurationWrittenLikeGoIsReadBack(
      @ForAll @IntRange(max = 50) int hours,
      @ForAll @IntRange(max = 59) int minutes,
      @ForAll @IntRange(max = 59) int seconds) {
    assertThat(ServerHints.duration(hours + "h" + minutes + "m" + seconds + "s"))
        .contains(Duration.ofHours(hours).plusMinutes(minutes).plusSeconds(seconds));
  }

  @Property
  void anyTextIsReadOrSaysNothingAndNeverThrows(@ForAll String text) {
    ServerHints hints = read(Map.of("retry-after", text, "x-ratelimit-reset-tokens", text));
    assertThat(Optional.ofNullable(hints.retryAfter()).map(Duration::isNegative))
        .isNotEqualTo(Optional.of(true));
  }

  @ParameterizedTest
  @CsvSource({"20, 20", "0.25, 0.25", "0, 0", "1., 1"})
  void retryAfterInSeconds(String text, double seconds) {
    assertThat(read(Map.of("retry-after", text)).retryAfter())
        .isEqualTo(Duration.ofNanos(Math.round(seconds * 1e9)));
  }

  @Test
  void retryAfterAsADateIsTheTimeUntilThen() {
    assertThat(read(Map.of("retry-after", "Mon, 23 Nov 2026 10:00:42 GMT")).retryAfter())
        .isEqualTo(Duration.ofSeconds(42));
  }

  @Test
  void retryAfterAsADateInThePastIsAtOnce() {
    assertThat(read(Map.of("retry-after", "Mon, 23 Nov 2026 09:00:00 GMT")).retryAfter())
        .isEqualTo(Duration.ZERO);
  }

  @Test
  void retryAfterInMillisecondsGoesFirst() {
    assertThat(read(Map.of("retry-after", "20", "retry-after-ms", "1500")).retryAfter())
        .isEqualTo(Duration.ofMillis(1500));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "tomorrow", "", "Mon, 99 Nov 2026 10:00:42 GMT"})
  void aRetryAfterThatMakesNoSenseSaysNothing(String text) {
    assertThat(read(Map.of("retry-after", text)).retryAfter()).isNull();
  }

  @Test
  void anAbsurdlyLongRetryAfterIsAYear() {
    assertThat(read(Map.of("retry-after", "999999999999999999")).retryAfter())
        .isEqualTo(Duration.ofDays(366));
  }

  @Test
  void nothingLeftOfALimitClosesItUntilItsReset() {
    ServerHints hints =
        read(
            Map.of(
                "x-ratelimit-remaining-requests", "0",
                "x-ratelimit-reset-requests", "6m0s",
                "x-ratelimit-remaining-tokens", "149984",
                "x-ratelimit-reset-tokens", "6ms"));
    assertThat(hints.requests().closedFor()).isEqualTo(Duration.ofMinutes(6));
    assertThat(hints.tokens().closedFor()).isEqualTo(Duration.ZERO);
  }

  @Test
  void minusOneMeansThatNothingIsKnown() {
    ServerHints hints =
        read(Map.of("x-ratelimit-remaining-tokens", "-1", "x-ratelimit-reset-tokens", "-1"));
    assertThat(hints.tokens()).isEqualTo(new ServerHints.Window(null, null));
    assertThat(hints.tokens().closedFor()).isEqualTo(Duration.ZERO);
  }

  @Test
  void theServersOwnWordOnRetryingIsRead() {
    assertThat(read(Map.of("x-should-retry", "false")).shouldRetry()).isFalse();
    assertThat(read(Map.of("x-should-retry", "true")).shouldRetry()).isTrue();
    assertThat(read(Map.of()).shouldRetry()).isNull();
  }

  private static ServerHints read(Map<String, String> headers) {
    return ServerHints.read(headers::get, FakeTime.START);
  }
}

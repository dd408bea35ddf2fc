package org.tastemaker.feedback.resilience;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the headers of an answer say about pace. A header that is absent, or that makes no sense,
 * says nothing; it is never an error.
 *
 * <table class="striped">
 * <caption>Headers and their forms</caption>
 * <thead><tr><th>header</th><th>forms</th></tr></thead>
 * <tbody>
 * <tr><td>{@code X-Should-Retry}</td><td>{@code true}, {@code false}</td></tr>
 * <tr><td>{@code Retry-After-Ms}</td><td>milliseconds, {@code 1500}, {@code 0.5}; goes before the next</td></tr>
 * <tr><td>{@code Retry-After}</td><td>seconds, {@code 20}, {@code 0.25}; or a date of RFC 1123</td></tr>
 * <tr><td>{@code x-ratelimit-remaining-requests}, {@code -tokens}</td><td>a number; {@code -1} (some servers)
 * means that it is not known</td></tr>
 * <tr><td>{@code x-ratelimit-reset-requests}, {@code -tokens}</td><td>{@code 12ms}, {@code 1s}, {@code
 * 6m0s}, {@code 1h2m3.5s}, a number of seconds; {@code -1} means that it is not known</td></tr>
 * </tbody>
 * </table>
 *
 * @param shouldRetry whether the server says to retry, or null
 * @param retryAfter how long to wait before the next attempt, or null
 * @param requests what is left of the requests
 * @param tokens what is left of the tokens
 */
public record ServerHints(
    @Nullable Boolean shouldRetry, @Nullable Duration retryAfter, Window requests, Window tokens) {
  /** Nothing is known. */
  public static final ServerHints NONE =
      new ServerHints(null, null, new Window(null, null), new Window(null, null));

  private static final Pattern GO_DURATION =
      Pattern.compile(
          "(?:(\\d+(?:\\.\\d+)?)h)?(?:(\\d+(?:\\.\\d+)?)m(?!s))?(?:(\\d+(?:\\.\\d+)?)s)?"
              + "(?:(\\d+(?:\\.\\d+)?)ms)?(?:(\\d+(?:\\.\\d+)?)(?:us|µs))?");
  private static final BigDecimal[] NANOS_OF_UNIT = {
    new BigDecimal("3600000000000"),
    new BigDecimal("60000000000"),
    new BigDecimal("1000000000"),
    new BigDecimal("1000000"),
    new BigDecimal("1000")
  };
  private static final Duration LONGEST = Duration.ofDays(366);

  /**
   * What is left of a limit.
   *
   * @param remaining how much, at least 0, or null where it is not known
   * @param reset when all of it is there again, counted from the answer, or null where not known
   */
  public record Window(@Nullable Long remaining, @Nullable Duration reset) {
    /**
     * How long nothing can go through.
     *
     * @return the time to the reset where nothing is left; otherwise, and where that is not known,
     *     zero
     */
    public Duration closedFor() {
      return remaining != null && remaining == 0 && reset != null ? reset : Duration.ZERO;
    }
  }

  /**
   * Reads the headers.
   *
   * @param headers gives a header's value by its name, or null
   * @param now the time of the answer, to which dates are compared
   * @return what they say
   */
  public static ServerHints read(UnaryOperator<@Nullable String> headers, Instant now) {
    String should = headers.apply("x-should-retry");
    return new ServerHints(
        "true".equals(should) ? Boolean.TRUE : "false".equals(should) ? Boolean.FALSE : null,
        retryAfter(headers.apply("retry-after-ms"), headers.apply("retry-after"), now).orElse(null),
        window(headers, "requests"),
        window(headers, "tokens"));
  }

  /**
   * Reads a duration as rate limit headers write it.
   *
   * @param text such as {@code 12ms}, {@code 6m0s}, {@code 1.5}
   * @return empty if it is not a duration, or is negative
   */
  public static Optional<Duration> duration(@Nullable String text) {
    if (text == null || text.isBlank() || text.length() > 40) {
      return Optional.empty();
    }
    String trimmed = text.trim();
    Optional<BigDecimal> seconds = number(trimmed);
    if (seconds.isPresent()) {
      return ofNanos(seconds.get().multiply(NANOS_OF_UNIT[2]));
    }
    Matcher matcher = GO_DURATION.matcher(trimmed);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    BigDecimal nanos = BigDecimal.ZERO;
    for (int unit = 0; unit < NANOS_OF_UNIT.length; unit++) {
      String amount = matcher.group(unit + 1);
      if (amount != null) {
        nanos = nanos.add(new BigDecimal(amount).multiply(NANOS_OF_UNIT[unit]));
      }
    }
    return ofNanos(nanos);
  }

  private static Optional<Duration> retryAfter(
      @Nullable String millis, @Nullable String secondsOrDate, Instant now) {
    if (millis != null) {
      Optional<Duration> wait =
          number(millis.trim()).flatMap(ms -> ofNanos(ms.multiply(NANOS_OF_UNIT[3])));
      if (wait.isPresent()) {
        return wait;
      }
    }
    if (secondsOrDate == null) {
      return Optional.empty();
    }
    String text = secondsOrDate.trim();
    Optional<BigDecimal> seconds = number(text);
    if (seconds.isPresent()) {
      return ofNanos(seconds.get().multiply(NANOS_OF_UNIT[2]));
    }
    try {
      Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(now, at);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeException | ArithmeticException e) {
      return Optional.empty(); // neither a number nor a date: says nothing
    }
  }

  private static Window window(UnaryOperator<@Nullable String> headers, String what) {
    OptionalLong remaining = whole(headers.apply("x-ratelimit-remaining-" + what));
    Duration reset = duration(headers.apply("x-ratelimit-reset-" + what)).orElse(null);
    return new Window(remaining.isPresent() ? (Long) remaining.getAsLong() : null, reset);
  }

  private static OptionalLong whole(@Nullable String text) {
    if (text == null || !text.trim().matches("\\d{1,18}")) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(text.trim()));
  }

  /** A plain number without sign and exponent; anything else is rejected. */
  private static Optional<BigDecimal> number(String text) {
    return text.matches("\\d{1,18}(\\.\\d{0,18})?")
        ? Optional.of(new BigDecimal(text))
        : Optional.empty();
  }

  private static Optional<Duration> ofNanos(BigDecimal nanos) {
    BigDecimal[] parts = nanos.divideAndRemainder(NANOS_OF_UNIT[2]);
    if (parts[0].compareTo(BigDecimal.valueOf(LONGEST.toSeconds())) > 0) {
      return Optional.of(LONGEST);
    }
    return Optional.of(
        Duration.ofSeconds(
            parts[0].longValueExact(), parts[1].setScale(0, RoundingMode.DOWN).longValueExact()));
  }
}

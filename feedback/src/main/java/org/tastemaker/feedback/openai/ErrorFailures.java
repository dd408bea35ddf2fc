package org.tastemaker.feedback.openai;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.resilience.AttemptFailed;
import org.tastemaker.feedback.resilience.ServerHints;

/** Makes a failure, with the way out, of each {@link ErrorKind}. */
final class ErrorFailures {
  /** Where a limit of the day is used up and nobody says until when. */
  private static final Duration LATER = Duration.ofHours(1);

  private static final Pattern COUNT_OF_IMAGES =
      Pattern.compile(
          "(?:at most|up to|maximum of|max of|limit of|only|more than|exceeds?|over|supports?)"
              + " (?:only |the |a )*(\\d{1,3}|one|single|two)\\b[^.]{0,12} images?\\b");

  private ErrorFailures() {}

  /**
   * The failure.
   *
   * @param where the address that was called, for messages
   * @param what what was asked, with the model's name, for messages
   */
  static AttemptFailed of(ApiError error, ServerHints hints, String where, String what) {
    String words = what + " at " + where + " failed with " + error.words();
    boolean retry = Boolean.TRUE.equals(hints.shouldRetry());
    ErrorKind kind = Diagnosis.of(error);
    return switch (kind) {
      case MONEY ->
          AttemptFailed.forGood(
              new FeedbackException.QuotaExhausted(
                  words
                      + "; the account has no credit left: pay, or raise its limit, and start again: answers so"
                      + " far are kept"));
      case PACE -> tooFast(error, hints, words);
      case CONTENT -> AttemptFailed.forGood(new FeedbackException.Refused(error.words()));
      case GENERATION ->
          AttemptFailed.forGood(
              AnswerReader.malformed(
                  "",
                  "a JSON object",
                  "none, by the server's own account: " + error.words(),
                  Usage.NONE));
      case SERVER -> server(error, hints, words);
      case SIZE, IMAGE, UNKNOWN ->
          retry ? server(error, hints, words) : invalid(words + wayOut(kind, error), false);
      default ->
          retry || (error.status() >= 500 && kind == ErrorKind.FORM)
              ? server(error, hints, words)
              : invalid(words + wayOut(kind, error), true);
    };
  }

  private static AttemptFailed tooFast(ApiError error, ServerHints hints, String words) {
    Duration delay = longer(hints.retryAfter(), error.delay());
    boolean ofTheDay = ErrorWords.DAILY.matcher(error.text()).find();
    // Gemini asks to wait some seconds for a quota of the day.
    boolean untold = ofTheDay && (delay == null || !error.quota().isEmpty());
    Duration wait = untold ? longer(delay, LATER) : delay;
    return AttemptFailed.tooFast(
        new FeedbackException.RateLimited(
            words
                + (ofTheDay
                    ? "; it is a limit of the day, which no short wait helps: start again tomorrow, or"
                        + " raise the account's limits; answers so far are kept"
                    : "; lower the requests or tokens per minute, or the calls in flight"),
            wait),
        wait);
  }

  private static AttemptFailed server(ApiError error, ServerHints hints, String words) {
    return AttemptFailed.server(
        new FeedbackException.TransportFailed(words, null, false),
        !Boolean.FALSE.equals(hints.shouldRetry()),
        longer(hints.retryAfter(), error.status() == 503 ? error.delay() : null));
  }

  private static String wayOut(ErrorKind kind, ApiError error) {
    return switch (kind) {
      case KEY ->
          "; the key was refused: check that OPENAI_API_KEY, or what apiKey was given,"
              + " is a valid key of this server";
      case PERMISSION ->
          "; the key does not allow this: check its project's permissions, and that"
              + " the model is open to it";
      case MODEL ->
          "; either the model is not known there, or the base URL lacks a part such as /v1";
      case SIZE -> "; show smaller images, fewer of them, or JPEG";
      case IMAGE -> "; it is about an image of this question: another form of images may help";
      case BLIND -> "; this model sees no images: choose one that does";
      case IMAGES -> fewerImages(error);
      case SYSTEM -> "; it does not accept what the judge is told, in either place";
      case FORM -> "; it does not accept the form of an answer, even in words";
      case PARAMETER ->
          "; every question would meet this: set what it names with judging(...), or with assume(...)"
              + " that the model does not have it";
      case SHARED -> "; every question would meet this: check the address, and what stands between";
      default -> "; the server would not accept it a second time either";
    };
  }

  /** What can be asked where a request holds only so many images. */
  private static String fewerImages(ApiError error) {
    Matcher matcher = COUNT_OF_IMAGES.matcher(error.text());
    String said = matcher.find() ? matcher.group(1).toLowerCase(Locale.ROOT) : "";
    int most =
        switch (said) {
          case "" -> 0;
          case "one", "single" -> 1;
          case "two" -> 2;
          default -> Integer.parseInt(said);
        };
    String how =
        switch (most) {
          case 0 -> "ask about fewer images at once: pairs show 2, Protocol.pointwise 1";
          case 1 ->
              "a question may show 1 image, so that nothing can be compared: ask by"
                  + " Protocol.pointwise, or raise the server's limit";
          case 2 ->
              "a question may show 2 images: ask by Protocol.pairsInBothOrders, or raise the"
                  + " server's limit";
          default ->
              "a question may show "
                  + most
                  + " images: make groups of at most "
                  + most
                  + ", or ask by Protocol.pairsInBothOrders, or raise the server's limit";
        };
    return "; " + how + " (--limit-mm-per-prompt of vLLM)";
  }

  private static @Nullable Duration longer(@Nullable Duration a, @Nullable Duration b) {
    return a == null ? b : b == null || a.compareTo(b) >= 0 ? a : b;
  }

  private static AttemptFailed invalid(String message, boolean stopsTheJob) {
    return AttemptFailed.forGood(new FeedbackException.InvalidRequest(message, stopsTheJob));
  }
}

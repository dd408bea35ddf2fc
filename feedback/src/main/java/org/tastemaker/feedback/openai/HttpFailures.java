package org.tastemaker.feedback.openai;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.resilience.AttemptFailed;
import org.tastemaker.feedback.resilience.ServerHints;

/** Maps HTTP errors to failures that say what to do. */
final class HttpFailures {
  private HttpFailures() {}

  /**
   * An answer with the status of an error.
   *
   * @param where the address that was called, for messages
   * @param what what was asked, with the model's name, for messages
   */
  static AttemptFailed of(ApiError error, ServerHints hints, String where, String what) {
    String words = what + " at " + where + " failed with " + error.words();
    int status = error.status();
    if (status == 429 && error.isAboutMoney()) {
      return AttemptFailed.forGood(
          new FeedbackException.QuotaExhausted(
              words
                  + "; the account has no credit left: pay, or raise its limit, and start again: answers so"
                  + " far are kept"));
    }
    if (status == 429) {
      return AttemptFailed.tooFast(
          new FeedbackException.RateLimited(
              words + "; lower the requests or tokens per minute, or the calls in flight",
              hints.retryAfter()),
          hints.retryAfter());
    }
    boolean server = status >= 500 || status == 408 || status == 409;
    if (server || Boolean.TRUE.equals(hints.shouldRetry())) {
      return AttemptFailed.server(
          new FeedbackException.TransportFailed(words, null, false),
          !Boolean.FALSE.equals(hints.shouldRetry()),
          hints.retryAfter());
    }
    if (error.isAboutContent()) {
      return AttemptFailed.forGood(new FeedbackException.Refused(error.words()));
    }
    return AttemptFailed.forGood(
        switch (status) {
          case 401 ->
              invalid(
                  words
                      + "; the key was refused: check that OPENAI_API_KEY, or what apiKey was given,"
                      + " is a valid key of this server",
                  true);
          case 403 ->
              invalid(
                  words
                      + "; the key does not allow this: check its project's permissions, and that"
                      + " the model is open to it",
                  true);
          case 404 ->
              invalid(
                  words
                      + "; either the model is not known there, or the base URL lacks a part such as"
                      + " /v1",
                  true);
          case 413 -> invalid(words + "; show smaller images, fewer of them, or JPEG", false);
          default ->
              invalid(words + "; the server would not accept it a second time either", false);
        });
  }

  /** No answer, or an incomplete one. */
  static AttemptFailed of(IOException failure, String where, String what, ApiKey key) {
    return AttemptFailed.server(
        new FeedbackException.TransportFailed(
            what + " at " + where + " failed: " + words(failure, key), key.redact(failure), false),
        true,
        null);
  }

  /** An answer of status 200 with an unexpected body. */
  static AttemptFailed garbled(RuntimeException failure, String where, String what, ApiKey key) {
    return AttemptFailed.server(
        new FeedbackException.TransportFailed(
            what + " at " + where + " gave an unexpected answer: " + words(failure, key),
            key.redact(failure),
            false),
        true,
        null);
  }

  /** Whether a call certainly did not reach the service, so that nothing can be billed. */
  static boolean neverArrived(IOException failure) {
    return failure instanceof ConnectException || failure instanceof UnknownHostException;
  }

  private static String words(Exception failure, ApiKey key) {
    String message = failure.getMessage();
    String name = failure.getClass().getSimpleName();
    return message == null ? name : name + " (" + key.redact(message) + ")";
  }

  private static FeedbackException invalid(String message, boolean stopsTheJob) {
    return new FeedbackException.InvalidRequest(message, stopsTheJob);
  }
}

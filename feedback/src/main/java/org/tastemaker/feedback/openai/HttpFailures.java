package org.tastemaker.feedback.openai;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.resilience.AttemptFailed;

/** Makes failures of what HTTP itself went wrong by; of errors, {@link ErrorFailures} does. */
final class HttpFailures {
  private static final int LONGEST_QUOTE = 500;
  private static final int LONGEST_SAYING = 200;

  private HttpFailures() {}

  /**
   * An answer that sends the caller elsewhere.
   *
   * @param location where, as the server says, or null
   */
  static AttemptFailed redirected(
      Request request,
      @Nullable String location,
      ApiError error,
      String where,
      String what,
      ApiKey key) {
    HttpUrl there = location == null ? null : request.url().resolve(location);
    String place =
        there == null
            ? "nowhere"
            : key.redact(there.newBuilder().query(null).fragment(null).build().toString());
    return AttemptFailed.forGood(
        invalid(
            what
                + " at "
                + where
                + " failed with status "
                + error.status()
                + ", a redirect to "
                + (place.length() > LONGEST_QUOTE ? place.substring(0, LONGEST_QUOTE) : place)
                + "; it is not followed, since prompts and images would go there: if that is right,"
                + " set the base URL to it; redirects(SAME_ORIGIN) follows those that stay at the"
                + " server and keep the method",
            request.method().equals("POST")));
  }

  /** No answer, or an incomplete one, or one that is too long. */
  static AttemptFailed of(IOException failure, String where, String what, ApiKey key) {
    if (isRefusedCertificate(failure)) {
      return AttemptFailed.forGood(
          invalid(
              what
                  + " at "
                  + where
                  + " was not sent: "
                  + words(failure, key)
                  + "; the server could not prove who it is: check the address, the clock, and"
                  + " whether something stands between; a certificate of your own goes into a trust"
                  + " store that javax.net.ssl.trustStore names",
              true));
    }
    if (causes(failure).anyMatch(BodyTooLong.class::isInstance)) {
      return AttemptFailed.server(
          new FeedbackException.TransportFailed(
              what
                  + " at "
                  + where
                  + " was ended: "
                  + words(failure, key)
                  + "; if the server is right, raise the limit with bodies(...) of the client",
              key.redact(failure),
              false),
          false,
          null);
    }
    FeedbackException failed =
        new FeedbackException.TransportFailed(
            what + " at " + where + " failed: " + words(failure, key), key.redact(failure), false);
    return neverArrived(failure)
        ? AttemptFailed.unreachable(failed)
        : AttemptFailed.server(failed, true, null);
  }

  /**
   * An answer of status 200 with an unexpected body.
   *
   * @param said the body as an error: its words, or its beginning
   */
  static AttemptFailed garbled(
      RuntimeException failure, ApiError said, String where, String what, ApiKey key) {
    String words = said.message();
    boolean page = words.startsWith("<");
    return AttemptFailed.server(
        new FeedbackException.TransportFailed(
            what
                + " at "
                + where
                + " gave an unexpected answer: "
                + (page ? "a page and no JSON" : words(failure, key))
                + "; it says '"
                + (words.length() > LONGEST_SAYING ? words.substring(0, LONGEST_SAYING) : words)
                + "'"
                + (page ? "; check the base URL, which often ends in /v1" : ""),
            key.redact(failure),
            false),
        true,
        null);
  }

  /** Whether a call certainly did not reach the service, so that nothing can be billed. */
  static boolean neverArrived(IOException failure) {
    return causes(failure).anyMatch(NeverSent.class::isInstance);
  }

  /** Whether one side did not accept who the other is, before anything was sent. */
  private static boolean isRefusedCertificate(IOException failure) {
    return neverArrived(failure)
        && causes(failure)
            .anyMatch(
                cause ->
                    cause instanceof CertificateException
                        || cause instanceof SSLPeerUnverifiedException);
  }

  private static Stream<Throwable> causes(Throwable failure) {
    return Throwables.getCausalChain(failure).stream();
  }

  private static String words(Exception failure, ApiKey key) {
    Throwable cause = failure.getCause();
    Throwable said = failure instanceof NeverSent && cause != null ? cause : failure;
    String name = said.getClass().getSimpleName();
    String message = said.getMessage();
    if (message == null) {
      return name;
    }
    String safe = key.redact(message);
    return name
        + " ("
        + (safe.length() > LONGEST_QUOTE ? safe.substring(0, LONGEST_QUOTE) + " ..." : safe)
        + ")";
  }

  private static FeedbackException invalid(String message, boolean stopsTheJob) {
    return new FeedbackException.InvalidRequest(message, stopsTheJob);
  }
}

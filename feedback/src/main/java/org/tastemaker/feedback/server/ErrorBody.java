package org.tastemaker.feedback.server;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Errors in OpenAI's form: {@code {"error": {"message", "type", "param", "code"}}}. */
final class ErrorBody {
  private ErrorBody() {}

  static Outgoing of(BadRequest e) {
    return of(e.status(), e.code(), e.param(), String.valueOf(e.getMessage()));
  }

  /** The error to send instead of an answer; empty for other kinds of faults. */
  static Optional<Outgoing> of(Fault fault, Duration retryAfter) {
    return switch (fault) {
      case RATE_LIMITED_WITH_DELAY -> Optional.of(rateLimited().retryAfter(retryAfter));
      case RATE_LIMITED -> Optional.of(rateLimited());
      case NO_CREDIT ->
          Optional.of(
              of(
                  429,
                  "insufficient_quota",
                  "",
                  "You exceeded your current quota, please check your plan and billing details."));
      case SERVER_ERROR ->
          Optional.of(of(500, "server_error", "", "The server had an error. Sorry about that!"));
      case DROPPED -> Optional.of(Outgoing.of(500, "").delivered(Outgoing.Delivery.NONE));
      default -> Optional.empty();
    };
  }

  private static Outgoing rateLimited() {
    return of(429, "rate_limit_exceeded", "", "Rate limit reached.");
  }

  private static Outgoing of(int status, String code, String param, String message) {
    Map<String, @Nullable Object> error = new LinkedHashMap<>();
    error.put("message", message);
    error.put("type", code.equals("insufficient_quota") ? code : "invalid_request_error");
    error.put("param", param.isEmpty() ? null : param);
    error.put("code", code.isEmpty() ? null : code);
    return Outgoing.of(status, Json.write(Map.of("error", error)));
  }
}

package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An error answer: {@code {"error": {"message", "type", "param", "code"}}}, or whatever a
 * compatible server sends instead.
 *
 * @param status of HTTP
 * @param message without the key; the beginning of the body if it has another format
 * @param type empty where there is none
 * @param param which parameter it is about; empty where there is none
 * @param code empty where there is none
 */
record ApiError(int status, String message, String type, String param, String code) {
  private static final JsonAdapter<Object> JSON = new Moshi.Builder().build().adapter(Object.class);
  private static final int LONGEST = 500;

  /** Codes for an account without credit; waiting does not help. */
  private static final Set<String> BILLING =
      Set.of(
          "insufficient_quota",
          "credit_balance_exhausted",
          "organization_spend_limit_exceeded",
          "project_spend_limit_exceeded",
          "organization_usage_limit_exceeded",
          "billing_hard_limit_reached",
          "billing_not_active");

  private static final Set<String> POLICY =
      Set.of(
          "content_policy_violation",
          "moderation_blocked",
          "image_content_policy_violation",
          "content_filter");

  static ApiError read(int status, String body, ApiKey key) {
    Object json;
    try {
      json = JSON.fromJson(body);
    } catch (IOException | JsonDataException e) {
      json = null; // not JSON: a proxy's page, or nothing
    }
    Object error = json instanceof Map<?, ?> map ? map.get("error") : null;
    if (error instanceof Map<?, ?> map) {
      return new ApiError(
          status,
          clean(text(map.get("message")), key),
          clean(text(map.get("type")), key),
          clean(text(map.get("param")), key),
          clean(text(map.get("code")), key));
    }
    return new ApiError(status, clean(error instanceof String s ? s : body, key), "", "", "");
  }

  /** An error that an answer of status 200 holds. */
  static ApiError within(String code, String message, ApiKey key) {
    return new ApiError(200, clean(message, key), "", "", clean(code, key));
  }

  boolean isAboutMoney() {
    return BILLING.contains(type)
        || BILLING.contains(code)
        || message.contains("exceeded your current quota");
  }

  boolean isAboutContent() {
    return POLICY.contains(code)
        || POLICY.contains(type)
        || message.contains("rejected as a result of our safety system");
  }

  /** The server's words, for a message. */
  String words() {
    StringBuilder words = new StringBuilder("status " + status);
    if (!code.isEmpty()) {
      words.append(", ").append(code);
    } else if (!type.isEmpty()) {
      words.append(", ").append(type);
    }
    return message.isEmpty() ? words.toString() : words + ": " + message;
  }

  private static String text(@Nullable Object value) {
    if (value instanceof Double number && number == Math.rint(number)) {
      return Long.toString(number.longValue());
    }
    return value == null ? "" : value.toString();
  }

  private static String clean(String text, ApiKey key) {
    String line = key.redact(text).replaceAll("\\s+", " ").trim();
    return line.length() > LONGEST ? line.substring(0, LONGEST) + " ..." : line;
  }
}

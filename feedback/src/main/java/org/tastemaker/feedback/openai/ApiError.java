package org.tastemaker.feedback.openai;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a server said instead of an answer, in whatever form it said it ({@link ErrorReader}).
 *
 * @param http the status of HTTP; 200 where the error stands in an answer
 * @param status the status that counts: that of HTTP, or what an error in an answer names
 * @param message without the key; the beginning of the body if it has an unknown form
 * @param quoted whether the message is only the beginning of a page, or of an answer
 * @param type empty where there is none
 * @param param which parameter it is about; empty where there is none
 * @param code empty where there is none
 * @param quota the names of the quotas that are used up; empty where there is none
 * @param delay how long the body asks to wait, or null where it does not say
 */
record ApiError(
    int http,
    int status,
    String message,
    boolean quoted,
    String type,
    String param,
    String code,
    String quota,
    @Nullable Duration delay) {

  /** All that it says in small letters, to be searched; what it only quotes is none of it. */
  String text() {
    return String.join(" ", code, type, param, quoted ? "" : message, quota)
        .toLowerCase(Locale.ROOT);
  }

  /** The server's words, for a message. */
  String words() {
    StringBuilder words =
        new StringBuilder(
            http == status ? "status " + http : "status " + http + " and in it error " + status);
    if (!code.isEmpty() && !code.equals(Integer.toString(status))) {
      words.append(", ").append(code);
    } else if (!type.isEmpty() && !type.equals(Integer.toString(status))) {
      words.append(", ").append(type);
    }
    return message.isEmpty() ? words.toString() : words + ": " + message;
  }
}

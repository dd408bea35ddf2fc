package org.tastemaker.feedback.openai;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A secret that does not get out by accident. */
final class ApiKey {
  private static final String HIDDEN = "[key]";

  /** What looks like a key of the service, also with its middle starred out. */
  private static final Pattern LOOKS_LIKE_A_KEY = Pattern.compile("\\bsk-[A-Za-z0-9_*.-]{4,}");

  private final @Nullable String secret;

  private ApiKey(@Nullable String secret) {
    this.secret = secret;
  }

  static ApiKey of(String secret) {
    if (!secret.matches("[\\x21-\\x7e]+")) {
      throw new IllegalArgumentException(
          "an API key consists of visible ASCII characters without spaces, but the one given has "
              + secret.length()
              + " characters, others among them; look for a line break or quotes around it");
    }
    return new ApiKey(secret);
  }

  /** For a server that needs none. */
  static ApiKey none() {
    return new ApiKey(null);
  }

  /** The value of the header Authorization, or null for none. */
  @Nullable String authorization() {
    return secret == null ? null : "Bearer " + secret;
  }

  /** A text without this key, and without anything that looks like one. */
  String redact(String text) {
    String without = secret == null ? text : text.replace(secret, HIDDEN);
    return LOOKS_LIKE_A_KEY.matcher(without).replaceAll(HIDDEN);
  }

  /** Whether a text holds this key; not of one so short that it may be there by chance. */
  boolean isIn(String text) {
    return secret != null && secret.length() >= 12 && text.contains(secret);
  }

  /** A failure of which no message, causes included, holds this key; the same one if it may be. */
  Throwable redact(Throwable failure) {
    if (!isIn(Throwables.getStackTraceAsString(failure))) {
      return failure;
    }
    IOException without = new IOException(redact(failure.toString()));
    without.setStackTrace(failure.getStackTrace());
    return without;
  }

  @Override
  public String toString() {
    return secret == null ? "ApiKey[none]" : "ApiKey[hidden]";
  }
}

package org.tastemaker.feedback.openai;

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

  /** For a server that asks for none. */
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

  @Override
  public String toString() {
    return secret == null ? "ApiKey[none]" : "ApiKey[hidden]";
  }
}

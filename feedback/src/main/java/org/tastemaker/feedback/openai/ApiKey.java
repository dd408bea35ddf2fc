package org.tastemaker.feedback.openai;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A secret that does not get out by accident. */
final class ApiKey {
  private static final String HIDDEN = "[key]";

  /** A shorter key may stand in a text by chance: it is a placeholder, such as EMPTY or none. */
  private static final int TRIVIAL = 6;

  /** What looks like a key of the service, also with its middle starred out. */
  private static final Pattern LOOKS_LIKE_A_KEY = Pattern.compile("\\bsk-[A-Za-z0-9_*.-]{4,}");

  private final @Nullable String secret;
  private final @Nullable Pattern forms;

  private ApiKey(@Nullable String secret) {
    this.secret = secret;
    this.forms = secret == null || secret.length() < TRIVIAL ? null : SecretForms.of(secret);
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

  /** A text without this key in any form, and without anything that looks like one. */
  String redact(String text) {
    return LOOKS_LIKE_A_KEY.matcher(withoutThis(text)).replaceAll(HIDDEN);
  }

  /** A text without this key in any form; the same one if it holds none. */
  String withoutThis(String text) {
    return isIn(text) ? forms(text) : text;
  }

  /** Whether a text holds this key in any form. */
  boolean isIn(String text) {
    return forms != null && forms.matcher(text).find();
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

  private String forms(String text) {
    return forms == null ? text : forms.matcher(text).replaceAll(HIDDEN);
  }

  @Override
  public String toString() {
    return secret == null ? "ApiKey[none]" : "ApiKey[hidden]";
  }
}

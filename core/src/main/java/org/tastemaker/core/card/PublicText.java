package org.tastemaker.core.card;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells what must not be published: keys, and paths of this machine. A path is known by its form
 * (from the root, a drive, the home folder, or with dots), so one such as {@code runs/first}, which
 * a model's name on a hub may be too, is let through.
 */
final class PublicText {
  private static final Pattern KEY =
      Pattern.compile(
          "\\b(sk|pk|hf|ghp|gho|xox[bp])[-_][A-Za-z0-9_*.-]{4,}|\\bBearer\\s+\\S+|://[^/\\s@]+@");

  private static final Pattern PATH =
      Pattern.compile(
          "(?<![\\w.:/~-])(~?/[\\w.@-]+|~/|\\.{1,2}[/\\\\])"
              + "|(?<![A-Za-z])[A-Za-z]:[/\\\\](?!/)|\\\\\\\\\\w|\\bfile:",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern SECRET =
      Pattern.compile(
          "(?i)(api.?key|secret|password|passphrase|credential|authorization|access.?token)");

  private PublicText() {}

  /** What is wrong with a text, if anything; the text itself is not repeated. */
  static Optional<String> problem(String text) {
    if (KEY.matcher(text).find()) {
      return Optional.of("looks like a key");
    }
    return PATH.matcher(text).find()
        ? Optional.of("looks like a path of this machine")
        : Optional.empty();
  }

  /** Whether a setting can be published. */
  static boolean mayBeShown(String name, String value) {
    return !SECRET.matcher(name).find() && problem(value).isEmpty();
  }

  /** The text, or an error that names the field. */
  static String require(String field, String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(field + " must not be blank");
    }
    Optional<String> problem = problem(text);
    if (problem.isPresent()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s %s, and a model card is published: give it without",
              field,
              problem.get()));
    }
    return text;
  }
}

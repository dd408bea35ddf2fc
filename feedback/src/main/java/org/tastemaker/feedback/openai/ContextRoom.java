package org.tastemaker.feedback.openai;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server that has no room for a request says of the room that it has. */
final class ContextRoom {
  /** Another count of the same request may be a little higher. */
  private static final int MARGIN = 16;

  private static final Pattern WHOLE =
      Pattern.compile(
          "(?:maximum context length|context length|context window|context size)[^0-9]{0,30}(\\d{3,9})");
  private static final Pattern PROMPT =
      Pattern.compile(
          "(\\d{1,9}) (?:in the messages|in your prompt|(?:tokens )?of (?:text )?input"
              + "|input tokens|prompt tokens|tokens in the (?:messages|prompt))"
              + "|prompt (?:contains|has)(?: at least)? (\\d{1,9})");

  private ContextRoom() {}

  /** Tokens for the answer; 0 if it does not say. */
  static long left(String message) {
    String words = message.toLowerCase(Locale.ROOT);
    Matcher whole = WHOLE.matcher(words);
    Matcher prompt = PROMPT.matcher(words);
    if (!whole.find() || !prompt.find()) {
      return 0;
    }
    String used = prompt.group(1) == null ? prompt.group(2) : prompt.group(1);
    return Math.max(0, Long.parseLong(whole.group(1)) - Long.parseLong(used) - MARGIN);
  }
}

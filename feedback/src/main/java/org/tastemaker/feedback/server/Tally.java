package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.util.Map;
import org.tastemaker.core.Usage;

/** What a server would bill: all answers that it made, with their tokens. Thread-safe. */
final class Tally {
  private Usage sum = Usage.NONE;

  /** Adds an answer; its usage is in the words of one API or the other. */
  void add(String answer) {
    Map<?, ?> usage = usage(answer);
    long input = Json.number(usage.get("prompt_tokens"), Json.number(usage.get("input_tokens"), 0));
    long output =
        Json.number(usage.get("completion_tokens"), Json.number(usage.get("output_tokens"), 0));
    synchronized (this) {
      sum = sum.plus(new Usage(1, input, 0, output));
    }
  }

  /** Adds an answer that says what it used. */
  void addIfSaid(String answer) {
    if (!usage(answer).isEmpty()) {
      add(answer);
    }
  }

  synchronized Usage sum() {
    return sum;
  }

  private static Map<?, ?> usage(String answer) {
    try {
      return Json.read(answer) instanceof Map<?, ?> body && body.get("usage") instanceof Map<?, ?> m
          ? m
          : Map.of();
    } catch (IOException | JsonDataException e) {
      return Map.of(); // a plan may make anything of an answer
    }
  }
}

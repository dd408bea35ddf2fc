package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer that comes as a stream of events, which nobody asked for: its pieces joined into the
 * body that would have come otherwise. A stream without an end is an error of the server.
 */
final class EventStream {
  /** One for each token of a long answer with its thinking. */
  private static final int MOST_EVENTS = 50_000;

  private final Map<String, Object> whole = new LinkedHashMap<>();
  private final Map<String, StringBuilder> texts = new LinkedHashMap<>();
  private final List<Object> tokens = new ArrayList<>();
  private @Nullable Object reason;
  private boolean ended;

  private EventStream() {}

  /** The body; that of one object if nothing else was there. */
  static Map<String, Object> join(String stream, AnswerJson json) {
    EventStream events = new EventStream();
    int count = 0;
    for (String line : (Iterable<String>) stream.lines()::iterator) {
      if (line.startsWith("data:")) {
        String data = line.substring(5).strip();
        if (data.equals("[DONE]")) {
          events.ended = true;
        } else if (!data.isEmpty()) {
          if (++count > MOST_EVENTS) {
            throw new JsonDataException("a stream of over " + MOST_EVENTS + " events");
          }
          events.add(data, json);
        }
      }
    }
    return events.body();
  }

  private void add(String data, AnswerJson json) {
    Object event;
    try {
      event = json.read(data);
    } catch (JsonDataException e) {
      return; // the last one, cut off; the missing end is what counts
    }
    if (!(event instanceof Map<?, ?> map)) {
      return;
    }
    if (map.get("response") instanceof Map<?, ?> response) { // of Responses: whole at the end
      copy(response);
      return;
    }
    if ("error".equals(map.get("type"))) {
      whole.put("error", map);
      return;
    }
    for (String name : List.of("id", "model", "usage", "x_groq", "error")) {
      Object value = map.get(name);
      if (value != null) {
        whole.put(name, value);
      }
    }
    if (map.get("choices") instanceof List<?> choices
        && !choices.isEmpty()
        && choices.get(0) instanceof Map<?, ?> choice) {
      add(choice);
    }
  }

  private void add(Map<?, ?> choice) {
    Object delta = choice.get("delta") != null ? choice.get("delta") : choice.get("message");
    if (delta instanceof Map<?, ?> map) {
      for (String name : List.of("content", "refusal", "reasoning", "reasoning_content")) {
        if (map.get(name) instanceof String piece) {
          texts.computeIfAbsent(name, key -> new StringBuilder()).append(piece);
        }
      }
    }
    if (choice.get("finish_reason") != null) {
      reason = choice.get("finish_reason");
    }
    if (choice.get("logprobs") instanceof Map<?, ?> map
        && map.get("content") instanceof List<?> l) {
      tokens.addAll(l);
    }
    if (choice.get("error") != null) {
      whole.put("error", choice.get("error"));
    }
  }

  private void copy(Map<?, ?> response) {
    response.forEach(
        (name, value) -> {
          if (value != null) {
            whole.put(String.valueOf(name), value);
          }
        });
  }

  private Map<String, Object> body() {
    if (texts.isEmpty() && reason == null) {
      return whole;
    }
    Map<String, Object> message = new LinkedHashMap<>();
    texts.forEach((name, text) -> message.put(name, text.toString()));
    Map<String, Object> choice = new LinkedHashMap<>();
    choice.put("message", message);
    choice.put("finish_reason", reason != null ? reason : ended ? "stop" : "error");
    if (!tokens.isEmpty()) {
      choice.put("logprobs", Map.of("content", tokens));
    }
    whole.put("choices", List.of(choice));
    return whole;
  }
}

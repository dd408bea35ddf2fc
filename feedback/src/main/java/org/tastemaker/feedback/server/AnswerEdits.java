package org.tastemaker.feedback.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes to the JSON of an answer, by paths such as {@code choices.0.message.content}. */
final class AnswerEdits {
  private static final String CONTENT = "${content}";

  private final Map<String, @Nullable Object> set = new LinkedHashMap<>();
  private final List<String> remove = new ArrayList<>();

  AnswerEdits(@Nullable Object set, @Nullable Object remove) {
    if (set instanceof Map<?, ?> map) {
      map.forEach((path, value) -> this.set.put(String.valueOf(path), value));
    }
    if (remove instanceof List<?> list) {
      list.forEach(path -> this.remove.add(String.valueOf(path)));
    }
  }

  String apply(String answer) {
    if (set.isEmpty() && remove.isEmpty()) {
      return answer;
    }
    try {
      Object json = Json.read(answer);
      Object content = at(json, List.of("choices", "0", "message", "content"));
      if (content == null) { // of Responses
        content = at(json, List.of("output", "0", "content", "0", "text"));
      }
      String said = content instanceof String words ? words : "";
      for (String path : remove) {
        change(json, path, null, true);
      }
      for (Map.Entry<String, @Nullable Object> one : set.entrySet()) {
        change(json, one.getKey(), filled(one.getValue(), said), false);
      }
      return Json.writeAll(json);
    } catch (IOException e) {
      throw new IllegalStateException("an answer of this server is not JSON", e);
    }
  }

  private static void change(
      @Nullable Object json, String path, @Nullable Object value, boolean remove) {
    List<String> steps = List.of(path.split("\\."));
    Object parent = at(json, steps.subList(0, steps.size() - 1));
    String last = steps.get(steps.size() - 1);
    if (parent instanceof Map<?, ?> map) {
      @SuppressWarnings("unchecked") // as it was read
      Map<String, @Nullable Object> fields = (Map<String, @Nullable Object>) map;
      if (remove) {
        fields.remove(last);
      } else {
        fields.put(last, value);
      }
    } else {
      throw new IllegalArgumentException("an answer has nothing at " + path + " to change");
    }
  }

  private static @Nullable Object at(@Nullable Object json, List<String> steps) {
    Object place = json;
    for (String step : steps) {
      if (place instanceof Map<?, ?> map) {
        place = map.get(step);
      } else if (place instanceof List<?> list && Integer.parseInt(step) < list.size()) {
        place = list.get(Integer.parseInt(step));
      } else {
        return null;
      }
    }
    return place;
  }

  /** A value with what the model says in its place. */
  private static @Nullable Object filled(@Nullable Object value, String said) {
    if (value instanceof String text) {
      return text.replace(CONTENT, said);
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> all = new ArrayList<>();
      list.forEach(one -> all.add(filled(one, said)));
      return all;
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> all = new LinkedHashMap<>();
      map.forEach((name, one) -> all.put(String.valueOf(name), filled(one, said)));
      return all;
    }
    return value;
  }
}

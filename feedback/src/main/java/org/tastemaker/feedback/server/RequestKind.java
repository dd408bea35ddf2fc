package org.tastemaker.feedback.server;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A kind of request, by what is in it. All that is said must hold.
 *
 * <table class="striped">
 * <caption>The fields of a kind</caption>
 * <thead><tr><th>field</th><th>requests that</th></tr></thead>
 * <tbody>
 * <tr><td>{@code parameter}</td><td>have this field</td></tr>
 * <tr><td>{@code without}</td><td>have not</td></tr>
 * <tr><td>{@code format}</td><td>ask for this type of format, such as {@code json_schema}</td></tr>
 * <tr><td>{@code says}</td><td>have these words somewhere, such as {@code minItems}</td></tr>
 * <tr><td>{@code role}</td><td>have a message of this role</td></tr>
 * <tr><td>{@code images}</td><td>show at least as many images</td></tr>
 * <tr><td>{@code room}</td><td>leave the answer at least so many tokens</td></tr>
 * <tr><td>{@code roomBelow}</td><td>leave it fewer, or do not say</td></tr>
 * <tr><td>{@code topLogprobs}</td><td>ask for at least as many alternatives</td></tr>
 * </tbody>
 * </table>
 */
record RequestKind(Map<?, ?> all) {
  private static final Set<String> FIELDS =
      Set.of(
          "parameter",
          "without",
          "format",
          "says",
          "role",
          "images",
          "room",
          "roomBelow",
          "topLogprobs");
  private static final Set<String> IMAGE_PARTS = Set.of("image_url", "input_image");

  static RequestKind of(@Nullable Object json) {
    if (json == null) {
      return new RequestKind(Map.of());
    }
    if (!(json instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException("a kind of request must be an object, but was " + json);
    }
    for (Object name : map.keySet()) {
      if (!FIELDS.contains(String.valueOf(name))) {
        throw new IllegalArgumentException(
            "a kind of request has the fields " + FIELDS + ", but there was " + name);
      }
    }
    return new RequestKind(map);
  }

  boolean is(Map<?, ?> request) {
    return all.entrySet().stream()
        .allMatch(one -> holds(String.valueOf(one.getKey()), one.getValue(), request));
  }

  private static boolean holds(String field, @Nullable Object value, Map<?, ?> request) {
    int number = Json.number(value, 0);
    return switch (field) {
      case "parameter" -> request.containsKey(value);
      case "without" -> !request.containsKey(value);
      case "format" -> format(request).equals(value);
      case "says" -> Json.write(request).contains(String.valueOf(value));
      case "role" ->
          messages(request).stream().anyMatch(m -> String.valueOf(value).equals(role(m)));
      case "images" -> images(request) >= number;
      case "room" -> room(request) >= number;
      case "roomBelow" -> room(request) < number;
      case "topLogprobs" -> Json.number(request.get("top_logprobs"), 0) >= number;
      default -> throw new AssertionError(field);
    };
  }

  private static String format(Map<?, ?> request) {
    Object chat = request.get("response_format");
    Object responses = request.get("text") instanceof Map<?, ?> text ? text.get("format") : null;
    Object format = chat != null ? chat : responses;
    return format instanceof Map<?, ?> map ? String.valueOf(map.get("type")) : "";
  }

  private static List<?> messages(Map<?, ?> request) {
    Object messages = request.get(request.containsKey("input") ? "input" : "messages");
    return messages instanceof List<?> list ? list : List.of();
  }

  private static @Nullable Object role(@Nullable Object message) {
    return message instanceof Map<?, ?> map ? map.get("role") : null;
  }

  private static long images(Map<?, ?> request) {
    return messages(request).stream()
        .map(message -> message instanceof Map<?, ?> map ? map.get("content") : null)
        .flatMap(content -> content instanceof List<?> parts ? parts.stream() : null)
        .filter(part -> part instanceof Map<?, ?> map && IMAGE_PARTS.contains(map.get("type")))
        .count();
  }

  private static int room(Map<?, ?> request) {
    for (String name : List.of("max_completion_tokens", "max_output_tokens", "max_tokens")) {
      if (request.containsKey(name)) {
        return Json.number(request.get(name), 0);
      }
    }
    return -1;
  }
}

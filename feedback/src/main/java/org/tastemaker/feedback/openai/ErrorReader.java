package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.resilience.ServerHints;

/**
 * Reads errors, in the forms that servers give them.
 *
 * <table class="striped">
 * <caption>Forms of the body of an error</caption>
 * <thead><tr><th>form</th><th>who</th></tr></thead>
 * <tbody>
 * <tr><td>{@code {"error": {"message", "type", "param", "code"}}}</td><td>OpenAI, and most</td></tr>
 * <tr><td>the same, with {@code innererror.code}</td><td>Azure</td></tr>
 * <tr><td>the same, with {@code metadata.raw}: the words of whom it had asked</td><td>OpenRouter</td></tr>
 * <tr><td>{@code [{"error": {"code", "message", "status", "details": [{"retryDelay"}, {"violations":
 * [{"quotaId"}]}]}}]}, in a list or not</td><td>Gemini</td></tr>
 * <tr><td>{@code {"error": "words"}}, with {@code error_type} and {@code estimated_time} or not</td><td>TGI, Ollama, proxies</td></tr>
 * <tr><td>{@code {"object": "error", "message", "type", "param", "code"}}</td><td>older vLLM</td></tr>
 * <tr><td>{@code {"detail": "words"}}, {@code {"detail": [{"loc", "msg", "input"}]}}; what was sent, which
 * {@code input} repeats, is no part of the error</td><td>FastAPI</td></tr>
 * <tr><td>{@code {"message": "words"}}, {@code {"msg": "words"}}, {@code {"errors": [...]}}</td><td>gateways</td></tr>
 * <tr><td>anything else, which is quoted</td><td>a proxy's page</td></tr>
 * </tbody>
 * </table>
 */
final class ErrorReader {
  private static final int LONGEST = 500;

  /** More of a body is not searched. */
  private static final int LONGEST_BODY = 64 * 1024;

  private static final Pattern DELAY =
      Pattern.compile(
          "(?:try again|retry|wait|again)(?: your request)?(?: in| after| for)?:?\\s+(?:about )?"
              + "((?:\\d+(?:\\.\\d+)?\\s?(?:ms|h|m|s))+|\\d+(?:\\.\\d+)?)"
              + "(?:\\s*(milliseconds?|seconds?|secs?|minutes?|hours?))?\\b");

  private final ApiKey key;
  private final List<String> quotas = new ArrayList<>();
  private @Nullable Duration delay;
  private String message = "";
  private boolean quoted;
  private String type = "";
  private String param = "";
  private String code = "";
  private String name = ""; // of the status, as Google gives it

  private ErrorReader(ApiKey key) {
    this.key = key;
  }

  /** Reads a body. */
  static ApiError read(int http, String body, ApiKey key) {
    ErrorReader reader = new ErrorReader(key);
    Object json;
    try {
      json = body.length() > LONGEST_BODY ? null : Wire.parse(body);
    } catch (IOException | JsonDataException e) {
      json = null; // not JSON: a proxy's page, or nothing
    }
    reader.whole(json);
    boolean saysNothing = reader.code.isEmpty() && reader.type.isEmpty();
    if (reader.message.isEmpty() && (saysNothing || http == 200)) {
      reader.message = body;
      reader.quoted = http == 200 || body.stripLeading().startsWith("<");
    }
    return reader.error(http);
  }

  private ApiError error(int http) {
    if (delay == null) {
      delay = delayInWords(message).orElse(null);
    }
    String cleanCode = clean(code.isEmpty() ? name : code);
    return new ApiError(
        http,
        http >= 200 && http < 300 ? status(cleanCode + " " + name + " " + type) : http,
        clean(message),
        quoted,
        clean(type.isEmpty() ? name : type),
        clean(param),
        cleanCode,
        clean(String.join(" ", quotas)),
        delay);
  }

  private void whole(@Nullable Object json) {
    Object only =
        json instanceof List<?> list && !list.isEmpty()
            ? list.get(0) // Gemini's, as the stream that it might have been
            : json;
    if (!(only instanceof Map<?, ?> map)) {
      message = only instanceof String words ? words : "";
      return;
    }
    Object error = map.get("error");
    if (!Wire.isError(error)
        && map.get("choices") instanceof List<?> choices
        && !choices.isEmpty()
        && choices.get(0) instanceof Map<?, ?> choice) {
      error = choice.get("error");
    }
    if (error instanceof Map<?, ?> one) {
      fields(one);
    } else if (error instanceof String words && !words.isBlank()) {
      fields(map);
      message = words;
      type = text(map.get("error_type"));
    } else {
      fields(map);
    }
    if (map.get("estimated_time") instanceof Double seconds && seconds > 0 && seconds < 1e6) {
      delay = Duration.ofMillis((long) (1000 * seconds));
    }
    if (message.isEmpty()) {
      message = detail(first(map, "detail", "details", "errors"));
    }
  }

  private void fields(Map<?, ?> error) {
    message = text(first(error, "message", "msg", "error_msg", "reason"));
    type = text(error.get("type"));
    param = text(error.get("param"));
    code = text(first(error, "code", "error_code"));
    name = text(error.get("status"));
    if (error.get("innererror") instanceof Map<?, ?> inner) {
      String more = text(inner.get("code"));
      code = more.isEmpty() ? code : more;
    }
    if (error.get("metadata") instanceof Map<?, ?> metadata) {
      String raw = text(metadata.get("raw"));
      String reasons = text(metadata.get("reasons"));
      message += (raw.isEmpty() ? "" : ": " + raw) + (reasons.isEmpty() ? "" : ": " + reasons);
    }
    if (error.get("details") instanceof List<?> details) {
      details.forEach(this::googles);
    }
  }

  /** One of the details of an error by Google. */
  private void googles(@Nullable Object detail) {
    if (!(detail instanceof Map<?, ?> map)) {
      return;
    }
    if (map.get("retryDelay") instanceof String wait) {
      delay = ServerHints.duration(wait).orElse(delay);
    }
    if (map.get("violations") instanceof List<?> violations) {
      for (Object violation : violations) {
        if (violation instanceof Map<?, ?> one) {
          quotas.add(text(first(one, "quotaId", "subject")));
        }
      }
    }
    String reason = text(map.get("reason"));
    if (!reason.isEmpty()) {
      message += " (" + reason + ")";
    }
  }

  /** Words of FastAPI: where, and what is wrong there. What was sent there is left out. */
  private static String detail(@Nullable Object detail) {
    if (detail instanceof List<?> list) {
      List<String> all = new ArrayList<>();
      list.forEach(one -> all.add(detail(one)));
      return String.join("; ", all);
    }
    if (detail instanceof Map<?, ?> map) {
      String words = text(first(map, "msg", "message", "error"));
      if (map.get("loc") instanceof List<?> place) {
        List<String> steps = new ArrayList<>();
        place.forEach(step -> steps.add(text(step)));
        steps.remove("body");
        return "'" + String.join(".", steps) + "': " + words;
      }
      return words;
    }
    return text(detail);
  }

  /** The status that an error in an answer of status 200 stands for: of the server, if in doubt. */
  private static int status(String names) {
    Matcher number = Pattern.compile("\\b([45]\\d\\d)\\b").matcher(names);
    if (number.find()) {
      return Integer.parseInt(number.group(1));
    }
    String text = names.toLowerCase(Locale.ROOT);
    if (text.matches(".*(rate_?limit|too_many_requests|resource_exhausted|slow_down).*")) {
      return 429;
    }
    if (text.matches(".*(authentication|unauthenticated|api_key).*")) {
      return 401;
    }
    if (text.matches(".*permission.*")) {
      return 403;
    }
    if (text.matches(".*not_found.*")) {
      return 404;
    }
    return text.matches(".*(invalid|bad_?request|unsupported|failed_precondition|image_).*")
        ? 400
        : 502;
  }

  /** Where the server says in words how long to wait: "Please try again in 7.66s". */
  private static Optional<Duration> delayInWords(String message) {
    Matcher matcher =
        DELAY.matcher(
            message.substring(0, Math.min(message.length(), 4 * LONGEST)).toLowerCase(Locale.ROOT));
    if (!matcher.find()) {
      return Optional.empty();
    }
    String unit = matcher.group(2);
    String amount = matcher.group(1).replace(" ", "");
    if (unit == null || !amount.matches("[\\d.]+")) {
      return ServerHints.duration(amount);
    }
    String letter = unit.startsWith("milli") ? "ms" : unit.substring(0, 1);
    return ServerHints.duration(amount + letter);
  }

  private static @Nullable Object first(Map<?, ?> map, String... names) {
    for (String one : names) {
      Object value = map.get(one);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  private static String text(@Nullable Object value) {
    if (value instanceof Double number && number == Math.rint(number)) {
      return Long.toString(number.longValue());
    }
    return value == null ? "" : value.toString();
  }

  private String clean(String text) {
    String line = key.redact(text).replaceAll("\\s+", " ").trim();
    return line.length() > LONGEST ? line.substring(0, LONGEST) + " ..." : line;
  }
}

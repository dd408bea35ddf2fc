package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;

/** Questions, answers and clients that several tests share. */
final class Fixtures {
  static final String KEY = "sk-test-0123456789abcdefghijKLMNOPQRST";
  static final Rubric QUALITY = Rubric.of("quality", "1", "Sharper is better.");
  static final Rubric TWO =
      new Rubric(
          "two",
          "1",
          "Judge fairly.",
          List.of(
              new Rubric.Criterion("image quality", "Sharper.", Rubric.Scope.EACH_IMAGE),
              new Rubric.Criterion("consistency", "Truer.", Rubric.Scope.EACH_IMAGE)));
  static final Prompt PROMPT = Prompt.of("a \"red\" heart");
  static final JsonAdapter<Object> JSON =
      new Moshi.Builder().build().adapter(Object.class).indent("  ");

  private Fixtures() {}

  /** As many images of different colours, 4 x 4. */
  static List<Image> images(int count) {
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      images.add(Image.filled(4, 4, i % 6 * 51 / 255f, 0, 1));
    }
    return images;
  }

  static Question pair() {
    return Question.pair(PROMPT, images(2).get(0), images(2).get(1), QUALITY);
  }

  static Question rank(int count) {
    return Question.rank(PROMPT, images(count), QUALITY);
  }

  /** Images are sent as they are. */
  static ChatGptJudge.Options options() {
    return ChatGptJudge.Options.of("gpt-test").withImages(ImageForm.DEFAULT.withSide(0));
  }

  static OpenAiClient.Builder client(MockWebServer server, FakeTime time) {
    return client(server.url("/v1").toString(), time);
  }

  static OpenAiClient.Builder client(String baseUrl, FakeTime time) {
    return OpenAiClient.builder()
        .baseUrl(baseUrl)
        .apiKey(KEY)
        .time(time, time)
        .limits(
            ResilientCaller.Options.DEFAULTS.withRetries(
                RetryPolicy.DEFAULTS.withAttempts(3).withFirstDelay(Duration.ofSeconds(1))))
        .timeout(Duration.ofSeconds(20));
  }

  static MockResponse json(int status, String body) {
    return new MockResponse.Builder()
        .code(status)
        .addHeader("Content-Type", "application/json")
        .body(body)
        .build();
  }

  /** An answer of Chat Completions whose message has this content. */
  static MockResponse says(String content) {
    return json(200, chat(content, "stop", null));
  }

  static String chat(@Nullable String content, String reason, @Nullable String refusal) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    message.put("content", content);
    message.put("refusal", refusal);
    return JSON.toJson(
        Map.of(
            "id",
            "chatcmpl-1",
            "object",
            "chat.completion",
            "model",
            "gpt-test-2026-01-01",
            "choices",
            List.of(Map.of("index", 0, "message", message, "finish_reason", reason)),
            "usage",
            Map.of(
                "prompt_tokens", 100,
                "completion_tokens", 7,
                "total_tokens", 107,
                "prompt_tokens_details", Map.of("cached_tokens", 40))));
  }

  static MockResponse error(int status, String type, @Nullable String code, String message) {
    Map<String, @Nullable Object> error = new LinkedHashMap<>();
    error.put("message", message);
    error.put("type", type);
    error.put("param", null);
    error.put("code", code);
    return json(status, JSON.serializeNulls().toJson(Map.of("error", error)));
  }

  /** The body of a request. */
  static Map<String, Object> body(RecordedRequest request) throws IOException {
    Map<String, Object> body = new LinkedHashMap<>();
    String text = Objects.requireNonNull(request.getBody()).utf8();
    ((Map<?, ?>) Objects.requireNonNull(JSON.fromJson(text)))
        .forEach((name, value) -> body.put(String.valueOf(name), value));
    return body;
  }

  /** A file beside the tests, as JSON. */
  static Object golden(String name) {
    try (InputStream in = Fixtures.class.getResourceAsStream(name)) {
      String text =
          new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
      return Objects.requireNonNull(JSON.fromJson(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A body with each data URL replaced by what it decodes to, since compressed bytes differ from
   * one JDK to the next: {@code "<image/png 4x4 #330000ff>"}, by the colour of the first pixel.
   */
  static Object readable(@Nullable Object json) {
    if (json instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, value) -> copy.put(key, readable(value)));
      return copy;
    }
    if (json instanceof List<?> list) {
      return list.stream().map(Fixtures::readable).toList();
    }
    if (json instanceof String text && text.startsWith("data:")) {
      int comma = text.indexOf(',');
      Image image = Image.fromBytes(Base64.getDecoder().decode(text.substring(comma + 1)));
      return "<%s %dx%d #%02x%02x%02x>"
          .formatted(
              text.substring(5, comma),
              image.width(),
              image.height(),
              51 * Math.round(image.get(0, 0, 0) * 5), // a JPEG's colour is one or two off
              51 * Math.round(image.get(1, 0, 0) * 5),
              51 * Math.round(image.get(2, 0, 0) * 5));
    }
    return json == null ? "null" : json;
  }
}

package org.tastemaker.feedback.openai;

import com.squareup.moshi.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bodies of {@code POST /responses}. A field that is null is not sent. The records are public, in a
 * class that is not, since Moshi calls their accessors.
 */
final class ResponsesWire {
  private ResponsesWire() {}

  public record Request(
      String model,
      @Nullable String instructions,
      List<Message> input,
      @Nullable Text text,
      @Nullable List<String> include,
      @Json(name = "top_logprobs") @Nullable Integer topLogprobs,
      @Nullable Double temperature,
      @Json(name = "max_output_tokens") @Nullable Integer maxOutputTokens,
      @Nullable Reasoning reasoning,
      boolean store) {}

  public record Message(String role, List<Object> content) {}

  public record TextPart(String type, String text) {
    static TextPart of(String text) {
      return new TextPart("input_text", text);
    }
  }

  /** The image's address is text here, not an object, and the detail is required. */
  public record ImagePart(String type, @Json(name = "image_url") String imageUrl, String detail) {
    static ImagePart of(String url, String detail) {
      return new ImagePart("input_image", url, detail);
    }
  }

  public record Text(Format format) {}

  /** The schema is flat here, not within an object of its own. */
  public record Format(
      String type,
      @Nullable String name,
      @Nullable Boolean strict,
      @Nullable Map<String, Object> schema) {}

  public record Reasoning(String effort) {}

  public record Response(
      @Nullable String id,
      @Nullable String model,
      @Nullable String status,
      @Nullable Object error,
      @Json(name = "incomplete_details") @Nullable Incomplete incomplete,
      @Nullable List<@Nullable Output> output) {}

  public record Incomplete(@Nullable String reason) {}

  public record Output(@Nullable String type, @Nullable List<@Nullable Content> content) {}

  public record Content(
      @Nullable String type,
      @Nullable String text,
      @Nullable String refusal,
      @Nullable List<ChatWire.@Nullable Token> logprobs) {}
}

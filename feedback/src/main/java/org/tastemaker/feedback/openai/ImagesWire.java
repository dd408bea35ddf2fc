package org.tastemaker.feedback.openai;

import com.squareup.moshi.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bodies of {@code POST /images/generations}. A field that is null is not sent. The records are
 * public, in a class that is not, since Moshi calls their accessors.
 */
final class ImagesWire {
  private ImagesWire() {}

  public record Request(
      String model,
      String prompt,
      int n,
      @Nullable String size,
      @Nullable String quality,
      @Nullable String style,
      @Json(name = "response_format") @Nullable String responseFormat) {}

  public record Response(@Nullable List<Made> data, ResponsesWire.@Nullable Tokens usage) {}

  public record Made(
      @Json(name = "b64_json") @Nullable String base64,
      @Nullable String url,
      @Json(name = "revised_prompt") @Nullable String revisedPrompt) {}
}

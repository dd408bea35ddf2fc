package org.tastemaker.feedback.openai;

import com.squareup.moshi.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bodies of {@code POST /images/generations}. A field that is null is not sent. */
final class ImagesWire {
  private ImagesWire() {}

  record Request(
      String model,
      String prompt,
      int n,
      @Nullable String size,
      @Nullable String quality,
      @Nullable String style,
      @Json(name = "response_format") @Nullable String responseFormat) {}

  record Response(@Nullable List<Made> data, ResponsesWire.@Nullable Tokens usage) {}

  record Made(
      @Json(name = "b64_json") @Nullable String base64,
      @Nullable String url,
      @Json(name = "revised_prompt") @Nullable String revisedPrompt) {}
}

package org.tastemaker.feedback.openai;

import com.squareup.moshi.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

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

  public record Response(@Nullable List<@Nullable Made> data, @Nullable Object error) {}

  /** Whether an answer says anything of its cost. */
  public record Said(@Nullable Object usage) {}

  public record Made(
      @Json(name = "b64_json") @Nullable String base64,
      @Nullable String url,
      @Json(name = "revised_prompt") @Nullable String revisedPrompt) {}

  /**
   * What an answer cost: null if that cannot be read. Older models say nothing, and are billed by
   * request.
   */
  static @Nullable Usage used(AnswerJson json, byte[] body) {
    Usage used = Billed.read(json, body).usage();
    return used == null && json.read(Said.class, body).usage() == null
        ? new Usage(1, 0, 0, 0)
        : used;
  }
}

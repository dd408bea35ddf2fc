package org.tastemaker.feedback.openai;

import com.squareup.moshi.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bodies of {@code /files} and {@code /batches}, and the lines of a batch's files. The records are
 * public, in a class that is not, since Moshi calls their accessors.
 */
final class BatchWire {
  /** The name of the metadata by which a batch is found again. */
  static final String NAME = "tastemaker_batch";

  private BatchWire() {}

  public record Create(
      @Json(name = "input_file_id") String inputFile,
      String endpoint,
      @Json(name = "completion_window") String window,
      Map<String, String> metadata) {}

  public record Uploaded(@Nullable String id) {}

  public record Batch(
      @Nullable String id,
      @Nullable String status,
      @Json(name = "output_file_id") @Nullable String outputFile,
      @Json(name = "error_file_id") @Nullable String errorFile,
      @Nullable Errors errors,
      @Json(name = "request_counts") @Nullable Counts counts,
      @Nullable Map<String, @Nullable Object> metadata) {
    /** By which name it was made. */
    String name() {
      return metadata != null && metadata.get(NAME) instanceof String name ? name : "";
    }
  }

  public record Counts(@Nullable Long total, @Nullable Long completed, @Nullable Long failed) {}

  public record Errors(@Nullable List<@Nullable Problem> data) {}

  public record Problem(@Nullable String code, @Nullable String message, @Nullable Long line) {}

  public record Page(
      @Nullable List<@Nullable Batch> data, @Json(name = "has_more") @Nullable Boolean more) {}

  /** A line of what comes back. */
  public record Result(
      @Json(name = "custom_id") @Nullable String key,
      @Nullable Reply response,
      @Nullable Problem error) {}

  public record Reply(@Json(name = "status_code") @Nullable Long status, @Nullable Object body) {}
}

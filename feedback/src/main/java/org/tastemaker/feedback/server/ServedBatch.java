package org.tastemaker.feedback.server;

import com.google.common.base.Splitter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A batch: its state, its lines, and what goes wrong with it. Not thread-safe. */
final class ServedBatch {
  private final String id;
  private final String endpoint;
  private final String input;
  private final Map<?, ?> metadata;
  private final Instant created;
  private final @Nullable BatchFault fault;
  private final List<Line> lines = new ArrayList<>();
  private final List<Object> errors = new ArrayList<>();
  private String status = "validating";
  private boolean cancelling;
  private int completed;
  private int failed;
  private @Nullable String outputFile;
  private @Nullable String errorFile;

  private record Line(String id, String body) {}

  /** What a batch has made: lines of answers, and lines of errors. */
  record Files(String output, String errors) {}

  ServedBatch(
      String id,
      String endpoint,
      String input,
      Map<?, ?> metadata,
      Instant created,
      @Nullable BatchFault fault) {
    this.id = id;
    this.endpoint = endpoint;
    this.input = input;
    this.metadata = metadata;
    this.created = created;
    this.fault = fault;
  }

  String id() {
    return id;
  }

  Instant created() {
    return created;
  }

  void cancel() {
    cancelling = true;
  }

  /** Reads and validates the lines of the file. */
  void take(String content) {
    Set<String> ids = new HashSet<>();
    int number = 0;
    for (String text : Splitter.on('\n').omitEmptyStrings().split(content)) {
      number++;
      try {
        Map<?, ?> line = Json.object(text);
        String key = Json.text(line.get("custom_id"), "custom_id");
        if (!ids.add(key)) {
          error("duplicate_custom_id", number, "The custom_id for this request is used before.");
        }
        if (!endpoint.equals(line.get("url"))) {
          error("url_mismatch", number, "The URL of this line is not the endpoint of the batch.");
        }
        lines.add(new Line(key, Json.write(Json.map(line.get("body"), "body"))));
      } catch (BadRequest e) {
        error("invalid_json_line", number, "This line is not parseable as valid JSON.");
      }
    }
    if (fault == BatchFault.INVALID_LINE) {
      error("invalid_request", Math.min(2, number), "This line cannot be answered.");
    }
    if (fault == BatchFault.QUEUE_FULL) {
      error("token_limit_exceeded", 0, "Enqueued token limit reached. Please try again later.");
    }
  }

  private void error(String code, int line, String message) {
    Map<String, @Nullable Object> error = new LinkedHashMap<>();
    error.put("code", code);
    error.put("message", message);
    error.put("line", line == 0 ? null : line);
    errors.add(error);
  }

  /**
   * Moves on.
   *
   * @param steps that have passed since it was made: it ends with the third
   * @return what it has made, once
   */
  Optional<Files> move(long steps, LineService service) {
    boolean over = outputFile != null || errorFile != null || completed + failed > 0;
    if (over || status.equals("failed") || status.equals("cancelled")) {
      return Optional.empty();
    }
    if (steps < 1 && !cancelling) {
      return Optional.empty();
    }
    if (!errors.isEmpty()) {
      status = "failed";
      return Optional.empty();
    }
    if (steps < 3 && !cancelling) {
      status = steps < 2 ? "in_progress" : "finalizing";
      return Optional.empty();
    }
    status =
        fault == BatchFault.EXPIRES
            ? "expired"
            : cancelling || fault == BatchFault.CANCELLED ? "cancelled" : "completed";
    return Optional.of(answered(service));
  }

  void filed(@Nullable String output, @Nullable String error) {
    outputFile = output;
    errorFile = error;
  }

  private Files answered(LineService service) {
    List<String> output = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      boolean third = i % 3 == 1;
      if ((fault == BatchFault.EXPIRES && i % 2 == 1)
          || (fault == BatchFault.CANCELLED && i >= lines.size() / 2)
          || cancelling) {
        failed++;
        wrong.add(notAnswered(line, cancelling || fault == BatchFault.CANCELLED));
        continue;
      }
      Outgoing answer =
          third && fault == BatchFault.LIMITED_LINES
              ? ErrorBody.of(new BadRequest(429, "rate_limit_exceeded", "", "Rate limit reached."))
              : third && fault == BatchFault.FAILED_LINES
                  ? ErrorBody.of(
                      new BadRequest(500, "server_error", "", "The server had an error."))
                  : third && fault == BatchFault.REJECTED_LINES
                      ? ErrorBody.of(new BadRequest(400, "invalid_image", "", "Invalid image."))
                      : service.answer(endpoint, line.body());
      if (answer.status() != 200) {
        failed++;
        wrong.add(result(line.id(), answer.status(), answer.body()));
        continue;
      }
      completed++;
      String body = answer.body();
      if (third && fault == BatchFault.WITHOUT_USAGE) {
        body = body.replace("\"usage\"", "\"not_the_usage\"");
      }
      String text = result(line.id(), 200, body);
      if (third && fault == BatchFault.MISSING_LINES) {
        continue;
      }
      output.add(
          third && fault == BatchFault.DAMAGED_LINES ? text.substring(0, text.length() / 2) : text);
      if (fault == BatchFault.DUPLICATES) {
        output.add(text);
      }
      if (fault == BatchFault.UNKNOWN_LINES) {
        output.add(result("nobody-" + i, 200, body));
      }
    }
    if (fault == BatchFault.OUT_OF_ORDER) {
      Collections.reverse(output);
    }
    return new Files(text(output), text(wrong));
  }

  private static String text(List<String> lines) {
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  private String result(String key, int status, String body) {
    return "{\"id\":\"batch_req_"
        + id
        + "\",\"custom_id\":"
        + Json.write(key)
        + ",\"response\":{\"status_code\":"
        + status
        + ",\"request_id\":\"req\",\"body\":"
        + body
        + "},\"error\":null}";
  }

  private static String notAnswered(Line line, boolean cancelled) {
    return "{\"id\":\"batch_req\",\"custom_id\":"
        + Json.write(line.id())
        + ",\"response\":null,\"error\":{\"code\":\""
        + (cancelled ? "batch_cancelled" : "batch_expired")
        + "\",\"message\":\"This request was not executed before the batch ended.\"}}";
  }

  Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", id);
    json.put("object", "batch");
    json.put("endpoint", endpoint);
    json.put("input_file_id", input);
    json.put("completion_window", "24h");
    json.put("status", status);
    json.put("created_at", created.getEpochSecond());
    json.put("metadata", metadata);
    json.put("output_file_id", outputFile);
    json.put("error_file_id", errorFile);
    json.put(
        "errors", errors.isEmpty() || !status.equals("failed") ? null : Map.of("data", errors));
    if (fault != BatchFault.MISSING_LINES) {
      json.put(
          "request_counts",
          Map.of("total", lines.size(), "completed", completed, "failed", failed));
    }
    return json;
  }
}

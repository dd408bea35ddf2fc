package org.tastemaker.feedback.server;

import com.google.common.base.Splitter;
import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Compares each request of every test with a loopback server with OpenAI's API description, as far
 * as it describes what is sent; a field that is not described is an error.
 */
public final class DescribedRequests implements RequestCheck {
  private static final String CHAT = "/v1/chat/completions";
  private static final String RESPONSES = "/v1/responses";
  private static final JsonAdapter<Object> JSON = new Moshi.Builder().build().adapter(Object.class);
  private static final JsonSchema FILES = JsonSchema.of("files.json");
  private static final JsonSchema LINES = JsonSchema.of("batch-line.json");
  private static final Map<String, JsonSchema> FORMS =
      Map.of(
          CHAT,
          JsonSchema.of("chat-completions.json"),
          RESPONSES,
          JsonSchema.of("responses.json"),
          "/v1/images/generations",
          JsonSchema.of("images-generations.json"),
          "/v1/batches",
          JsonSchema.of("batches.json"));

  /** For the {@link java.util.ServiceLoader}. */
  public DescribedRequests() {}

  @Override
  public Optional<String> complaint(Incoming request) {
    if (request.method().equals("POST") && request.path().equals("/v1/files")) {
      List<String> found = fileComplaints(request);
      return found.isEmpty() ? Optional.empty() : Optional.of("/v1/files: " + found);
    }
    if (!request.method().equals("POST") || !FORMS.containsKey(request.path())) {
      return Optional.empty();
    }
    List<String> found = new ArrayList<>();
    if (!request.contentType().startsWith("application/json")) {
      found.add("the content type must be application/json, but was " + request.contentType());
    }
    found.addAll(complaints(request.path(), request.body()));
    return found.isEmpty() ? Optional.empty() : Optional.of(request.path() + ": " + found);
  }

  /** A file of a batch: its form, each of its lines, and the body of each line. */
  private static List<String> fileComplaints(Incoming request) {
    Map<String, String> parts;
    try {
      parts = Multipart.read(request.contentType(), request.body());
    } catch (BadRequest e) {
      return List.of(String.valueOf(e.getMessage()));
    }
    List<String> found = new ArrayList<>(FILES.complaints(parts));
    Set<Object> ids = new HashSet<>();
    for (String line : Splitter.on('\n').omitEmptyStrings().split(parts.getOrDefault("file", ""))) {
      Object json = JsonSchema.parse(line);
      List<String> its = LINES.complaints(json);
      found.addAll(its);
      if (its.isEmpty() && json instanceof Map<?, ?> map) {
        if (!ids.add(map.get("custom_id"))) {
          found.add("custom_id " + map.get("custom_id") + " comes twice");
        }
        String url = String.valueOf(map.get("url"));
        found.addAll(complaints(url, JSON.toJson(map.get("body"))));
      }
    }
    return found;
  }

  /** What in a body is not as the description of a path says; empty if all is. */
  public static List<String> complaints(String path, String body) {
    JsonSchema form = FORMS.get(path);
    if (form == null) {
      return List.of("there is no description of " + path);
    }
    Object json = JsonSchema.parse(body);
    List<String> found = new ArrayList<>(form.complaints(json));
    if (!(json instanceof Map<?, ?> map)) {
      return found;
    }
    if (path.equals(CHAT)) {
      if (map.containsKey("top_logprobs") && !Boolean.TRUE.equals(map.get("logprobs"))) {
        found.add("top_logprobs needs logprobs");
      }
      if (map.containsKey("max_tokens") && map.containsKey("max_completion_tokens")) {
        found.add("one limit of the answer's length is enough");
      }
      found.addAll(strict(at(map, "response_format", "json_schema", "schema")));
    } else if (path.equals(RESPONSES)) {
      if (map.containsKey("top_logprobs") && !map.containsKey("include")) {
        found.add("top_logprobs needs include");
      }
      found.addAll(strict(at(map, "text", "format", "schema")));
    }
    return found;
  }

  private static List<String> strict(Optional<Object> schema) {
    return schema.map(StrictSchema::complaints).orElse(List.of());
  }

  private static Optional<Object> at(Object json, String... path) {
    Object place = json;
    for (String step : path) {
      place = place instanceof Map<?, ?> map ? map.get(step) : null;
    }
    return Optional.ofNullable(place);
  }
}

package org.tastemaker.feedback.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code POST /responses}. */
final class ResponsesDialect implements Dialect {
  @Override
  public String path() {
    return "/v1/responses";
  }

  @Override
  public @Nullable Object messages(Map<?, ?> body) {
    return body.get("input");
  }

  @Override
  public @Nullable Object schema(Map<?, ?> body) {
    return body.get("text") instanceof Map<?, ?> text
            && text.get("format") instanceof Map<?, ?> format
            && "json_schema".equals(format.get("type"))
        ? format.get("schema")
        : null;
  }

  @Override
  public boolean logprobs(Map<?, ?> body) {
    return body.get("include") instanceof List<?> list
        && list.contains("message.output_text.logprobs");
  }

  @Override
  public Map<String, Object> body(Said said) {
    Map<String, Object> part = new LinkedHashMap<>();
    if (said.refusal() == null) {
      part.put("type", "output_text");
      part.put("text", said.content());
      if (said.tokens() != null) {
        part.put("logprobs", said.tokens());
      }
    } else {
      part.put("type", "refusal");
      part.put("refusal", said.refusal());
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("object", "response");
    body.put("status", said.end() == End.STOP ? "completed" : "incomplete");
    if (said.end() != End.STOP) {
      body.put(
          "incomplete_details",
          Map.of("reason", said.end() == End.LENGTH ? "max_output_tokens" : "content_filter"));
    }
    body.put(
        "output",
        List.of(Map.of("type", "message", "role", "assistant", "content", List.of(part))));
    body.put(
        "usage",
        Map.of(
            "input_tokens", said.input(),
            "output_tokens", said.output(),
            "total_tokens", said.input() + said.output()));
    return body;
  }
}

package org.tastemaker.feedback.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code POST /chat/completions}. */
final class ChatDialect implements Dialect {
  @Override
  public String path() {
    return "/v1/chat/completions";
  }

  @Override
  public @Nullable Object messages(Map<?, ?> body) {
    return body.get("messages");
  }

  @Override
  public @Nullable Object schema(Map<?, ?> body) throws BadRequest {
    return body.get("response_format") instanceof Map<?, ?> format
            && "json_schema".equals(format.get("type"))
        ? Json.map(format.get("json_schema"), "json_schema").get("schema")
        : null;
  }

  @Override
  public boolean logprobs(Map<?, ?> body) {
    return Boolean.TRUE.equals(body.get("logprobs"));
  }

  @Override
  public Map<String, Object> body(Said said) {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", "assistant");
    message.put("content", said.refusal() == null ? said.content() : null);
    message.put("refusal", said.refusal());
    Map<String, Object> choice = new LinkedHashMap<>();
    choice.put("index", 0);
    choice.put("message", message);
    choice.put(
        "finish_reason",
        switch (said.end()) {
          case STOP -> "stop";
          case LENGTH -> "length";
          case FILTER -> "content_filter";
        });
    if (said.tokens() != null) {
      choice.put("logprobs", Map.of("content", said.tokens()));
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("object", "chat.completion");
    body.put("choices", List.of(choice));
    body.put(
        "usage",
        Map.of(
            "prompt_tokens", said.input(),
            "completion_tokens", said.output(),
            "total_tokens", said.input() + said.output()));
    return body;
  }
}

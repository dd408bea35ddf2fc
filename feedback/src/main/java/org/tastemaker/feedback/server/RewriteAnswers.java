package org.tastemaker.feedback.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Answers to requests for a rewritten prompt, which are those whose answer has the field {@code
 * prompt} alone.
 */
final class RewriteAnswers {
  private static final String PROMPT = "The prompt: ";
  private static final String FIELD = "prompt";

  private final @Nullable UnaryOperator<String> rewriter;

  RewriteAnswers(@Nullable UnaryOperator<String> rewriter) {
    this.rewriter = rewriter;
  }

  /** The body of the answer; empty where something else is asked for, or nothing is rewritten. */
  Optional<String> answer(Map<?, ?> body, Dialect dialect) throws BadRequest {
    if (rewriter == null || !(dialect.schema(body) instanceof Map<?, ?> schema)) {
      return Optional.empty();
    }
    if (!(schema.get("properties") instanceof Map<?, ?> fields)
        || !fields.keySet().equals(Set.of(FIELD))) {
      return Optional.empty();
    }
    String asked = text(body, dialect);
    String answer = Json.write(Map.of(FIELD, rewriter.apply(asked)));
    Dialect.Said said =
        new Dialect.Said(
            Dialect.End.STOP,
            answer,
            null,
            null,
            asked.length() / 4 + 1L,
            answer.length() / 4 + 1L);
    Map<String, Object> whole = new LinkedHashMap<>();
    whole.put("id", "mock-" + Integer.toHexString(answer.hashCode()));
    whole.put("model", Json.text(body.get("model"), "model"));
    whole.putAll(dialect.body(said));
    return Optional.of(Json.write(whole));
  }

  private static String text(Map<?, ?> body, Dialect dialect) throws BadRequest {
    if (dialect.messages(body) instanceof List<?> messages) {
      for (Object message : messages) {
        Map<?, ?> map = Json.map(message, "messages");
        Object content = map.get("content");
        if ("user".equals(map.get("role"))) {
          List<?> parts = content instanceof List<?> list ? list : List.of(Map.of("text", content));
          for (Object part : parts) {
            String words = Json.text(Json.map(part, "content").get("text"), "content.text");
            if (words.startsWith(PROMPT)) {
              String line = words.substring(PROMPT.length()).lines().findFirst().orElse("");
              return Json.text(Json.object("{\"p\":" + line + "}").get("p"), PROMPT);
            }
          }
        }
      }
    }
    throw BadRequest.because("invalid_value", "messages", "no text begins with '" + PROMPT + "'");
  }
}

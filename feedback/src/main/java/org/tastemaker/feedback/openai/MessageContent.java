package org.tastemaker.feedback.openai;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a message of Chat Completions says, in any of the forms that its content has: text; a list
 * of parts, whose texts are joined; an object, which is JSON that the server has parsed; or, where
 * there is none, what a tool is called with, since servers have models answer so in a forced form.
 *
 * @param text empty if there is none
 * @param refusal null if there is none
 * @param thought whether the message holds thinking in a field or part of its own
 */
record MessageContent(String text, @Nullable String refusal, boolean thought) {
  static MessageContent of(ChatWire.Reply reply) {
    StringBuilder text = new StringBuilder();
    StringBuilder refusal = new StringBuilder();
    boolean thought = Wire.isError(reply.reasoning()) || Wire.isError(reply.reasoningContent());
    if (reply.content() instanceof List<?> parts) {
      for (Object part : parts) {
        thought |= part(part, text, refusal);
      }
    } else if (reply.content() instanceof Map<?, ?> map && !map.containsKey("type")) {
      text.append(Wire.json(map));
    } else {
      thought |= part(reply.content(), text, refusal);
    }
    if (text.toString().isBlank()) {
      text.append(called(reply.toolCalls(), reply.functionCall()));
    }
    if (reply.refusal() instanceof String words && !words.isBlank()) {
      refusal.append(words);
    }
    return new MessageContent(
        text.toString(), refusal.isEmpty() ? null : refusal.toString(), thought);
  }

  /** Adds what a part says; whether it is thinking. */
  private static boolean part(@Nullable Object part, StringBuilder text, StringBuilder refusal) {
    if (part instanceof String words) {
      text.append(words);
    }
    if (!(part instanceof Map<?, ?> map)) {
      return false;
    }
    if (map.get("refusal") instanceof String words) {
      refusal.append(words);
    }
    if (map.get("type") instanceof String type
        && (type.contains("think") || type.contains("reason"))) {
      return true;
    }
    Object words = map.get("text");
    if (words instanceof Map<?, ?> wrapped) {
      words = wrapped.get("value");
    }
    if (words instanceof String said) {
      text.append(said);
    }
    return false;
  }

  private static String called(@Nullable Object tools, @Nullable Object function) {
    Object call = function;
    if (tools instanceof List<?> list && !list.isEmpty() && list.get(0) instanceof Map<?, ?> tool) {
      call = tool.get("function");
    }
    Object with = call instanceof Map<?, ?> map ? map.get("arguments") : null;
    return with instanceof String text ? text : with instanceof Map<?, ?> map ? Wire.json(map) : "";
  }
}

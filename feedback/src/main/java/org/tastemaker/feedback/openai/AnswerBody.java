package org.tastemaker.feedback.openai;

import java.nio.charset.StandardCharsets;

/** The body of an answer as one JSON object, where a server wraps it. */
final class AnswerBody {
  private AnswerBody() {}

  /**
   * The object of a list of one, as Gemini sends errors; the pieces of a stream, joined; anything
   * else as it is.
   */
  static byte[] plain(byte[] body, AnswerJson json) {
    int first = first(body);
    if (first != '[' && first != 'd' && first != 'e' && first != ':') {
      return body;
    }
    String text = new String(body, StandardCharsets.UTF_8).strip();
    if (first != '[') {
      return text.matches("(?s)(?:data:|event:|:).*") && text.contains("data:")
          ? Wire.json(EventStream.join(text, json)).getBytes(StandardCharsets.UTF_8)
          : body;
    }
    String inside = text.endsWith("]") ? text.substring(1, text.length() - 1).strip() : "";
    return inside.startsWith("{") && inside.endsWith("}")
        ? inside.getBytes(StandardCharsets.UTF_8)
        : body;
  }

  private static int first(byte[] body) {
    for (byte b : body) {
      if (b > ' ') {
        return b;
      }
    }
    return 0;
  }
}

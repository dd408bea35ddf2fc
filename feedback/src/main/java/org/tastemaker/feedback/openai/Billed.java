package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * What an answer says about its cost, whatever else there is in it.
 *
 * <p>The counts are read wherever they stand: at the top, in a choice, in {@code x_groq}, under
 * Gemini's own names, in a body that is cut off or no JSON for another reason. Of several, those
 * nearest to the top count.
 *
 * @param model who answered; empty if it does not say
 * @param usage null if it does not say, or nothing that can be
 * @param reasoningTokens of the output
 * @param id of the answer; empty if it does not say
 */
record Billed(String model, @Nullable Usage usage, long reasoningTokens, String id) {
  private static final String[] NAMES = {"usage", "usageMetadata", "usage_metadata"};

  static Billed read(AnswerJson json, byte[] body) {
    String model = "";
    String id = "";
    try {
      ChatWire.Bill bill = json.read(ChatWire.Bill.class, body);
      model = Wire.name(bill.model());
      id = Wire.name(bill.id());
    } catch (JsonDataException e) {
      // Its counts may be readable all the same.
    }
    ChatWire.Tokens tokens = tokens(json, body);
    return tokens == null
        ? new Billed(model, null, 0, id)
        : new Billed(
            model,
            Wire.usage(tokens),
            Math.max(
                Wire.reasoning(tokens.completionDetails()), Wire.reasoning(tokens.outputDetails())),
            id);
  }

  private static ChatWire.@Nullable Tokens tokens(AnswerJson json, byte[] body) {
    String text = new String(body, StandardCharsets.ISO_8859_1); // a character for each byte
    int best = -1;
    int least = Integer.MAX_VALUE;
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '{' || c == '[') {
        depth++;
      } else if (c == '}' || c == ']') {
        depth--;
      } else if (c == '"') {
        int end = endOfText(text, i);
        int value = isOneOf(text, i + 1, end) ? objectAt(text, end) : -1;
        if (value >= 0 && depth <= least) {
          best = value;
          least = depth;
        }
        i = end;
      }
    }
    int end = best < 0 ? -1 : endOfObject(text, best);
    if (end < 0) {
      return null;
    }
    try {
      return json.read(ChatWire.Counts.class, wrapped(text.substring(best, end))).usage();
    } catch (JsonDataException e) {
      return null;
    }
  }

  /** Within an object, where counts that cannot be read are as if they were missing. */
  private static byte[] wrapped(String object) {
    return ("{\"usage\":" + object + "}").getBytes(StandardCharsets.ISO_8859_1);
  }

  private static boolean isOneOf(String text, int from, int to) {
    for (String name : NAMES) {
      if (name.length() == to - from && text.startsWith(name, from)) {
        return true;
      }
    }
    return false;
  }

  private static int endOfText(String text, int from) {
    for (int i = from + 1; i < text.length(); i++) {
      if (text.charAt(i) == '\\') {
        i++;
      } else if (text.charAt(i) == '"') {
        return i;
      }
    }
    return text.length();
  }

  /** Where the object begins that a name has as its value; -1 if it has another. */
  private static int objectAt(String text, int endOfName) {
    boolean colon = false;
    for (int i = endOfName + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ':' && !colon) {
        colon = true;
      } else if (c > ' ') {
        return colon && c == '{' ? i : -1;
      }
    }
    return -1;
  }

  private static int endOfObject(String text, int from) {
    int depth = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"') {
        i = endOfText(text, i);
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i + 1;
      }
    }
    return -1;
  }
}

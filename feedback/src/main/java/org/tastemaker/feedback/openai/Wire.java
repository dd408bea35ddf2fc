package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/** What both wire formats have in common. */
final class Wire {
  static final Moshi MOSHI = new Moshi.Builder().build();

  private static final int LONGEST_NAME = 200;
  private static final JsonAdapter<Object> ANY = MOSHI.adapter(Object.class);

  private Wire() {}

  /** A value as JSON text. */
  static String json(Object value) {
    return ANY.toJson(value);
  }

  /** Parses JSON. */
  static @Nullable Object parse(String text) throws IOException {
    return ANY.fromJson(text);
  }

  static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  /** Whether what stands in the place of an error is one, and not an empty shell. */
  static boolean isError(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.values().stream().anyMatch(Wire::isError);
    }
    return value instanceof String text
        ? !text.isBlank()
        : value instanceof Double number ? number != 0 : value != null && !value.equals(false);
  }

  /** A name that a server gave: a line of bounded length, since it is stored and shown. */
  static String name(@Nullable String value) {
    String line = text(value).replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    return line.length() > LONGEST_NAME ? line.substring(0, LONGEST_NAME) : line;
  }

  /** A name that a server gave, or another one where it gave none. */
  static String name(@Nullable String value, String otherwise) {
    String name = name(value);
    return name.isEmpty() ? otherwise : name;
  }

  /** A list without what is null, or missing as a whole. */
  static <T> List<T> whole(@Nullable List<@Nullable T> list) {
    List<T> whole = new ArrayList<>();
    for (T item : list == null ? List.<@Nullable T>of() : list) {
      if (item != null) {
        whole.add(item);
      }
    }
    return whole;
  }

  /** The schema of an answer as text, for a server that cannot enforce it. */
  static String inWords(ModelCall.Form form) {
    return "Answer with one JSON object, and nothing before or after it, that fits this JSON schema: "
        + json(form.schema());
  }

  /**
   * Any count may be missing, and some servers count more cached tokens than tokens; null if all
   * are missing. A sum alone is taken as input: nobody says how much of it was output.
   */
  static @Nullable Usage usage(ChatWire.Tokens tokens) {
    Long input = first(tokens.promptTokens(), tokens.inputTokens(), tokens.promptTokenCount());
    Long output =
        first(tokens.completionTokens(), tokens.outputTokens(), tokens.candidatesTokenCount());
    if (input == null && output == null && tokens.totalTokens() == null) {
      return null;
    }
    long in = atLeast0(input == null && output == null ? tokens.totalTokens() : input);
    long cached =
        Math.max(
            Math.max(cached(tokens.promptDetails()), cached(tokens.inputDetails())),
            atLeast0(tokens.cachedContentTokenCount()));
    return new Usage(
        1, in, Math.min(cached, in), atLeast0(output) + atLeast0(tokens.thoughtsTokenCount()));
  }

  private static @Nullable Long first(@Nullable Long... counts) {
    for (Long count : counts) {
      if (count != null) {
        return count;
      }
    }
    return null;
  }

  private static long cached(ChatWire.@Nullable InputDetails details) {
    return details == null ? 0 : atLeast0(details.cachedTokens());
  }

  static long reasoning(ChatWire.@Nullable OutputDetails details) {
    return details == null ? 0 : atLeast0(details.reasoningTokens());
  }

  private static long atLeast0(@Nullable Long count) {
    return count == null ? 0 : Math.max(0, count);
  }
}

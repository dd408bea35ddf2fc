package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/** What both wire formats have in common. */
final class Wire {
  static final Moshi MOSHI = new Moshi.Builder().build();

  private static final JsonAdapter<Object> ANY = MOSHI.adapter(Object.class);

  private Wire() {}

  /** A value as JSON text. */
  static String json(Object value) {
    return ANY.toJson(value);
  }

  static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  /** The schema of an answer as text, for a server that cannot enforce it. */
  static String inWords(ModelCall.Form form) {
    return "Answer with one JSON object, and nothing before or after it, that fits this JSON schema: "
        + json(form.schema());
  }

  /** Any count may be missing, and some servers count more cached tokens than tokens. */
  static Usage usage(
      @Nullable Long input, ChatWire.@Nullable InputDetails details, @Nullable Long output) {
    long in = atLeast0(input);
    long cached = details == null ? 0 : atLeast0(details.cachedTokens());
    return new Usage(1, in, Math.min(cached, in), atLeast0(output));
  }

  static long reasoning(ChatWire.@Nullable OutputDetails details) {
    return details == null ? 0 : atLeast0(details.reasoningTokens());
  }

  private static long atLeast0(@Nullable Long count) {
    return count == null ? 0 : Math.max(0, count);
  }
}

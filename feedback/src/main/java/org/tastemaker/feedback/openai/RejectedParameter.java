package org.tastemaker.feedback.openai;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the parameter that an error is about, and removes it from the capabilities. */
final class RejectedParameter {
  /** A parameter in an error's text: as a word, so that no part of another word counts. */
  private static final Splitter WORDS =
      Splitter.on(CharMatcher.inRange('a', 'z').or(CharMatcher.is('_')).negate());

  private static final Pattern AT_MOST =
      Pattern.compile(
          "(?:less than or equal to|at most|maximum(?: value)?(?: is| of|:)?|<=)\\s*(\\d{1,2})\\b");

  private RejectedParameter() {}

  /**
   * What remains after a request was rejected.
   *
   * @param error what the server said
   * @param sent the request: only parameters that it contains count
   * @param can what the model was assumed to support
   * @return empty if the error names no optional parameter that was sent
   */
  static Optional<ModelCapabilities> remaining(
      ApiError error, ModelCall sent, ModelCapabilities can) {
    if (error.status() != 400 && error.status() != 403 && error.status() != 422) {
      return Optional.empty();
    }
    if ("context_length_exceeded".equals(error.code())) {
      return Optional.empty();
    }
    for (String name : List.of(error.param(), error.message().toLowerCase(Locale.ROOT))) {
      Optional<ModelCapabilities> less = without(name, error.message(), sent, can);
      if (less.isPresent()) {
        return less;
      }
    }
    return Optional.empty();
  }

  private static Optional<ModelCapabilities> without(
      String text, String message, ModelCall sent, ModelCapabilities can) {
    boolean askedLogprobs = can.logprobs() && sent.logprobs();
    if (askedLogprobs && names(text, "top_logprobs")) {
      Matcher atMost = AT_MOST.matcher(message);
      int top = atMost.find() ? Integer.parseInt(atMost.group(1)) : 0;
      return Optional.of(
          top >= 2 && top < can.topLogprobs() ? can.withTopLogprobs(top) : can.withLogprobs(false));
    }
    if (askedLogprobs && (names(text, "logprobs") || text.startsWith("include"))) {
      return Optional.of(can.withLogprobs(false));
    }
    if (can.temperature() && sent.temperature() != null && names(text, "temperature")) {
      return Optional.of(can.withTemperature(false));
    }
    if (can.seed() && sent.seed() != null && names(text, "seed")) {
      return Optional.of(can.withSeed(false));
    }
    if (can.effort()
        && sent.effort() != null
        && (names(text, "reasoning_effort") || text.startsWith("reasoning"))) {
      return Optional.of(can.withEffort(false));
    }
    if (can.structure() != ModelCapabilities.Structure.WORDS
        && sent.form() != null
        && (names(text, "response_format")
            || names(text, "json_schema")
            || text.contains("text.format"))) {
      return Optional.of(
          can.withStructure(
              can.structure() == ModelCapabilities.Structure.JSON_SCHEMA
                  ? ModelCapabilities.Structure.JSON_OBJECT
                  : ModelCapabilities.Structure.WORDS));
    }
    if (can.limit() == ModelCapabilities.Limit.MAX_COMPLETION_TOKENS
        && names(text, "max_completion_tokens")) {
      return Optional.of(can.withLimit(ModelCapabilities.Limit.MAX_TOKENS));
    }
    if (can.limit() == ModelCapabilities.Limit.MAX_TOKENS && names(text, "max_tokens")) {
      return Optional.of(can.withLimit(ModelCapabilities.Limit.NONE));
    }
    if (can.detail()
        && sent.parts().stream().anyMatch(ModelCall.Picture.class::isInstance)
        && (text.contains("image_url.detail") || text.contains("'detail'"))) {
      return Optional.of(can.withDetail(false));
    }
    return Optional.empty();
  }

  private static boolean names(String text, String parameter) {
    for (String word : WORDS.split(text)) {
      if (word.equals(parameter)) {
        return true;
      }
    }
    return false;
  }
}

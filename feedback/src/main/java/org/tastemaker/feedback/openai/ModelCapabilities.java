package org.tastemaker.feedback.openai;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model, on a server, can do. Nothing is assumed of a name: the client begins with {@link
 * #ALL} or what the user says, and takes away what an answer of 400, 403 or 422 names.
 *
 * @param logprobs gives log-probabilities of the answer's tokens; reasoning models do not
 * @param topLogprobs how many alternatives of a token it gives, 1 to 20
 * @param temperature can be set; reasoning models have their own
 * @param seed heeds a seed, at least formally
 * @param detail of an image can be set
 * @param effort of reasoning can be set
 * @param structure how the form of an answer can be forced
 * @param limit by which parameter the length of an answer is limited
 * @param hiddenTokens room for reasoning on top of the answer's own length
 */
public record ModelCapabilities(
    boolean logprobs,
    int topLogprobs,
    boolean temperature,
    boolean seed,
    boolean detail,
    boolean effort,
    Structure structure,
    Limit limit,
    int hiddenTokens) {
  /** Everything. */
  public static final ModelCapabilities ALL =
      new ModelCapabilities(
          true, 20, true, true, true, true, Structure.JSON_SCHEMA, Limit.MAX_COMPLETION_TOKENS, 0);

  /** A parameter in an error's text: as a word, so that no part of another word counts. */
  private static final Splitter WORDS =
      Splitter.on(CharMatcher.inRange('a', 'z').or(CharMatcher.is('_')).negate());

  private static final Pattern AT_MOST =
      Pattern.compile(
          "(?:less than or equal to|at most|maximum(?: value)?(?: is| of|:)?|<=)\\s*(\\d{1,2})\\b");

  public ModelCapabilities {
    Objects.requireNonNull(structure, "structure == null");
    Objects.requireNonNull(limit, "limit == null");
    if (topLogprobs < 1 || topLogprobs > 20 || hiddenTokens < 0) {
      throw new IllegalArgumentException(
          "topLogprobs must be 1 to 20 and hiddenTokens at least 0, but were "
              + topLogprobs
              + " and "
              + hiddenTokens);
    }
  }

  /** How the form of an answer can be forced. */
  public enum Structure {
    /** By a strict JSON schema. */
    JSON_SCHEMA,
    /** To be JSON; which one is said in words. */
    JSON_OBJECT,
    /** Not at all; it is said in words. */
    WORDS
  }

  /** By which parameter the length of an answer is limited. */
  public enum Limit {
    /** {@code max_completion_tokens}, the current one. */
    MAX_COMPLETION_TOKENS,
    /** {@code max_tokens}, its predecessor, which many compatible servers know alone. */
    MAX_TOKENS,
    /** None. */
    NONE
  }

  /**
   * These capabilities without log-probabilities, a temperature and a seed: what reasoning models
   * have.
   *
   * @param hiddenTokens room for reasoning on top of the answer's own length
   * @return new capabilities
   */
  public ModelCapabilities ofAReasoningModel(int hiddenTokens) {
    return new ModelCapabilities(
        false, topLogprobs, false, false, detail, effort, structure, limit, hiddenTokens);
  }

  /** These, with more room for reasoning. */
  ModelCapabilities withHiddenTokens(int hiddenTokens) {
    return new ModelCapabilities(
        logprobs, topLogprobs, temperature, seed, detail, effort, structure, limit, hiddenTokens);
  }

  /**
   * What remains after a request was turned down.
   *
   * @param error what the server said
   * @param sent the request, by whose content a named parameter is told from a chance word
   * @return empty where no parameter that was sent, and can be done without, is to blame
   */
  Optional<ModelCapabilities> without(ApiError error, ModelCall sent) {
    if (error.status() != 400 && error.status() != 403 && error.status() != 422) {
      return Optional.empty();
    }
    if ("context_length_exceeded".equals(error.code())) {
      return Optional.empty();
    }
    for (String name : List.of(error.param(), error.message().toLowerCase(Locale.ROOT))) {
      Optional<ModelCapabilities> less = without(name, error.message(), sent);
      if (less.isPresent()) {
        return less;
      }
    }
    return Optional.empty();
  }

  private Optional<ModelCapabilities> without(String text, String message, ModelCall sent) {
    boolean askedLogprobs = logprobs && sent.logprobs();
    if (askedLogprobs && names(text, "top_logprobs")) {
      Matcher atMost = AT_MOST.matcher(message);
      int top = atMost.find() ? Integer.parseInt(atMost.group(1)) : 0;
      return Optional.of(
          top >= 2 && top < topLogprobs ? copy(true, top, temperature, seed) : noLogprobs());
    }
    if (askedLogprobs && (names(text, "logprobs") || text.startsWith("include"))) {
      return Optional.of(noLogprobs());
    }
    if (temperature && sent.temperature() != null && names(text, "temperature")) {
      return Optional.of(copy(logprobs, topLogprobs, false, seed));
    }
    if (seed && sent.seed() != null && names(text, "seed")) {
      return Optional.of(copy(logprobs, topLogprobs, temperature, false));
    }
    if (effort
        && sent.effort() != null
        && (names(text, "reasoning_effort") || text.startsWith("reasoning"))) {
      return Optional.of(
          new ModelCapabilities(
              logprobs,
              topLogprobs,
              temperature,
              seed,
              detail,
              false,
              structure,
              limit,
              hiddenTokens));
    }
    if (structure != Structure.WORDS
        && sent.form() != null
        && (names(text, "response_format")
            || names(text, "json_schema")
            || text.contains("text.format"))) {
      Structure next = structure == Structure.JSON_SCHEMA ? Structure.JSON_OBJECT : Structure.WORDS;
      return Optional.of(
          new ModelCapabilities(
              logprobs, topLogprobs, temperature, seed, detail, effort, next, limit, hiddenTokens));
    }
    if (limit == Limit.MAX_COMPLETION_TOKENS && names(text, "max_completion_tokens")) {
      return Optional.of(with(Limit.MAX_TOKENS));
    }
    if (limit == Limit.MAX_TOKENS && names(text, "max_tokens")) {
      return Optional.of(with(Limit.NONE));
    }
    if (detail
        && sent.parts().stream().anyMatch(ModelCall.Picture.class::isInstance)
        && (text.contains("image_url.detail") || text.contains("'detail'"))) {
      return Optional.of(
          new ModelCapabilities(
              logprobs,
              topLogprobs,
              temperature,
              seed,
              false,
              effort,
              structure,
              limit,
              hiddenTokens));
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

  private ModelCapabilities noLogprobs() {
    return copy(false, topLogprobs, temperature, seed);
  }

  private ModelCapabilities copy(
      boolean logprobs, int topLogprobs, boolean temperature, boolean seed) {
    return new ModelCapabilities(
        logprobs, topLogprobs, temperature, seed, detail, effort, structure, limit, hiddenTokens);
  }

  private ModelCapabilities with(Limit limit) {
    return new ModelCapabilities(
        logprobs, topLogprobs, temperature, seed, detail, effort, structure, limit, hiddenTokens);
  }
}

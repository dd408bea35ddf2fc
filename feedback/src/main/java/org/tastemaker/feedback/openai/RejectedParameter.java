package org.tastemaker.feedback.openai;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the parameter that an error calls unsupported, and removes it from the capabilities.
 *
 * <p>A parameter is one only where the same sentence names it and says so: "unsupported", "not
 * allowed", "unrecognized". A sentence about a value, such as a limit of length that the context
 * has no room for, teaches nothing about the parameter, nor does a request that is repeated in the
 * error. Two parameters are left out because of their value too, since they are there for it alone:
 * the temperature, and alternatives of a token, of which fewer are asked for.
 */
final class RejectedParameter {
  private static final Set<String> OURS =
      Set.of(
          "logprobs",
          "top_logprobs",
          "temperature",
          "seed",
          "max_completion_tokens",
          "max_tokens",
          "max_output_tokens",
          "reasoning_effort",
          "instructions");

  /** A parameter in an error's text: as a word, so that no part of another word counts. */
  private static final Splitter WORDS =
      Splitter.on(CharMatcher.inRange('a', 'z').or(CharMatcher.is('_')).negate());

  private static final Pattern SENTENCE = Pattern.compile("[.;!](?:\\s+|$)");

  private static final Pattern KEY_OF_A_REQUEST =
      Pattern.compile("[\"'](?:messages|model|input)[\"']");
  private static final Pattern KEY_OF_AN_ERROR = Pattern.compile("[\"'](?:msg|message)[\"']");

  private static final Pattern SAYS_SO =
      Pattern.compile(
          "unsupported|(?:not|n't|no longer) (?:yet )?(?:currently )?(?:be )?(?:support|accept|allow|permit"
              + "|available|implement|enabled|recogni|used|known|a valid)"
              + "|only supported|unrecogni[sz]ed|unknown|unexpected|incompatible|disallowed|deprecated"
              + "|cannot be (?:used|set)|cannot find|no such|invalid (?:parameter|argument|field|name)"
              + "|not a (?:parameter|field)");

  private static final Pattern VALUE =
      Pattern.compile(
          "must be|should be|has to be|less than|greater than|at most|at least|between|range|too (?:large"
              + "|small|high|low|big)|invalid|exceed|maximum|minimum|default");

  private static final Pattern AT_MOST =
      Pattern.compile(
          "(?:less than or equal to|at most|max(?:imum)?(?: value| allowed)?(?: is| of|:)?|up to|<=|and"
              + "|\\[\\d+,)\\s*(\\d{1,6})\\b");

  private RejectedParameter() {}

  /** Whether an error is about a parameter that requests may have, by its name or by its words. */
  static boolean isAboutOurs(ApiError error) {
    if (isOurs(error.param())) {
      return true;
    }
    return sentences(error).stream()
        .anyMatch(
            sentence ->
                (SAYS_SO.matcher(sentence).find() || VALUE.matcher(sentence).find())
                    && isOurs(sentence));
  }

  /**
   * What remains after a request was rejected.
   *
   * @param error what the server said
   * @param sent the request: only parameters that it contains count
   * @param can what the model was assumed to support
   * @return empty if the error calls no optional parameter unsupported that was sent
   */
  static Optional<ModelCapabilities> remaining(
      ApiError error, ModelCall sent, ModelCapabilities can) {
    boolean coded = error.code().startsWith("unsupported_") || error.code().startsWith("unknown_");
    String param = error.param().toLowerCase(Locale.ROOT);
    List<String> sentences = sentences(error);
    for (String sentence : sentences) {
      boolean named = isOurs(param) || namesDetail(param);
      Optional<ModelCapabilities> less =
          without(
              named ? param : sentence,
              sentence,
              atMost(String.join(" ", sentences)),
              coded || SAYS_SO.matcher(sentence).find(),
              sent,
              can);
      if (less.isPresent()) {
        return less;
      }
    }
    return Optional.empty();
  }

  private static Optional<ModelCapabilities> without(
      String text,
      String sentence,
      int most,
      boolean saysSo,
      ModelCall sent,
      ModelCapabilities can) {
    boolean askedLogprobs = can.logprobs() && sent.logprobs();
    boolean ofTokens = names(text, "top_logprobs") || names(text, "logprobs");
    if (askedLogprobs && ofTokens && most >= 2 && most < can.topLogprobs()) {
      return Optional.of(can.withTopLogprobs(most));
    }
    if (can.temperature()
        && sent.temperature() != null
        && names(text, "temperature")
        && (saysSo || VALUE.matcher(sentence).find())) {
      return Optional.of(can.withTemperature(false));
    }
    boolean ofLength =
        names(text, "max_tokens")
            || names(text, "max_completion_tokens")
            || names(text, "max_output_tokens");
    if (ofLength && most >= sent.maxTokens() && most < sent.maxTokens() + can.hiddenTokens()) {
      return Optional.of(can.withHiddenTokens(most - sent.maxTokens()));
    }
    if (!saysSo) {
      return Optional.empty();
    }
    if (askedLogprobs && (ofTokens || text.startsWith("include"))) {
      return Optional.of(can.withLogprobs(false));
    }
    if (can.seed() && sent.seed() != null && names(text, "seed")) {
      return Optional.of(can.withSeed(false));
    }
    if (can.effort() && sent.effort() != null && namesEffort(text)) {
      return Optional.of(can.withEffort(false));
    }
    if (can.limit() == ModelCapabilities.Limit.MAX_COMPLETION_TOKENS
        && (names(text, "max_completion_tokens") || names(text, "max_output_tokens"))) {
      return Optional.of(can.withLimit(ModelCapabilities.Limit.MAX_TOKENS));
    }
    if (can.limit() == ModelCapabilities.Limit.MAX_TOKENS && ofLength) {
      return Optional.of(can.withLimit(ModelCapabilities.Limit.NONE));
    }
    if (can.detail()
        && sent.parts().stream().anyMatch(ModelCall.Picture.class::isInstance)
        && namesDetail(text)) {
      return Optional.of(can.withDetail(false));
    }
    if (can.systemRole() && names(text, "instructions")) {
      return Optional.of(can.withSystemRole(false));
    }
    return Optional.empty();
  }

  private static List<String> sentences(ApiError error) {
    String message = error.quoted() ? "" : withoutRequest(error.message().toLowerCase(Locale.ROOT));
    List<String> sentences = new ArrayList<>(List.of(SENTENCE.split(message)));
    return sentences.isEmpty() ? List.of("") : sentences;
  }

  /** Words without a request that is repeated in them, to its end or to theirs. */
  private static String withoutRequest(String words) {
    StringBuilder without = new StringBuilder();
    for (int i = 0; i < words.length(); i++) {
      if (words.charAt(i) == '{') {
        int end = end(words, i);
        String object = words.substring(i, end);
        if (KEY_OF_A_REQUEST.matcher(object).find() && !KEY_OF_AN_ERROR.matcher(object).find()) {
          i = end - 1;
          continue;
        }
      }
      without.append(words.charAt(i));
    }
    return without.toString();
  }

  private static int end(String words, int from) {
    int depth = 0;
    for (int i = from; i < words.length(); i++) {
      depth += words.charAt(i) == '{' ? 1 : words.charAt(i) == '}' ? -1 : 0;
      if (depth == 0) {
        return i + 1;
      }
    }
    return words.length();
  }

  private static int atMost(String sentence) {
    Matcher matcher = AT_MOST.matcher(sentence);
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
  }

  private static boolean isOurs(String text) {
    return WORDS.splitToStream(text).anyMatch(OURS::contains)
        || namesEffort(text)
        || text.equals("include");
  }

  private static boolean namesEffort(String text) {
    return names(text, "reasoning_effort")
        || text.startsWith("reasoning")
        || text.contains("reasoning.effort")
        || text.contains("'reasoning'");
  }

  private static boolean namesDetail(String text) {
    return text.contains("image_url.detail") || text.contains("'detail'");
  }

  private static boolean names(String text, String parameter) {
    return WORDS.splitToStream(text).anyMatch(parameter::equals);
  }
}

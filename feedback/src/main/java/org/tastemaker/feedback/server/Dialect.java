package org.tastemaker.feedback.server;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What differs between Chat Completions and Responses, as a server sees it. */
interface Dialect {
  /** Where requests go to. */
  String path();

  /** The messages of a request. */
  @Nullable Object messages(Map<?, ?> body);

  /** The schema that an answer is forced into; null where it is forced into none. */
  @Nullable Object schema(Map<?, ?> body) throws BadRequest;

  /** Whether log-probabilities are asked for. */
  boolean logprobs(Map<?, ?> body);

  /** The body of an answer, without id and model. */
  Map<String, Object> body(Said said);

  /** How a model ended. */
  enum End {
    /** By itself. */
    STOP,
    /** At the limit of its length. */
    LENGTH,
    /** A filter stopped it. */
    FILTER
  }

  /**
   * What a model said.
   *
   * @param end how it ended
   * @param content in words
   * @param refusal in words; null where it did not refuse
   * @param tokens of the content, with log-probabilities; null where none were asked for
   * @param input tokens
   * @param output tokens
   */
  record Said(
      End end,
      String content,
      @Nullable String refusal,
      @Nullable List<Object> tokens,
      long input,
      long output) {}
}

package org.tastemaker.feedback.openai;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * What a model answered, whatever the wire format.
 *
 * @param end how the answer ended
 * @param content the answer's text; empty where there is none
 * @param refusal the model's words where it did not want to answer, or null
 * @param tokens the answer's tokens with their probabilities; empty where these were not given
 * @param usage what the call used
 * @param reasoningTokens the part of the output that is not seen
 * @param model who answered
 */
record ModelAnswer(
    End end,
    String content,
    @Nullable String refusal,
    List<ChatWire.Token> tokens,
    Usage usage,
    long reasoningTokens,
    String model) {

  /** How an answer ended. */
  enum End {
    /** By itself. */
    COMPLETE,
    /** At the limit of its length: what is there is not valid JSON. */
    TRUNCATED,
    /** A filter stopped it. */
    FILTERED
  }
}

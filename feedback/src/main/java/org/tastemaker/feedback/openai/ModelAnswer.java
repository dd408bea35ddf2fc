package org.tastemaker.feedback.openai;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * An answer of a model, independent of the wire format.
 *
 * @param end how the answer ended
 * @param content the answer's text; empty if there is none
 * @param refusal the words of a refusal, or null
 * @param tokens the answer's tokens with their probabilities; empty if not given
 * @param usage what the call used
 * @param reasoningTokens hidden reasoning, as a part of the output
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

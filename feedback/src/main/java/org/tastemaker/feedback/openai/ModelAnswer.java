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
 * @param thought whether it holds hidden reasoning, counted or seen
 * @param model who answered
 */
record ModelAnswer(
    End end,
    String content,
    @Nullable String refusal,
    List<ChatWire.Token> tokens,
    Usage usage,
    boolean thought,
    String model) {

  /** Whether its end came while the model was thinking, so that more room may help. */
  boolean isCutOffInThought() {
    return end == End.TRUNCATED && (thought || AnswerText.isOnlyThinking(content));
  }

  /** This answer, with what earlier ones have used that could not be. */
  ModelAnswer after(Usage spent) {
    return new ModelAnswer(end, content, refusal, tokens, spent.plus(usage), thought, model);
  }

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

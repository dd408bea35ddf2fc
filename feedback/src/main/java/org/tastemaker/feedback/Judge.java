package org.tastemaker.feedback;

/**
 * Answers one question about images: ChatGPT, a compatible server, a mock judge, or a wrapper
 * around one of them that remembers, retries, limits or counts.
 *
 * <p>A judge is asked from several threads at a time.
 */
@FunctionalInterface
public interface Judge {
  /**
   * Asks.
   *
   * @param question what to judge
   * @return the answer, about positions in the order shown; it {@linkplain Verdict#requireFits fits
   *     the question}
   * @throws FeedbackException if there is no answer; {@link FeedbackException#stopsTheJob} says
   *     whether further questions are pointless
   */
  Verdict ask(Question question);

  /**
   * The name of this judge, for records of missing judgements. A verdict names its own model.
   *
   * @return a short name, such as the model's
   */
  default String name() {
    return "judge";
  }
}

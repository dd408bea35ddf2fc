package org.tastemaker.feedback;

import java.util.function.Function;
import java.util.function.Supplier;

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
   * Asks, and uses the outcome before anything else happens: while the call still counts as in
   * flight, so that no other is made meanwhile. What keeps answers uses this, so that a kill loses
   * no more answers than there are calls in flight.
   *
   * @param question what to judge
   * @param first uses the outcome; its argument gives the answer, or throws why there is none
   * @param <T> what it makes of it
   * @return what {@code first} has returned
   * @throws FeedbackException if there is no outcome to use
   */
  default <T> T ask(Question question, Function<Supplier<Verdict>, T> first) {
    return first.apply(() -> ask(question));
  }

  /**
   * The judge to ask once more what was refused, or answered with something that is no verdict: it
   * does not repeat such an answer from a cache.
   *
   * @return by default this judge, which remembers nothing
   */
  default Judge retrying() {
    return this;
  }

  /**
   * The name of this judge, for records of missing judgements. A verdict names its own model.
   *
   * @return a short name, such as the model's
   */
  default String name() {
    return "judge";
  }
}

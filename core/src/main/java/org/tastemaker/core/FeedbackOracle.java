package org.tastemaker.core;

import java.util.List;

/**
 * A judge of images: ChatGPT, a person, a simulated one.
 *
 * <p>It ranks. A judge that scores images one at a time is the special case {@link
 * Judgement#ofScores}.
 */
@FunctionalInterface
public interface FeedbackOracle {
  /**
   * Judges each group by a rubric.
   *
   * @param groups what to compare; images are compared within their group alone
   * @param rubric what to look at
   * @return one judgement for each group, in order. A judgement may have ties, may leave images
   *     out, and may be {@linkplain Judgement#missing missing} with a reason; a failure that
   *     concerns a single group is reported that way, and only one that makes further questions
   *     pointless (no key, no credit) is thrown
   */
  List<Judgement> rank(List<ImageGroup> groups, Rubric rubric);
}

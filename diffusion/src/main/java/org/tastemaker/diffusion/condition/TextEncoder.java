package org.tastemaker.diffusion.condition;

import java.util.List;

/** Turns a text into a {@link Condition}. */
public interface TextEncoder {
  /**
   * How many tokens a text has; shorter ones are padded, longer ones cut.
   *
   * @return L
   */
  int length();

  /**
   * How many numbers a token has.
   *
   * @return D
   */
  int width();

  /**
   * How many numbers the pooled vector has.
   *
   * @return 0 if there is none
   */
  int pooledWidth();

  /**
   * Encodes a text.
   *
   * @param text any, the empty one too
   * @param clipSkip last layers to leave out, at least 0
   * @return the condition, without size ids
   */
  Condition encode(String text, int clipSkip);

  /**
   * What a person should know about how a text is read: what was cut off, and what was taken
   * literally.
   *
   * @param text any
   * @return sentences; none unless there is something to say
   */
  default List<String> remarks(String text) {
    return List.of();
  }

  /**
   * Tells the weights from others: it changes when they are trained.
   *
   * @return a checksum of every weight as it is now
   */
  long checksum();
}

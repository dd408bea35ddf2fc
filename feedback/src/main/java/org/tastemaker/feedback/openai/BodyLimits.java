package org.tastemaker.feedback.openai;

import io.soabase.recordbuilder.core.RecordBuilder;

/**
 * How long a server's answer may be. An answer that is longer is ended at the limit and is not
 * asked for a second time. A limit holds for the bytes that come over the network and for what they
 * are unpacked to, each on its own. Of an error only the beginning is read.
 *
 * @param answerBytes of an answer in words, with its probabilities; at least 1024
 * @param imageBytes of an answer with an image in it, and of an image that is fetched; at least
 *     1024
 */
@RecordBuilder
public record BodyLimits(int answerBytes, int imageBytes) implements BodyLimitsBuilder.With {
  /** 4 MiB of words, 32 MiB of an image. */
  public static final BodyLimits DEFAULTS = new BodyLimits(4 << 20, 32 << 20);

  private static final int LEAST = 1024;

  public BodyLimits {
    require("answerBytes", answerBytes);
    require("imageBytes", imageBytes);
  }

  private static void require(String name, int bytes) {
    if (bytes < LEAST) {
      throw new IllegalArgumentException(
          name + " must be at least " + LEAST + ", but was " + bytes);
    }
  }
}

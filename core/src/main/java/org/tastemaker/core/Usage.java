package org.tastemaker.core;

/**
 * What a judgement or a generation used of a paid service, or many of them together. No count is
 * over {@link #MOST}, so that no sum overflows.
 *
 * @param requests answered calls
 * @param inputTokens tokens of the question, cached ones included
 * @param cachedInputTokens the part of {@code inputTokens} that the service had cached
 * @param outputTokens tokens of the answer
 */
public record Usage(long requests, long inputTokens, long cachedInputTokens, long outputTokens) {
  /** The highest count: 10<sup>15</sup>, more than any service has. */
  public static final long MOST = 1_000_000_000_000_000L;

  /** Nothing was used. */
  public static final Usage NONE = new Usage(0, 0, 0, 0);

  public Usage {
    if (requests < 0
        || cachedInputTokens < 0
        || outputTokens < 0
        || inputTokens < cachedInputTokens
        || requests > MOST
        || inputTokens > MOST
        || outputTokens > MOST) {
      throw new IllegalArgumentException(
          "usage must be at least 0 and at most "
              + MOST
              + ", with cachedInputTokens at most inputTokens, but was requests "
              + requests
              + ", inputTokens "
              + inputTokens
              + ", cachedInputTokens "
              + cachedInputTokens
              + ", outputTokens "
              + outputTokens);
    }
  }

  /**
   * The sum of two usages.
   *
   * @param other what to add
   * @return a new usage
   * @throws IllegalArgumentException if a count would be over {@link #MOST}
   */
  public Usage plus(Usage other) {
    return new Usage(
        requests + other.requests,
        inputTokens + other.inputTokens,
        cachedInputTokens + other.cachedInputTokens,
        outputTokens + other.outputTokens);
  }
}

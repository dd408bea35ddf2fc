package org.tastemaker.core;

/**
 * What a judgement or a generation used of a paid service.
 *
 * @param requests answered calls
 * @param inputTokens tokens of the question, cached ones included
 * @param cachedInputTokens the part of {@code inputTokens} that the service had cached
 * @param outputTokens tokens of the answer
 */
public record Usage(long requests, long inputTokens, long cachedInputTokens, long outputTokens) {
  /** Nothing was used. */
  public static final Usage NONE = new Usage(0, 0, 0, 0);

  public Usage {
    if (requests < 0
        || cachedInputTokens < 0
        || outputTokens < 0
        || inputTokens < cachedInputTokens) {
      throw new IllegalArgumentException(
          "usage must be at least 0, with cachedInputTokens at most inputTokens, but was requests "
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
   */
  public Usage plus(Usage other) {
    return new Usage(
        requests + other.requests,
        inputTokens + other.inputTokens,
        cachedInputTokens + other.cachedInputTokens,
        outputTokens + other.outputTokens);
  }
}

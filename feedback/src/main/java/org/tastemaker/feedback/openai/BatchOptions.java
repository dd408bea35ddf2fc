package org.tastemaker.feedback.openai;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;
import java.util.Objects;

/**
 * How questions are asked by batch.
 *
 * @param mostRequests in a batch, 1 to 50,000, which is the most that OpenAI takes
 * @param mostBytes of a batch's file, at least 1024; OpenAI takes 200 MB
 * @param mostAnswerBytes of what comes back of a batch, at least 1024; it is read as a whole, so
 *     the heap must have room for it
 * @param transfer how long it may take to send or fetch a file
 * @param firstPoll how long to wait before the first look at a batch
 * @param longestPoll each wait is half as long again as the one before, up to this
 * @param patience how long a batch may take in all; OpenAI ends it after a day
 * @param rounds how many batches are made one after the other at most: further questions, and those
 *     of lines that failed or expired, go into the next
 * @param liveFirst how many questions of a run are asked live before the first batch is made, since
 *     what the server says of one, such as a parameter that it rejects, holds for all
 * @param liveRejected how many questions whose lines were rejected are asked live in a round, to
 *     learn why; the others go into the next batch once something is learned, and so do they
 * @param deleteFiles whether the files at the server are deleted once the answers are here
 */
@RecordBuilder
public record BatchOptions(
    int mostRequests,
    long mostBytes,
    int mostAnswerBytes,
    Duration transfer,
    Duration firstPoll,
    Duration longestPoll,
    Duration patience,
    int rounds,
    int liveFirst,
    int liveRejected,
    boolean deleteFiles)
    implements BatchOptionsBuilder.With {
  /**
   * Up to 50,000 requests in up to 190 MB, looked at after 15 seconds and then less often, up to
   * every 10 minutes; up to 8 rounds, one question asked live first.
   */
  public static final BatchOptions DEFAULTS =
      new BatchOptions(
          50_000,
          190_000_000,
          256 << 20,
          Duration.ofMinutes(30),
          Duration.ofSeconds(15),
          Duration.ofMinutes(10),
          Duration.ofDays(2),
          8,
          1,
          16,
          true);

  private static final int MOST_REQUESTS = 50_000;
  private static final int LEAST_BYTES = 1024;

  public BatchOptions {
    require(
        mostRequests >= 1 && mostRequests <= MOST_REQUESTS,
        "mostRequests must be 1 to " + MOST_REQUESTS + ", but was " + mostRequests);
    require(
        mostBytes >= LEAST_BYTES && mostAnswerBytes >= LEAST_BYTES,
        "mostBytes and mostAnswerBytes must be at least "
            + LEAST_BYTES
            + ", but were "
            + mostBytes
            + " and "
            + mostAnswerBytes);
    requireOver0("transfer", transfer);
    requireOver0("firstPoll", firstPoll);
    requireOver0("patience", patience);
    require(
        longestPoll.compareTo(firstPoll) >= 0,
        "longestPoll must be at least firstPoll, but was " + longestPoll);
    require(
        rounds >= 1 && liveFirst >= 0 && liveRejected >= 0,
        "rounds must be at least 1 and what is asked live at least 0, but were "
            + rounds
            + ", "
            + liveFirst
            + " and "
            + liveRejected);
  }

  private static void requireOver0(String name, Duration time) {
    Objects.requireNonNull(time, name + " == null");
    require(!time.isZero() && !time.isNegative(), name + " must be over 0, but was " + time);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}

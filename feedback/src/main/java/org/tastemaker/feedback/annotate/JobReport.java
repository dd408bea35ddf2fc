package org.tastemaker.feedback.annotate;

import java.time.Duration;
import java.util.List;
import org.tastemaker.core.Usage;

/**
 * What a run of a job has done.
 *
 * @param judged groups whose judgement this run has added, missing ones included
 * @param missing judgements among them that could not be had, each with its reason in the dataset
 * @param alreadyThere groups whose judgement was in the dataset before, or that were given twice
 * @param postponed groups that a passing failure (a network, a rate limit) kept from being judged:
 *     run the job again
 * @param usage what this run's judgements cost, postponed ones included
 * @param cost the same in money, by the job's prices
 * @param elapsed how long this run took
 * @param damagedLines numbers of the first ten lines of the dataset that were no whole judgements;
 *     their groups were judged again
 * @param damaged number of all such lines
 * @param setAside whether an unfinished last line was moved to {@code <name>.damaged}
 */
public record JobReport(
    long judged,
    long missing,
    long alreadyThere,
    long postponed,
    Usage usage,
    double cost,
    Duration elapsed,
    List<Long> damagedLines,
    long damaged,
    boolean setAside) {
  public JobReport {
    damagedLines = List.copyOf(damagedLines);
  }
}

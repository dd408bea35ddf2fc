package org.tastemaker.feedback.annotate;

import java.time.Duration;
import java.util.List;
import org.tastemaker.core.Usage;

/**
 * What a run of a job has done.
 *
 * @param judged groups whose judgement this run added, including missing ones
 * @param missing missing judgements among them, each with its reason in the dataset
 * @param alreadyThere groups whose judgement was in the dataset before, or that were given twice
 * @param postponed groups not judged because of a transient failure (network, rate limit): run the
 *     job again
 * @param usage usage of this run, including postponed groups
 * @param cost its cost, by the prices of the job
 * @param elapsed how long this run took
 * @param damagedLines numbers of the first ten lines of the dataset that were not whole judgements;
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

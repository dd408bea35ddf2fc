package org.tastemaker.feedback.annotate;

import java.time.Duration;
import java.util.List;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Usage;

/**
 * What a run of a job has done.
 *
 * @param judged groups that this run judged, and added to the dataset
 * @param missing groups that this run added with a missing judgement, and its reason
 * @param alreadyThere groups that were in the dataset before, or that were given twice
 * @param missingThere those of them whose judgement is missing: {@link
 *     AnnotationJob.Builder#retryMissing} asks them again
 * @param postponed groups not judged because of a transient failure (network, rate limit): run the
 *     job again
 * @param reasons why judgements of this run are missing
 * @param reasonsThere why judgements that were in the dataset are missing
 * @param reasonsPostponed why groups were postponed
 * @param usage usage of this run, including missing judgements and postponed groups
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
    long missingThere,
    long postponed,
    List<MissingReason> reasons,
    List<MissingReason> reasonsThere,
    List<MissingReason> reasonsPostponed,
    Usage usage,
    double cost,
    Duration elapsed,
    List<Long> damagedLines,
    long damaged,
    boolean setAside) {
  public JobReport {
    reasons = List.copyOf(reasons);
    reasonsThere = List.copyOf(reasonsThere);
    reasonsPostponed = List.copyOf(reasonsPostponed);
    damagedLines = List.copyOf(damagedLines);
  }

  /**
   * Whether none of the groups has a judgement, neither by this run nor by an earlier one.
   *
   * @return true where there is nothing to learn from; false where no group was given
   */
  public boolean isNothingJudged() {
    return judged + alreadyThere == missingThere && missing + missingThere + postponed > 0;
  }

  /**
   * Why judgements are missing, in this run and before.
   *
   * @return the most frequent reason first
   */
  public List<MissingReason> allReasons() {
    return MissingReason.join(reasons, reasonsThere);
  }

  /**
   * The counts in words.
   *
   * @return a sentence for each count that is not zero, and the reasons of what is not judged
   */
  public String words() {
    StringBuilder words = new StringBuilder();
    words.append(judged).append(" groups were judged");
    if (alreadyThere > 0) {
      words.append(", ").append(alreadyThere).append(" were there already");
    }
    if (missing > 0) {
      words.append(". Missing: ").append(MissingReason.words(reasons));
    }
    if (missingThere > 0) {
      words.append(". Missing since an earlier run: ").append(MissingReason.words(reasonsThere));
    }
    if (postponed > 0) {
      words.append(". Not answered yet: ").append(MissingReason.words(reasonsPostponed));
    }
    return words.toString();
  }
}

package org.tastemaker.feedback.study;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.Usage;

/**
 * All that a study needs to know of what a judge says about a group.
 *
 * @param opinions by criterion; that of the empty name is the one overall
 * @param missing why there is no judgement; empty where there is one
 * @param judge who judged, such as the model's name
 * @param usage what it cost; empty where that is not known, as for answers of a cache
 * @param time when it was judged; empty where not known
 */
public record GroupVerdict(
    Map<String, Opinion> opinions,
    Optional<String> missing,
    String judge,
    Optional<Usage> usage,
    Optional<Instant> time) {
  public GroupVerdict {
    opinions = Map.copyOf(opinions);
  }

  /**
   * A verdict without cost and time.
   *
   * @param opinion overall
   * @param judge who judged
   * @return the verdict
   */
  public static GroupVerdict of(Opinion opinion, String judge) {
    return new GroupVerdict(
        Map.of(VotedPair.OVERALL, opinion),
        Optional.empty(),
        judge,
        Optional.empty(),
        Optional.empty());
  }
}

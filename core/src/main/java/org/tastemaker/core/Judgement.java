package org.tastemaker.core;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * A judge's answer about one group of images.
 *
 * <p>It may be partial (the ranking leaves items out) and it may be {@linkplain #missing missing}
 * as a whole, with the reason. A missing judgement is not a bad one: nothing downstream turns it
 * into a number.
 *
 * @param ranking the overall order of the group's images
 * @param byCriterion the order by each criterion of the rubric, by the criterion's name; empty
 *     where the judge gave only an overall order
 * @param scores one for each image where the judge scores images one by one (the ranking is then
 *     the order of the scores); otherwise an empty list
 * @param rationale the judge's reasons in words; may be empty
 * @param judge who judged: a model's name and version, a person's pseudonym
 * @param usage what it cost
 * @param provenance what is needed to ask again: rubric, protocol, order shown, and the like
 * @param missingReason why there is no judgement, or null where there is one
 */
@RecordBuilder
public record Judgement(
    Ranking ranking,
    Map<String, Ranking> byCriterion,
    List<OptionalDouble> scores,
    String rationale,
    String judge,
    Usage usage,
    Map<String, String> provenance,
    @Nullable String missingReason)
    implements JudgementBuilder.With {
  public Judgement {
    Objects.requireNonNull(ranking, "ranking == null");
    Objects.requireNonNull(rationale, "rationale == null: use \"\" for none");
    Objects.requireNonNull(judge, "judge == null");
    Objects.requireNonNull(usage, "usage == null: use Usage.NONE");
    byCriterion = Map.copyOf(byCriterion);
    scores = List.copyOf(scores);
    provenance = Map.copyOf(provenance);
    int size = ranking.size();
    byCriterion.forEach(
        (criterion, order) -> {
          if (order.size() != size) {
            throw new IllegalArgumentException(
                "the ranking by '"
                    + criterion
                    + "' must be of the same "
                    + size
                    + " items as the overall one, but was of "
                    + order.size());
          }
        });
    if (!scores.isEmpty() && scores.size() != size) {
      throw new IllegalArgumentException(
          "there must be a score for each of the "
              + size
              + " items or none at all, but there were "
              + scores.size());
    }
    if (missingReason != null && !ranking.isEmpty()) {
      throw new IllegalArgumentException(
          "a missing judgement has no ranking, but this one has "
              + ranking.tiers()
              + " beside the reason '"
              + missingReason
              + "'");
    }
    if (missingReason == null && ranking.isEmpty()) {
      throw new IllegalArgumentException(
          "a judgement without any ranked item is missing: use Judgement.missing and say why");
    }
  }

  /**
   * A judgement that is an order and nothing else.
   *
   * @param ranking the order
   * @param judge who judged
   * @return the judgement, without rationale, usage and provenance
   */
  public static Judgement of(Ranking ranking, String judge) {
    return new Judgement(ranking, Map.of(), List.of(), "", judge, Usage.NONE, Map.of(), null);
  }

  /**
   * A judgement by scores: the special case of a judge that looks at one image at a time.
   *
   * @param scores one for each image, higher is better; empty where missing, but not all of them
   * @param judge who judged
   * @return the judgement, ranked by the scores
   */
  public static Judgement ofScores(List<OptionalDouble> scores, String judge) {
    return new Judgement(
        Ranking.ofScores(scores), Map.of(), scores, "", judge, Usage.NONE, Map.of(), null);
  }

  /**
   * The judgement that could not be had.
   *
   * @param size number of images of the group
   * @param reason why, for a person to read
   * @param judge who was asked
   * @param usage what the attempts cost all the same
   * @return a judgement with an empty ranking
   */
  public static Judgement missing(int size, String reason, String judge, Usage usage) {
    Objects.requireNonNull(reason, "reason == null");
    return new Judgement(
        Ranking.none(size), Map.of(), List.of(), "", judge, usage, Map.of(), reason);
  }

  /**
   * Whether there is no judgement.
   *
   * @return true where {@link #missingReason} says why
   */
  public boolean isMissing() {
    return missingReason != null;
  }
}

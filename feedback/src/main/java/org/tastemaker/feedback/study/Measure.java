package org.tastemaker.feedback.study;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.agreement.PairMeasure;

/** The figures of a study. */
public enum Measure {
  /** Accuracy over pairs in which people and the judge chose an image. */
  DECIDED(PairMeasure.DECIDED, "right, decided pairs", "no pair in which both chose an image"),
  /** Accuracy over all pairs with a verdict, a tie being a choice. */
  THREE_WAY(PairMeasure.THREE_WAY, "right, ties too", "no pair with a verdict"),
  /** Accuracy over pairs in which people chose; a tie of the judge is half right. */
  TIES_HALF(
      PairMeasure.TIES_HALF, "right, ties half", "no pair with a verdict in which people chose"),
  /** Accuracy of scores with a tie margin that was chosen on the other half of the prompts. */
  TIE_CALIBRATED("right, tie-calibrated", "it needs scores, and prompts in both halves"),
  /** Accuracy of each answer by itself. */
  EACH_ORDER(PairMeasure.EACH_ORDER, "right, each answer", Measure.NO_ANSWERS),
  /** The same over pairs in which people chose. */
  EACH_ORDER_DECIDED(
      PairMeasure.EACH_ORDER_DECIDED, "right, each answer, people decided", Measure.NO_ANSWERS),
  /**
   * How often the verdict is the vote of a person drawn at random; read beside {@link
   * #CEILING_ANOTHER}.
   */
  WITH_A_PERSON("agrees with a person", "no pair with a verdict"),
  /**
   * The judge's agreement with a person, minus that of another person, over the same pairs: those
   * with a verdict and at least two votes. 0 is a judge that stands in for a person.
   */
  BESIDE_A_PERSON("judge with a person, minus person", "no pair with a verdict and two votes"),
  /** How often a person agrees with another. */
  CEILING_ANOTHER("person with another person", Measure.ONE_VOTE),
  /** How often a person agrees with the majority of the others. */
  CEILING_MAJORITY("person with the majority of others", Measure.ONE_VOTE),
  /** Kendall's tau-b of a group's images, the mean over groups of three and more. */
  KENDALL("Kendall's tau-b in groups", Measure.NO_GROUPS),
  /** Spearman's rho of the same. */
  SPEARMAN("Spearman's rho in groups", Measure.NO_GROUPS),
  /** Krippendorff's alpha of the judge and people's majority, as two raters. */
  ALPHA("alpha, judge and people", "no pair with a verdict, or all are the same"),
  /** Krippendorff's alpha among people. */
  ALPHA_PEOPLE("alpha among people", "no pair with two votes, or all are the same"),
  /** The share of the same choice in both orders. */
  SWAP_CONSISTENCY(
      PairMeasure.SWAP_CONSISTENCY,
      "same in both orders",
      "no pair is known to be answered in both orders"),
  /** The share of the image shown first among answers that chose one: position A. */
  FIRST_SHOWN(PairMeasure.FIRST_SHOWN, "chose the image shown first", Measure.NO_ANSWERS),
  /** The share of ties among the judge's answers. */
  TIES(PairMeasure.TIES, "ties, answers", Measure.NO_ANSWERS),
  /** The share of ties among people's choices. */
  PEOPLES_TIES(PairMeasure.PEOPLES_TIES, "ties, people", "no pair with enough votes"),
  /** The share of pairs about which the judge was asked and has no verdict. */
  MISSING("without a verdict", "the judge was asked about no pair"),
  /** How far the judge's probabilities are from people's shares of votes: the expected error. */
  CALIBRATION_ERROR("calibration error", "no soft preference or pair of answers is known"),
  /** What a judgement costs. */
  COST("cost a judgement", "no price, or answers from a cache, or no usage recorded"),
  /** Seconds from one judgement to the next, pauses left out: at the job's concurrency. */
  SECONDS("seconds a judgement", "fewer than two times are known");

  private static final String NO_ANSWERS =
      "no answer to a single question about two images is known";
  private static final String ONE_VOTE = "no pair with two votes";
  private static final String NO_GROUPS = "no group of three images in order by both";

  private final @Nullable PairMeasure ofPairs;
  private final String title;
  private final String none;

  Measure(String title, String none) {
    this(null, title, none);
  }

  Measure(@Nullable PairMeasure ofPairs, String title, String none) {
    this.ofPairs = ofPairs;
    this.title = title;
    this.none = none;
  }

  /**
   * The name in tables.
   *
   * @return a few words
   */
  public String title() {
    return title;
  }

  /** What each pair adds to it; empty where it is no mean over pairs. */
  Optional<PairMeasure> ofPairs() {
    return Optional.ofNullable(ofPairs);
  }

  /** Why there may be no such figure. */
  String none() {
    return none;
  }
}

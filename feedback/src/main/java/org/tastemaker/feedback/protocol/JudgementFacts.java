package org.tastemaker.feedback.protocol;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Preference;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.FeedbackException;

/**
 * The entries that {@link JudgeOracle} puts into a {@linkplain Judgement#provenance judgement's
 * provenance}, and their readers.
 */
public final class JudgementFacts {
  /** The rubric's {@link org.tastemaker.core.Rubric#id}. */
  public static final String RUBRIC = "rubric";

  /** The {@link Protocol#name}. */
  public static final String PROTOCOL = "protocol";

  /** The {@link org.tastemaker.core.aggregate.Aggregation#name}. */
  public static final String AGGREGATION = "aggregation";

  /** The key of the oracle's seed. */
  public static final String SEED = "seed";

  /** The {@link GroupId}. */
  public static final String GROUP = "group";

  /** Number of different questions that were asked. */
  public static final String ASKED = "asked";

  /** Number of them that have an answer. */
  public static final String ANSWERED = "answered";

  /** Number of answers that were kept from an earlier time. */
  public static final String CACHED = "cached";

  /**
   * Number of questions that failed for a transient reason and may be answered later. Absent if
   * none.
   */
  public static final String OPEN = "open";

  /** Why questions have no answer, one reason after another. Absent where all have one. */
  public static final String FAILURES = "failures";

  /** For each question, the items in the order shown: {@code "2,0,1;1,2,0"}. */
  public static final String SHOWN = "shown";

  /**
   * What each question was answered, in the order of {@link #SHOWN}; by a criterion under this name
   * with a point and the criterion's name behind it. See {@link #answers}. Absent in what older
   * versions have written.
   */
  public static final String ANSWERS = "answers";

  /** Items with the same content as an earlier one: {@code "3=0"}. Absent if none. */
  public static final String IDENTICAL = "identical";

  /**
   * For pairwise protocols, each comparison: {@code "0,1,0.69;0,2,1.0"} says that item 0 is better
   * than item 1 with probability 0.69, and than item 2 with certainty. Absent for other protocols.
   */
  public static final String PREFERENCES = RecordedPreferences.NAME;

  /**
   * What people said of a judge's judgement when it was shown to them: {@code confirmed} or {@link
   * #OVERRULED}. Absent where nobody was asked.
   */
  public static final String REVIEW = "review";

  /** The value of {@link #REVIEW} where the judgement is people's, in place of the judge's. */
  public static final String OVERRULED = "overruled";

  private JudgementFacts() {}

  /**
   * Whether people have put their judgement in place of the judge's.
   *
   * @param judgement any
   * @return true if so
   */
  public static boolean isOverruled(Judgement judgement) {
    return OVERRULED.equals(judgement.provenance().get(REVIEW));
  }

  /**
   * The comparisons of a judgement: those recorded by a pairwise protocol, otherwise those that
   * follow from the ranking.
   *
   * @param judgement any
   * @return soft labels to train on; empty for a missing judgement
   * @throws IllegalArgumentException if the record of comparisons is damaged
   */
  public static List<Preference> preferences(Judgement judgement) {
    return RecordedPreferences.of(judgement);
  }

  /**
   * What each question was answered. Where each criterion was asked on its own, these are the
   * answers by all of them.
   *
   * @param judgement any
   * @return the questions that were asked, those without an answer too; empty where it is not
   *     known, as in a dataset of an older version
   * @throws IllegalArgumentException if the record is damaged
   */
  public static Optional<List<RecordedAnswer>> answers(Judgement judgement) {
    return AnswerFacts.read(judgement, null);
  }

  /**
   * What each question was answered by a criterion of a rubric that has several.
   *
   * @param judgement any
   * @param criterion its name
   * @return the questions about it, those without an answer too; empty where it is not known
   * @throws IllegalArgumentException if the record is damaged
   */
  public static Optional<List<RecordedAnswer>> answers(Judgement judgement, String criterion) {
    return AnswerFacts.read(judgement, criterion);
  }

  /**
   * How many questions of a judgement may be answered later.
   *
   * @param judgement any
   * @return 0 if the judgement is final
   */
  public static int openQuestions(Judgement judgement) {
    return Integer.parseInt(judgement.provenance().getOrDefault(OPEN, "0"));
  }

  /**
   * The judgement of a group whose oracle has thrown a failure that is about this group alone.
   *
   * @param size number of images of the group
   * @param failure does not {@linkplain FeedbackException#stopsTheJob stop the job}
   * @param judge who was asked
   * @return a missing judgement; open if the failure is transient
   */
  public static Judgement missing(int size, FeedbackException failure, String judge) {
    Map<String, String> facts = new TreeMap<>();
    facts.put(MissingReason.KINDS, FailureKinds.of(failure));
    if (failure.isTransient()) {
      facts.put(OPEN, "1");
    }
    return Judgement.missing(size, String.valueOf(failure.getMessage()), judge, failure.usage())
        .withProvenance(facts);
  }
}

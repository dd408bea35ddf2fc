package org.tastemaker.feedback.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.JudgementFacts;

/**
 * What a judge said, as an annotation job has written it: a study of it asks nobody. Reasons in
 * words are not kept, so that many groups fit into memory.
 */
public final class DatasetVerdicts {
  private DatasetVerdicts() {}

  /**
   * Reads a dataset.
   *
   * @param name of the judge, for tables
   * @param dataset what a job has written, perhaps not to the end
   * @return its verdicts
   * @throws java.io.UncheckedIOException if the file cannot be read
   * @throws IllegalStateException if it is not a dataset
   */
  public static Verdicts of(String name, Path dataset) {
    Map<String, GroupVerdict> byGroup = new HashMap<>();
    Set<String> criteria = new TreeSet<>();
    PreferenceDataset.read(
        dataset,
        group -> {
          byGroup.put(group.id(), verdict(group));
          criteria.addAll(group.judgement().byCriterion().keySet());
        });
    return new KeptVerdicts(name, byGroup, Set.copyOf(criteria));
  }

  private static GroupVerdict verdict(AnnotatedGroup group) {
    Judgement judgement = group.judgement();
    Map<String, Opinion> opinions = new TreeMap<>();
    boolean pairs = judgement.provenance().containsKey(JudgementFacts.PREFERENCES);
    List<Preference> soft = pairs ? JudgementFacts.preferences(judgement) : new ArrayList<>();
    opinions.put(
        VotedPair.OVERALL,
        new Opinion(
            judgement.ranking(),
            Map.of(),
            judgement.scores(),
            soft,
            JudgementFacts.answers(judgement)));
    for (Map.Entry<String, Ranking> one : judgement.byCriterion().entrySet()) {
      opinions.put(
          one.getKey(),
          new Opinion(
              one.getValue(),
              Map.of(),
              List.of(),
              List.of(),
              JudgementFacts.answers(judgement, one.getKey())));
    }
    return new GroupVerdict(
        opinions,
        judgement.isMissing()
            ? Optional.of(String.join("; ", MissingReason.kindsOf(judgement)))
            : Optional.empty(),
        judgement.judge(),
        usage(judgement),
        Optional.of(group.time()));
  }

  /**
   * What a judgement took.
   *
   * @param judgement any
   * @return empty where an answer was kept from an earlier time, since what it cost then is not
   *     there, and where nothing was asked
   */
  public static Optional<Usage> usage(Judgement judgement) {
    boolean kept = !judgement.provenance().getOrDefault(JudgementFacts.CACHED, "0").equals("0");
    return kept || judgement.usage().requests() == 0
        ? Optional.empty()
        : Optional.of(judgement.usage());
  }
}

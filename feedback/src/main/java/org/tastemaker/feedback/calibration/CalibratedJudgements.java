package org.tastemaker.feedback.calibration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** Corrects judgements, and takes the correction back. */
final class CalibratedJudgements {
  private static final String ORDER = "raw.ranking";
  private static final String PREFERENCES = "raw.preferences";

  private CalibratedJudgements() {}

  /**
   * A corrected judgement: the order and the recorded preferences are new; answers, orders by
   * criteria, scores, reasons and usage stay. What the judge said is kept beside it. What people
   * have overruled stays as they said it.
   */
  static Judgement correct(Judgement given, JudgeCalibration calibration) {
    if (JudgementFacts.isOverruled(given)) {
      return given; // people's: what was learned about the judge says nothing about them
    }
    Judgement raw = raw(given);
    Map<String, String> facts = new TreeMap<>(raw.provenance());
    facts.put(JudgeCalibration.SETTING, calibration.id());
    if (calibration.correction().isIdentity() || raw.isMissing()) {
      return raw.withProvenance(facts);
    }
    // 1. Each pair.
    List<Preference> pairs =
        PairEvidence.of(raw).stream()
            .map(
                pair ->
                    new Preference(
                        pair.first(), pair.second(), calibration.correction().probability(pair)))
            .toList();
    // 2. The order that follows.
    Ranking order =
        PairOrder.of(
            Ballots.ofPreferences(raw.ranking().size(), pairs).wins(),
            PairOrder.identical(raw),
            calibration.correction().tieMargin());
    if (order.isEmpty()) {
      return raw.withProvenance(facts);
    }
    // 3. What the judge said.
    facts.put(ORDER, text(raw.ranking()));
    if (raw.provenance().containsKey(RecordedPreferences.NAME)) {
      facts.put(PREFERENCES, raw.provenance().get(RecordedPreferences.NAME));
    }
    facts.put(RecordedPreferences.NAME, RecordedPreferences.write(pairs));
    return raw.withRanking(order).withProvenance(facts);
  }

  /** What the judge said; the same judgement where it was not corrected. */
  static Judgement raw(Judgement judgement) {
    Map<String, String> facts = new HashMap<>(judgement.provenance());
    if (facts.remove(JudgeCalibration.SETTING) == null) {
      return judgement;
    }
    String order = facts.remove(ORDER);
    if (order == null) {
      return judgement.withProvenance(facts);
    }
    String preferences = facts.remove(PREFERENCES);
    if (preferences == null) {
      facts.remove(RecordedPreferences.NAME);
    } else {
      facts.put(RecordedPreferences.NAME, preferences);
    }
    return judgement.withRanking(parse(order, judgement.ranking().size())).withProvenance(facts);
  }

  private static String text(Ranking order) {
    return order.tiers().stream()
        .map(tier -> tier.stream().map(String::valueOf).collect(Collectors.joining("=")))
        .collect(Collectors.joining(","));
  }

  private static Ranking parse(String text, int size) {
    List<List<Integer>> tiers = new ArrayList<>();
    for (String tier : text.split(",", -1)) {
      List<Integer> items = new ArrayList<>();
      for (String item : tier.split("=", -1)) {
        items.add(Integer.parseInt(item));
      }
      tiers.add(items);
    }
    return Ranking.ofTiers(size, tiers);
  }
}

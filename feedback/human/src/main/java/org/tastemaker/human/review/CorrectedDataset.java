package org.tastemaker.human.review;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Aggregation;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.DatasetHeader;
import org.tastemaker.feedback.annotate.DatasetWriter;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.JudgementFacts;

/**
 * A judge's dataset with people's orders in place of what they overruled. It is a dataset like any
 * other, and whatever trains on one trains on it.
 *
 * <table class="striped">
 * <caption>What becomes of a judgement</caption>
 * <thead><tr><th>people</th><th>judgement</th></tr></thead>
 * <tbody>
 * <tr><td>said nothing, or cannot say</td><td>the judge's</td></tr>
 * <tr><td>all confirmed it</td><td>the judge's, with {@code review = confirmed} and who it was</td></tr>
 * <tr><td>overruled it</td><td>people's: their order; of several people that of the most pairs won,
 *     and for each pair the share of people as its probability, as votes have it. A confirmation
 *     counts as the judge's order. {@code review = overruled}, and all that the judge said under
 *     {@code review.judge.}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>An order by a criterion that a majority called wrong is left out; of an overruled judgement,
 * only those that were called right stay. A {@linkplain
 * org.tastemaker.feedback.calibration.JudgeCalibration calibration} of the judge leaves overruled
 * judgements as they are.
 */
public final class CorrectedDataset {
  private static final String PREFIX = JudgementFacts.REVIEW + ".";
  private static final String JUDGE = PREFIX + "judge";

  private CorrectedDataset() {}

  /**
   * Writes it.
   *
   * @param dataset the judge's
   * @param reviews what people said, as {@link ReviewDesk#reviews} gives it
   * @param corrected where to write: not the judge's own file
   * @return how many judgements are people's now
   * @throws java.io.UncheckedIOException if a file cannot be read or written
   */
  public static long write(Path dataset, List<Review> reviews, Path corrected) {
    if (corrected.toAbsolutePath().normalize().equals(dataset.toAbsolutePath().normalize())) {
      throw new IllegalArgumentException(
          "the corrected dataset must not replace the judge's own, "
              + dataset
              + ", which is needed to review on: choose another file");
    }
    Map<String, List<Review>> byGroup = new HashMap<>();
    for (Review review : reviews) {
      byGroup.computeIfAbsent(review.group(), group -> new ArrayList<>()).add(review);
    }
    List<AnnotatedGroup> groups = new ArrayList<>();
    DatasetHeader header =
        PreferenceDataset.read(
                dataset,
                group ->
                    groups.add(
                        group.judgement().isMissing()
                            ? group
                            : corrected(group, byGroup.getOrDefault(group.id(), List.of()))))
            .header();
    DatasetWriter.write(
        corrected,
        new DatasetHeader(
            header.rubric(),
            header.rubricText(),
            header.settings().with(JudgementFacts.REVIEW, "corrected by people")),
        groups);
    return groups.stream().filter(g -> JudgementFacts.isOverruled(g.judgement())).count();
  }

  private static AnnotatedGroup corrected(AnnotatedGroup group, List<Review> reviews) {
    List<Review> opinions = reviews.stream().filter(Review::isOpinion).toList();
    if (opinions.isEmpty()) {
      return group;
    }
    boolean confirmed = opinions.stream().allMatch(r -> r.kind() == Review.Kind.CONFIRMED);
    Instant last = opinions.stream().map(Review::time).max(Comparator.naturalOrder()).orElseThrow();
    Map<String, String> facts = new TreeMap<>();
    facts.put(JudgementFacts.REVIEW, confirmed ? "confirmed" : JudgementFacts.OVERRULED);
    facts.put(PREFIX + "people", names(opinions, ","));
    facts.put(PREFIX + "time", last.toString());
    facts.put(PREFIX + "anchored", "true");
    Judgement judge = group.judgement();
    Judgement now = confirmed ? confirmed(judge, facts) : overruled(judge, opinions, facts);
    return new AnnotatedGroup(
        group.id(),
        group.time(),
        group.prompt(),
        group.images(),
        now.withByCriterion(criteria(judge, opinions, !confirmed)));
  }

  private static Judgement confirmed(Judgement judge, Map<String, String> facts) {
    facts.putAll(judge.provenance());
    return judge.withProvenance(facts);
  }

  private static Judgement overruled(
      Judgement judge, List<Review> opinions, Map<String, String> facts) {
    // 1. What the judge said, kept beside.
    judge.provenance().forEach((name, value) -> facts.put(JUDGE + "." + name, value));
    for (String shared :
        List.of(JudgementFacts.RUBRIC, JudgementFacts.GROUP, JudgementFacts.IDENTICAL)) {
      if (judge.provenance().containsKey(shared)) {
        facts.put(shared, judge.provenance().get(shared));
      }
    }
    facts.put(JUDGE, judge.judge());
    facts.put(JUDGE + ".ranking", text(judge.ranking()));
    if (!judge.rationale().isEmpty()) {
      facts.put(JUDGE + ".rationale", judge.rationale());
    }
    // 2. People's order, and their shares as soft labels.
    List<Ranking> orders = opinions.stream().flatMap(r -> r.order().stream()).toList();
    Ballots ballots = Ballots.ofRankings(orders);
    facts.put(JudgementFacts.PREFERENCES, RecordedPreferences.write(shares(ballots.wins())));
    Ranking order = orders.size() == 1 ? orders.get(0) : Aggregation.borda().rank(ballots);
    return new Judgement(
        order, Map.of(), List.of(), "", names(opinions, "+"), judge.usage(), facts, null);
  }

  private static List<Preference> shares(Wins wins) {
    List<Preference> shares = new ArrayList<>();
    for (int i = 0; i < wins.size(); i++) {
      for (int j = i + 1; j < wins.size(); j++) {
        double both = wins.get(i, j) + wins.get(j, i);
        if (both > 0) {
          shares.add(new Preference(i, j, wins.get(i, j) / both));
        }
      }
    }
    return shares;
  }

  private static Map<String, Ranking> criteria(
      Judgement judge, List<Review> opinions, boolean onlyConfirmed) {
    Map<String, Ranking> kept = new TreeMap<>();
    judge
        .byCriterion()
        .forEach(
            (name, order) -> {
              int right = 0;
              int wrong = 0;
              for (Review review : opinions) {
                Boolean said = review.criteria().get(name);
                right += Boolean.TRUE.equals(said) ? 1 : 0;
                wrong += Boolean.FALSE.equals(said) ? 1 : 0;
              }
              if (onlyConfirmed ? right > wrong : right >= wrong) {
                kept.put(name, order);
              }
            });
    return kept;
  }

  private static String names(List<Review> opinions, String between) {
    TreeSet<String> names = new TreeSet<>();
    opinions.forEach(review -> names.add(review.person()));
    return String.join(between, names);
  }

  private static String text(Ranking order) {
    return order.tiers().stream()
        .map(tier -> tier.stream().map(String::valueOf).collect(Collectors.joining("=")))
        .collect(Collectors.joining(","));
  }
}

package org.tastemaker.human.review;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.HumanCeiling;
import org.tastemaker.feedback.agreement.PairAgreement;
import org.tastemaker.feedback.agreement.PairRow;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.annotate.AnnotatedGroup;

/**
 * What a review says about the judge.
 *
 * <p>All of these people saw the verdict first, and who has seen a verdict leans towards it: the
 * figures are upper bounds of what people would say on their own.
 *
 * @param verdicts how many there are to review
 * @param reviewed about how many of them somebody has an opinion
 * @param kinds how often each was said
 * @param confirmed the share of opinions that confirm, with an interval over prompts
 * @param byCriterion the share of orders by a criterion that were called right, of those that were
 *     called right or wrong
 * @param byPerson the share that each person confirms; those without an opinion are left out
 * @param disagreements how often each kind of disagreement occurs among overruling orders
 * @param pairs agreement about pairs of images, each person's order against the judge's
 * @param people how far people agree with one another about pairs that several ordered
 */
public record ReviewSummary(
    int verdicts,
    int reviewed,
    Map<Review.Kind, Integer> kinds,
    Share confirmed,
    Map<String, Share> byCriterion,
    Map<String, Share> byPerson,
    Map<Disagreement, Integer> disagreements,
    PairAgreement pairs,
    HumanCeiling people) {
  private static final Seed RESAMPLES = Seed.of(0);

  public ReviewSummary {
    kinds = Map.copyOf(kinds);
    byCriterion = Map.copyOf(byCriterion);
    byPerson = Map.copyOf(byPerson);
    disagreements = Map.copyOf(disagreements);
  }

  /**
   * A share.
   *
   * @param count how many there are
   * @param of how many
   * @param interval of the share over prompts; empty where there is none to count
   */
  public record Share(int count, int of, Optional<PromptBootstrap.Interval> interval) {
    /**
     * For tables.
     *
     * @return such as {@code 0.733 [0.550, 0.890], 11 of 15}
     */
    @Override
    public String toString() {
      return interval.map(i -> i + ", " + count + " of " + of).orElse("none");
    }
  }

  /**
   * Counts.
   *
   * @param verdicts the judge's, as {@link ReviewDesk#verdicts} gives them
   * @param reviews what people said; those about other verdicts do not count
   * @return the figures; intervals are the same whenever they are made
   */
  public static ReviewSummary of(List<AnnotatedGroup> verdicts, List<Review> reviews) {
    return of(verdicts, reviews, PromptBootstrap.usual());
  }

  static ReviewSummary of(
      List<AnnotatedGroup> verdicts, List<Review> reviews, PromptBootstrap bootstrap) {
    Map<String, AnnotatedGroup> byId = new HashMap<>();
    verdicts.forEach(verdict -> byId.put(verdict.id(), verdict));
    List<Review> known = reviews.stream().filter(r -> byId.containsKey(r.group())).toList();
    List<Review> opinions = known.stream().filter(Review::isOpinion).toList();
    Function<Review, AnnotatedGroup> verdict = review -> verdict(byId, review);
    Predicate<Review> confirms = review -> review.kind() == Review.Kind.CONFIRMED;

    Map<Review.Kind, Integer> kinds = new EnumMap<>(Review.Kind.class);
    known.forEach(review -> kinds.merge(review.kind(), 1, Integer::sum));
    Map<Disagreement, Integer> disagreements = new EnumMap<>(Disagreement.class);
    for (Review review : opinions) {
      if (review.kind() == Review.Kind.OVERRULED) {
        Ranking judges = verdict.apply(review).judgement().ranking();
        disagreements.merge(Disagreement.of(judges, review.order().orElseThrow()), 1, Integer::sum);
      }
    }
    Map<String, List<Review>> byPerson = new TreeMap<>();
    Map<String, List<Review>> byCriterion = new TreeMap<>();
    for (Review review : known) {
      if (review.isOpinion()) {
        byPerson.computeIfAbsent(review.person(), name -> new ArrayList<>()).add(review);
      }
      for (String name : review.criteria().keySet()) {
        byCriterion.computeIfAbsent(name, unused -> new ArrayList<>()).add(review);
      }
    }
    Map<String, Share> criteria = new TreeMap<>();
    byCriterion.forEach(
        (name, said) ->
            criteria.put(
                name,
                share(said, r -> Boolean.TRUE.equals(r.criteria().get(name)), verdict, bootstrap)));
    Map<String, Share> people = new TreeMap<>();
    byPerson.forEach((name, said) -> people.put(name, share(said, confirms, verdict, bootstrap)));
    return new ReviewSummary(
        verdicts.size(),
        (int) opinions.stream().map(Review::group).distinct().count(),
        kinds,
        share(opinions, confirms, verdict, bootstrap),
        criteria,
        people,
        disagreements,
        PairAgreement.of(rows(opinions, verdict)),
        HumanCeiling.of(votes(opinions, verdict)));
  }

  private static AnnotatedGroup verdict(Map<String, AnnotatedGroup> byId, Review review) {
    AnnotatedGroup verdict = byId.get(review.group());
    if (verdict == null) {
      throw new IllegalStateException("only reviews of known verdicts are counted");
    }
    return verdict;
  }

  private static Share share(
      List<Review> reviews,
      Predicate<Review> counts,
      Function<Review, AnnotatedGroup> verdict,
      PromptBootstrap bootstrap) {
    Map<String, double[]> byPrompt = new LinkedHashMap<>();
    int count = 0;
    for (Review review : reviews) {
      double[] sums =
          byPrompt.computeIfAbsent(verdict.apply(review).prompt().text(), unused -> new double[2]);
      count += counts.test(review) ? 1 : 0;
      sums[0] += counts.test(review) ? 1 : 0;
      sums[1]++;
    }
    if (reviews.isEmpty()) {
      return new Share(0, 0, Optional.empty());
    }
    return new Share(
        count,
        reviews.size(),
        Optional.of(
            bootstrap
                .ofSums(
                    List.copyOf(byPrompt.values()), List.of(sums -> sums[0] / sums[1]), RESAMPLES)
                .get(0)));
  }

  private static List<PairRow> rows(
      List<Review> opinions, Function<Review, AnnotatedGroup> verdict) {
    List<PairRow> rows = new ArrayList<>();
    for (Review review : opinions) {
      AnnotatedGroup group = verdict.apply(review);
      Map<List<Integer>, Choice> judges = choices(group.judgement().ranking());
      choices(review.order().orElseThrow())
          .forEach(
              (pair, choice) ->
                  rows.add(
                      PairRow.of(
                          group.prompt().text(), choice, Optional.ofNullable(judges.get(pair)))));
    }
    return rows;
  }

  private static List<HumanCeiling.Votes> votes(
      List<Review> opinions, Function<Review, AnnotatedGroup> verdict) {
    Map<List<Object>, List<Choice>> votes = new LinkedHashMap<>();
    Map<List<Object>, String> prompts = new HashMap<>();
    for (Review review : opinions) {
      choices(review.order().orElseThrow())
          .forEach(
              (pair, choice) -> {
                List<Object> key = List.of(review.group(), pair);
                votes.computeIfAbsent(key, unused -> new ArrayList<>()).add(choice);
                prompts.put(key, verdict.apply(review).prompt().text());
              });
    }
    List<HumanCeiling.Votes> all = new ArrayList<>();
    votes.forEach(
        (key, own) -> all.add(new HumanCeiling.Votes(prompts.getOrDefault(key, ""), own)));
    return all;
  }

  private static Map<List<Integer>, Choice> choices(Ranking order) {
    Map<List<Integer>, Choice> choices = new LinkedHashMap<>();
    for (Preference pair : order.pairs()) {
      choices.put(
          List.of(pair.first(), pair.second()),
          pair.probability() == 0.5
              ? Choice.TIE
              : pair.probability() > 0.5 ? Choice.FIRST : Choice.SECOND);
    }
    return choices;
  }

  /**
   * For people.
   *
   * @return some lines
   */
  public String words() {
    StringBuilder out = new StringBuilder();
    line(out, "verdicts with an opinion", reviewed + " of " + verdicts);
    line(out, "confirmed", confirmed);
    line(out, "cannot say, skipped", count(Review.Kind.UNSURE) + ", " + count(Review.Kind.SKIPPED));
    new TreeMap<>(byCriterion).forEach((name, share) -> line(out, "  right by " + name, share));
    new TreeMap<>(byPerson).forEach((name, share) -> line(out, "  confirmed by " + name, share));
    for (Disagreement kind : ranked()) {
      line(out, "  overruled: " + kind.words(), disagreements.getOrDefault(kind, 0));
    }
    line(out, "pairs, both decided: the same", pairs.decided());
    line(out, "pairs, ties a choice: the same", pairs.threeWay());
    if (people.items() > 0) {
      line(out, "pairs, two people: the same", people.another());
    }
    out.append("These people saw the judge's verdict first: read the shares as upper bounds.\n");
    return out.toString();
  }

  private int count(Review.Kind kind) {
    return kinds.getOrDefault(kind, 0);
  }

  /** The kinds of disagreement that occur, the most frequent first. */
  private Collection<Disagreement> ranked() {
    return disagreements.keySet().stream()
        .sorted(
            (one, other) ->
                disagreements.getOrDefault(one, 0).equals(disagreements.getOrDefault(other, 0))
                    ? one.compareTo(other)
                    : disagreements.getOrDefault(other, 0) - disagreements.getOrDefault(one, 0))
        .toList();
  }

  private static void line(StringBuilder out, String name, Object value) {
    out.append(String.format(Locale.ROOT, "%-58s %s%n", name, value));
  }

  /**
   * For a page.
   *
   * @return numbers and texts, as {@link org.tastemaker.core.json.Json#write} takes them
   */
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("verdicts", verdicts);
    json.put("reviewed", reviewed);
    json.put("confirmed", json("", confirmed));
    json.put("unsure", count(Review.Kind.UNSURE));
    json.put("skipped", count(Review.Kind.SKIPPED));
    json.put("byCriterion", json(byCriterion));
    json.put("byPerson", json(byPerson));
    json.put(
        "disagreements",
        ranked().stream()
            .map(
                kind -> Map.of("words", kind.words(), "count", disagreements.getOrDefault(kind, 0)))
            .toList());
    return json;
  }

  private static List<Map<String, Object>> json(Map<String, Share> shares) {
    List<Map<String, Object>> all = new ArrayList<>();
    new TreeMap<>(shares).forEach((name, share) -> all.add(json(name, share)));
    return all;
  }

  private static Map<String, Object> json(String name, Share share) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", name);
    json.put("count", share.count());
    json.put("of", share.of());
    share
        .interval()
        .filter(interval -> !Double.isNaN(interval.low()))
        .ifPresent(interval -> json.put("interval", List.of(interval.low(), interval.high())));
    return json;
  }
}

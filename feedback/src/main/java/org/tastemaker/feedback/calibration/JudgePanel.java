package org.tastemaker.feedback.calibration;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.CrowdBradleyTerry;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.protocol.JudgementFacts;

/**
 * Several judges and people as one oracle.
 *
 * <pre>{@code
 * JudgePanel panel =
 *     JudgePanel.builder()
 *         .member("large", large, calibrationOfLarge)     // its weight, and its corrections
 *         .member("people", KeptOracle.ofVotes("people", votes), 2.0)
 *         .build();
 * }</pre>
 *
 * <p>The probability that an image is better than another is the mean of the members', by their
 * weights:
 *
 * <pre>
 *   p_ij = sum over members with an answer of  w_k p_ij,k  /  sum of their  w_k
 * </pre>
 *
 * <p>A member's soft labels are taken where it has some, otherwise its order. The order of the
 * panel is that of Bradley-Terry worths of these. A member without a judgement takes no part in
 * that group, and is named in the provenance; the panel's judgement is missing if no member has
 * one. If a member may answer later (a transient failure), the panel's judgement counts as open
 * too, and an annotation job asks again in a later run.
 *
 * <p>A member is asked with its own budget, and what it used is part of the usage. Its failures
 * that {@linkplain FeedbackException#stopsTheJob make further questions pointless}, such as a spent
 * budget, are thrown. A member of weight 0 is not asked.
 */
public final class JudgePanel implements DescribedOracle {
  private static final String PREFIX = "panel.";

  private final List<Member> members;

  private record Member(String name, DescribedOracle oracle, double weight) {}

  private JudgePanel(List<Member> members) {
    this.members = List.copyOf(members);
  }

  /**
   * A panel to be set up.
   *
   * @return a builder without members
   */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    List<List<Judgement>> all = new ArrayList<>(); // [members][groups]
    for (Member member : members) {
      all.add(member.weight() > 0 ? ask(member, groups, rubric) : List.of());
    }
    List<Judgement> together = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      List<Judgement> own = new ArrayList<>();
      List<Member> asked = new ArrayList<>();
      for (int k = 0; k < members.size(); k++) {
        if (members.get(k).weight() > 0) {
          asked.add(members.get(k));
          own.add(all.get(k).get(g));
        }
      }
      together.add(combine(asked, own, groups.get(g).size()));
    }
    return List.copyOf(together);
  }

  private static List<Judgement> ask(Member member, List<ImageGroup> groups, Rubric rubric) {
    try {
      return member.oracle().rank(groups, rubric);
    } catch (FeedbackException e) {
      if (e.stopsTheJob()) {
        throw e;
      }
      List<Judgement> missing = new ArrayList<>();
      for (int g = 0; g < groups.size(); g++) {
        Judgement one = JudgementFacts.missing(groups.get(g).size(), e, member.name());
        missing.add(g == 0 ? one : one.withUsage(Usage.NONE)); // the failure was paid for once
      }
      return missing;
    }
  }

  private static Judgement combine(List<Member> asked, List<Judgement> judgements, int size) {
    // 1. What it cost, and who says nothing.
    Usage usage = judgements.stream().map(Judgement::usage).reduce(Usage.NONE, Usage::plus);
    Map<String, String> facts = new TreeMap<>();
    List<String> silent = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    TreeSet<String> kinds = new TreeSet<>();
    TreeSet<String> criteria = new TreeSet<>();
    int open = 0;
    for (int k = 0; k < asked.size(); k++) {
      Judgement one = judgements.get(k);
      String name = asked.get(k).name();
      open += JudgementFacts.openQuestions(one);
      criteria.addAll(one.byCriterion().keySet());
      if (one.isMissing()) {
        silent.add(name);
        reasons.add(name + ": " + one.missingReason());
        kinds.addAll(MissingReason.kindsOf(one));
      } else {
        facts.put(
            PREFIX + name + "." + RecordedPreferences.NAME,
            RecordedPreferences.write(RecordedPreferences.of(one)));
      }
      facts.putAll(identical(one));
    }
    if (open > 0) {
      facts.put(JudgementFacts.OPEN, Integer.toString(open));
    }
    if (!silent.isEmpty()) {
      facts.put(PREFIX + "missing", String.join(",", silent));
    }
    String who = asked.stream().map(Member::name).collect(Collectors.joining("+"));
    // 2. The weighted mean of each pair.
    List<Ballots> ballots = judgements.stream().map(Ballots::ofSoft).toList();
    Wins wins = weighted(asked, ballots, size);
    Map<Integer, Integer> copies = new HashMap<>();
    judgements.forEach(one -> copies.putAll(PairOrder.identical(one)));
    Ranking order = PairOrder.of(wins, copies, 0);
    if (order.isEmpty()) {
      if (!kinds.isEmpty()) {
        facts.put(MissingReason.KINDS, String.join("\n", kinds));
      }
      String why =
          reasons.isEmpty()
              ? "the members put no image before another"
              : "no member of the panel has a judgement: " + String.join("; ", reasons);
      return Judgement.missing(size, why, who, usage).withProvenance(facts);
    }
    facts.put(RecordedPreferences.NAME, RecordedPreferences.write(pairs(wins)));
    // 3. The same by criteria, and what was said in words.
    Map<String, Ranking> byCriterion = new TreeMap<>();
    for (String criterion : criteria) {
      List<Ballots> own =
          judgements.stream()
              .map(j -> j.byCriterion().getOrDefault(criterion, Ranking.none(size)))
              .map(ranking -> Ballots.ofRankings(List.of(ranking)))
              .toList();
      byCriterion.put(criterion, PairOrder.of(weighted(asked, own, size), copies, 0));
    }
    byCriterion.values().removeIf(Ranking::isEmpty);
    String rationale =
        judgements.stream()
            .map(Judgement::rationale)
            .filter(text -> !text.isBlank())
            .collect(Collectors.joining("\n"));
    return new Judgement(order, byCriterion, List.of(), rationale, who, usage, facts, null);
  }

  /** For each pair, the members' mean probability, as one comparison. */
  private static Wins weighted(List<Member> asked, List<Ballots> ballots, int size) {
    double[][] wins = new double[size][size];
    double[][] weights = new double[size][size];
    for (int k = 0; k < asked.size(); k++) {
      Wins own = ballots.get(k).wins();
      double weight = asked.get(k).weight();
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          double n = own.comparisons(i, j); // several votes of a member are one opinion
          if (i != j && n > 0) {
            wins[i][j] += weight * own.get(i, j) / n;
            weights[i][j] += weight;
          }
        }
      }
    }
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        wins[i][j] = weights[i][j] > 0 ? wins[i][j] / weights[i][j] : 0;
      }
    }
    return Wins.of(wins);
  }

  private static List<Preference> pairs(Wins wins) {
    List<Preference> pairs = new ArrayList<>();
    for (int i = 0; i < wins.size(); i++) {
      for (int j = i + 1; j < wins.size(); j++) {
        if (wins.comparisons(i, j) > 0) {
          pairs.add(new Preference(i, j, Math.min(1, wins.get(i, j))));
        }
      }
    }
    return pairs;
  }

  private static Map<String, String> identical(Judgement judgement) {
    String same = judgement.provenance().get(JudgementFacts.IDENTICAL);
    return same == null ? Map.of() : Map.of(JudgementFacts.IDENTICAL, same);
  }

  /** The members' settings under their names, and their weights. */
  @Override
  public Settings settings() {
    Settings settings =
        Settings.none()
            .with("judge", members.stream().map(Member::name).collect(Collectors.joining("+")))
            .with("protocol", "panel");
    for (Member member : members) {
      settings =
          settings
              .with(PREFIX + member.name(), member.oracle().settings())
              .with(PREFIX + member.name() + ".weight", member.weight());
    }
    return settings;
  }

  @Override
  public DescribedOracle retrying() {
    return new JudgePanel(
        members.stream()
            .map(m -> new Member(m.name(), m.oracle().retrying(), m.weight()))
            .toList());
  }

  /** Sets up a {@link JudgePanel}. */
  public static final class Builder {
    private final List<Member> members = new ArrayList<>();

    private Builder() {}

    /**
     * Adds a member.
     *
     * @param name of letters, digits, hyphens and underscores; once
     * @param oracle a judge, {@linkplain KeptOracle kept judgements or votes}, or another panel
     * @param weight at least 0, finite
     * @return this builder
     */
    public Builder member(String name, DescribedOracle oracle, double weight) {
      if (!name.matches("[\\w-]+") || members.stream().anyMatch(m -> m.name().equals(name))) {
        throw new IllegalArgumentException(
            "a member of a panel has a name of its own, of letters, digits, - and _, but was '"
                + name
                + "' among "
                + members.stream().map(Member::name).toList());
      }
      if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the weight of '%s' must be finite and at least 0, but was %s",
                name,
                weight));
      }
      members.add(new Member(name, oracle, weight));
      return this;
    }

    /**
     * Adds a judge with what a study learned about it.
     *
     * @param name as above
     * @param oracle the judge, not calibrated yet
     * @param calibration of it: its corrections are applied, and its {@link
     *     JudgeCalibration#weight} is the judge's
     * @return this builder
     * @throws IllegalArgumentException if it is of another judge
     */
    public Builder member(String name, DescribedOracle oracle, JudgeCalibration calibration) {
      return member(name, CalibratedOracle.of(oracle, calibration), calibration.weight());
    }

    /**
     * Adds a rater whose quality was learned among others.
     *
     * @param name as above
     * @param oracle the rater's judgements
     * @param quality as {@link RaterQuality} has found it; its {@link
     *     CrowdBradleyTerry.Quality#weight} is the rater's
     * @return this builder
     */
    public Builder member(String name, DescribedOracle oracle, CrowdBradleyTerry.Quality quality) {
      return member(name, oracle, quality.weight());
    }

    /**
     * Makes the panel.
     *
     * @return the oracle
     * @throws IllegalArgumentException if no member has a weight above 0
     */
    public JudgePanel build() {
      if (members.stream().noneMatch(m -> m.weight() > 0)) {
        throw new IllegalArgumentException(
            "a panel needs a member with a weight above 0, but has "
                + members.stream().map(m -> m.name() + " with " + m.weight()).toList());
      }
      return new JudgePanel(members);
    }
  }
}

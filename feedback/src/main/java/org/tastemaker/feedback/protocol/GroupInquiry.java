package org.tastemaker.feedback.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Aggregation;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Verdict;

/**
 * The inquiries about one group (one, or one for each criterion), and the judgement made from them.
 */
final class GroupInquiry {
  /**
   * Settings shared by all groups.
   *
   * @param judge the name of the judge
   * @param protocol which questions to ask
   * @param aggregation how several answers become one order
   * @param seed of all orders and directions
   */
  record Setup(String judge, Protocol protocol, Aggregation aggregation, Seed seed) {}

  private final Setup setup;
  private final ImageGroup group;
  private final Rubric rubric;
  private final String id;
  private final int[] original; // [items]: the first item of the same content
  private final List<Inquiry> inquiries = new ArrayList<>();

  GroupInquiry(Setup setup, ImageGroup group, Rubric rubric) {
    this.setup = setup;
    this.group = group;
    this.rubric = rubric;
    List<String> hashes = group.images().stream().map(Image::sha256).toList();
    this.id = GroupId.of(group.prompt(), hashes);
    this.original = hashes.stream().mapToInt(hashes::indexOf).toArray();
    List<Integer> items = Arrays.stream(original).distinct().boxed().toList();
    if (items.size() == 1 && !setup.protocol().scores()) {
      return;
    }
    List<Rubric> asked =
        setup.protocol().asksOneCriterionACall() && rubric.criteria().size() > 1
            ? rubric.criteria().stream()
                .map(c -> new Rubric(c.name(), rubric.version(), rubric.instructions(), List.of(c)))
                .toList()
            : List.of(rubric);
    for (Rubric one : asked) {
      Seed own =
          setup.seed().split(Long.parseUnsignedLong(id.substring(0, 16), 16)).split(one.id());
      inquiries.add(new Inquiry(setup.protocol(), new Planner.Subject(group, items, one, own)));
    }
  }

  List<Inquiry> inquiries() {
    return inquiries;
  }

  Judgement judgement(PositionBias bias) {
    List<Answered> answers = inquiries.stream().flatMap(i -> i.answers().stream()).toList();
    Usage usage = answers.stream().map(Answered::usage).reduce(Usage.NONE, Usage::plus);
    String names =
        answers.stream()
            .map(Answered::verdict)
            .filter(Objects::nonNull)
            .map(Verdict::model)
            .collect(Collectors.toCollection(TreeSet::new))
            .stream()
            .collect(Collectors.joining("+"));
    String who = names.isEmpty() ? setup.judge() : names;
    Map<String, String> facts = facts(answers);
    if (inquiries.isEmpty() && group.size() > 1) {
      return new Judgement(
          Ranking.ofScores(new double[group.size()]),
          Map.of(),
          List.of(),
          "all images have the same content",
          who,
          usage,
          facts,
          null);
    }
    if (inquiries.isEmpty()) {
      return missing(
          "a single image has no order; give at least 2 images, or ask for numbers with"
              + " Protocol.pointwise",
          who,
          usage,
          facts);
    }
    inquiries.forEach(inquiry -> inquiry.countSwaps(bias));
    List<OptionalDouble> scores = setup.protocol().scores() ? scores() : List.of();
    Ranking overall =
        setup.protocol().scores() ? Ranking.ofScores(scores) : order(overallBallots());
    if (overall.isEmpty()) {
      return missing(whyMissing(answers), who, usage, facts);
    }
    String rationale =
        answers.stream()
            .map(Answered::verdict)
            .filter(Objects::nonNull)
            .map(Verdict::rationale)
            .filter(text -> !text.isBlank())
            .distinct()
            .collect(Collectors.joining("\n"));
    return new Judgement(overall, byCriterion(), scores, rationale, who, usage, facts, null);
  }

  private Map<String, Ranking> byCriterion() {
    Map<String, Ranking> orders = new LinkedHashMap<>();
    if (rubric.criteria().size() == 1) {
      return orders;
    }
    for (Rubric.Criterion criterion : rubric.criteria()) {
      for (Inquiry inquiry : inquiries) {
        if (inquiries.size() > 1 && !inquiry.rubricName().equals(criterion.name())) {
          continue;
        }
        String name = inquiries.size() > 1 ? null : criterion.name();
        Ranking order =
            setup.protocol().scores()
                ? Ranking.ofScores(repeated(inquiry.scores(name)))
                : order(inquiry.ballots(name));
        if (!order.isEmpty()) {
          orders.put(criterion.name(), order);
        }
      }
    }
    return orders;
  }

  /** Where each criterion has its own answers, all of them together, with equal weight. */
  private Ballots overallBallots() {
    List<Ballots> all = inquiries.stream().map(inquiry -> inquiry.ballots(null)).toList();
    return new Ballots(
        group.size(),
        all.stream().flatMap(b -> b.rankings().stream()).toList(),
        all.stream().flatMap(b -> b.preferences().stream()).toList());
  }

  /** The mean over the criteria; an image without a number by one of them has none overall. */
  private List<OptionalDouble> scores() {
    List<OptionalDouble> means = new ArrayList<>();
    List<List<OptionalDouble>> all =
        inquiries.stream().map(inquiry -> inquiry.scores(null)).toList();
    for (int i = 0; i < group.size(); i++) {
      int item = i;
      boolean complete = all.stream().allMatch(one -> one.get(item).isPresent());
      means.add(
          complete
              ? all.stream().mapToDouble(one -> one.get(item).getAsDouble()).average()
              : OptionalDouble.empty());
    }
    return repeated(means);
  }

  private List<OptionalDouble> repeated(List<OptionalDouble> scores) {
    return Arrays.stream(original).mapToObj(scores::get).toList();
  }

  /** The aggregated order, with each duplicate image tied with the first of its content. */
  private Ranking order(Ballots ballots) {
    Ranking order = setup.aggregation().rank(ballots);
    List<List<Integer>> tiers = new ArrayList<>();
    for (List<Integer> tier : order.tiers()) {
      List<Integer> all = new ArrayList<>();
      for (int i = 0; i < original.length; i++) {
        if (tier.contains(original[i])) {
          all.add(i);
        }
      }
      tiers.add(all);
    }
    return Ranking.ofTiers(group.size(), tiers);
  }

  private Judgement missing(String reason, String who, Usage usage, Map<String, String> facts) {
    return Judgement.missing(group.size(), reason, who, usage).withProvenance(facts);
  }

  private String whyMissing(List<Answered> answers) {
    long failed = answers.stream().filter(a -> a.failure() != null).count();
    return failed == 0
        ? "the answers put no image before another"
        : failed + " of " + answers.size() + " questions have no answer: " + failures(answers);
  }

  private Map<String, String> facts(List<Answered> answers) {
    Map<String, String> facts = new TreeMap<>();
    facts.put(JudgementFacts.RUBRIC, rubric.id());
    facts.put(JudgementFacts.PROTOCOL, setup.protocol().name());
    facts.put(JudgementFacts.AGGREGATION, setup.aggregation().name());
    facts.put(JudgementFacts.SEED, Long.toString(setup.seed().key()));
    facts.put(JudgementFacts.GROUP, id);
    facts.put(JudgementFacts.ASKED, Integer.toString(answers.size()));
    facts.put(
        JudgementFacts.ANSWERED,
        Long.toString(answers.stream().filter(a -> a.verdict() != null).count()));
    facts.put(
        JudgementFacts.CACHED,
        Long.toString(
            answers.stream().map(Answered::verdict).filter(v -> v != null && v.cached()).count()));
    facts.put(
        JudgementFacts.SHOWN,
        answers.stream()
            .map(
                a ->
                    a.question().shown().stream()
                        .map(String::valueOf)
                        .collect(Collectors.joining(",")))
            .collect(Collectors.joining(";")));
    if (!inquiries.isEmpty()) {
      List<String> criteria = rubric.criteria().stream().map(Rubric.Criterion::name).toList();
      AnswerFacts.write(inquiries, criteria, facts);
    }
    long open =
        answers.stream()
            .map(Answered::failure)
            .filter(failure -> failure != null && failure.isTransient())
            .count();
    if (open > 0) {
      facts.put(JudgementFacts.OPEN, Long.toString(open));
    }
    String failures = failures(answers);
    if (!failures.isEmpty()) {
      facts.put(JudgementFacts.FAILURES, failures);
      facts.put(
          MissingReason.KINDS,
          FailureKinds.of(
              answers.stream().map(Answered::failure).filter(Objects::nonNull).toList()));
    }
    List<String> same = new ArrayList<>();
    for (int i = 0; i < original.length; i++) {
      if (original[i] != i) {
        same.add(i + "=" + original[i]);
      }
    }
    if (!same.isEmpty()) {
      facts.put(JudgementFacts.IDENTICAL, String.join(";", same));
    }
    Ballots ballots = overallBallots();
    if (!ballots.preferences().isEmpty()) {
      facts.put(JudgementFacts.PREFERENCES, RecordedPreferences.write(ballots.preferences()));
    }
    return facts;
  }

  private static String failures(List<Answered> answers) {
    return answers.stream()
        .map(Answered::failure)
        .filter(Objects::nonNull)
        .map(FeedbackException::getMessage)
        .distinct()
        .limit(5) // enough to see what is wrong; the record of a judgement is not a log
        .collect(Collectors.joining("; "));
  }
}

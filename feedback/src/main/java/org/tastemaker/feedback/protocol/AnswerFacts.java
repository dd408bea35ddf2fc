package org.tastemaker.feedback.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

/**
 * How answers are written into a judgement's provenance: one entry for the answers overall and one
 * for those by each criterion, each with a part for every question of {@link JudgementFacts#SHOWN}.
 *
 * <pre>
 *   2,0=1    item 2 before the tie of items 0 and 1
 *   p0.69    the item shown first is better with probability 0.69
 *   s7.0,,3.0  a number for each item shown; the second has none
 *   -        no answer
 *            (nothing) the question is about another criterion
 * </pre>
 */
final class AnswerFacts {
  private static final String NONE = "-";
  private static final String SOFT = "p";
  private static final String NUMBERS = "s";

  private AnswerFacts() {}

  /** The answers of some inquiries; each inquiry is about one criterion where there are several. */
  static void write(List<Inquiry> inquiries, List<String> criteria, Map<String, String> facts) {
    if (inquiries.size() == 1) {
      Inquiry all = inquiries.get(0);
      facts.put(JudgementFacts.ANSWERS, entry(inquiries, i -> true, null));
      if (criteria.size() > 1) {
        for (String criterion : criteria) {
          if (all.answers().stream().anyMatch(a -> has(a, criterion))) {
            facts.put(key(criterion), entry(inquiries, i -> true, criterion));
          }
        }
      }
      return;
    }
    for (Inquiry one : inquiries) {
      facts.put(key(one.rubricName()), entry(inquiries, i -> i == one, null));
    }
  }

  /** The answers by a criterion; null for overall. Empty where they were not recorded. */
  static Optional<List<RecordedAnswer>> read(Judgement judgement, @Nullable String criterion) {
    Map<String, String> facts = judgement.provenance();
    String shown = facts.get(JudgementFacts.SHOWN);
    List<String> keys =
        criterion != null
            ? List.of(key(criterion))
            : facts.containsKey(JudgementFacts.ANSWERS)
                ? List.of(JudgementFacts.ANSWERS)
                : facts.keySet().stream().filter(k -> k.startsWith(key(""))).sorted().toList();
    if (shown == null || keys.isEmpty() || !facts.containsKey(keys.get(0))) {
      return Optional.empty();
    }
    List<RecordedAnswer> answers = new ArrayList<>();
    for (String key : keys) {
      String entry = String.valueOf(facts.get(key));
      String[] parts = entry.split(";", -1);
      String[] orders = shown.split(";", -1);
      if (parts.length != orders.length) {
        throw damaged(key, entry, orders.length + " answers are expected", null);
      }
      for (int i = 0; i < parts.length; i++) {
        if (!parts[i].isEmpty()) {
          try {
            answers.add(parse(parts[i], orders[i], judgement.ranking().size()));
          } catch (IllegalArgumentException e) {
            throw damaged(key, parts[i], "the items shown were " + orders[i], e);
          }
        }
      }
    }
    return Optional.of(List.copyOf(answers));
  }

  private static String key(String criterion) {
    return JudgementFacts.ANSWERS + "." + criterion;
  }

  private static String entry(
      List<Inquiry> inquiries, Predicate<Inquiry> about, @Nullable String criterion) {
    return inquiries.stream()
        .flatMap(
            inquiry ->
                inquiry.answers().stream()
                    .map(answered -> about.test(inquiry) ? text(answered, criterion) : ""))
        .collect(Collectors.joining(";"));
  }

  private static boolean has(Answered answered, String criterion) {
    Verdict verdict = answered.verdict();
    return verdict != null && verdict.byCriterion().containsKey(criterion);
  }

  private static String text(Answered answered, @Nullable String criterion) {
    Verdict verdict = answered.verdict();
    Verdict.Answer answer =
        verdict == null
            ? null
            : criterion == null ? verdict.overall() : verdict.byCriterion().get(criterion);
    if (answer == null) {
      return NONE;
    }
    if (answer.firstIsBetter().isPresent()) {
      return SOFT + answer.firstIsBetter().getAsDouble();
    }
    if (!answer.scores().isEmpty()) {
      return NUMBERS
          + answer.scores().stream()
              .map(score -> score.isPresent() ? "" + score.getAsDouble() : "")
              .collect(Collectors.joining(","));
    }
    Question question = answered.question();
    return answer.order().tiers().stream()
        .map(
            tier ->
                tier.stream()
                    .map(position -> "" + question.shown().get(position))
                    .collect(Collectors.joining("=")))
        .collect(Collectors.joining(","));
  }

  private static RecordedAnswer parse(String text, String order, int size) {
    List<Integer> shown = new ArrayList<>();
    for (String item : order.split(",", -1)) {
      shown.add(Integer.parseInt(item));
    }
    if (text.equals(NONE)) {
      return new RecordedAnswer(shown, Ranking.none(size), OptionalDouble.empty(), List.of());
    }
    if (text.startsWith(SOFT)) {
      double p = Double.parseDouble(text.substring(1));
      if (shown.size() != 2 || !(p >= 0 && p <= 1)) {
        throw new IllegalArgumentException("a probability is about two items, and in [0, 1]");
      }
      Ranking ranking =
          byScores(shown, List.of(OptionalDouble.of(p), OptionalDouble.of(1 - p)), size);
      return new RecordedAnswer(shown, ranking, OptionalDouble.of(p), List.of());
    }
    if (text.startsWith(NUMBERS)) {
      List<OptionalDouble> scores = new ArrayList<>();
      for (String score : text.substring(1).split(",", -1)) {
        scores.add(
            score.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Double.parseDouble(score)));
      }
      if (scores.size() != shown.size()) {
        throw new IllegalArgumentException("there must be a number for each item");
      }
      return new RecordedAnswer(
          shown, byScores(shown, scores, size), OptionalDouble.empty(), scores);
    }
    List<List<Integer>> tiers = new ArrayList<>();
    for (String tier : text.split(",", -1)) {
      List<Integer> items = new ArrayList<>();
      for (String item : tier.split("=", -1)) {
        items.add(Integer.parseInt(item));
      }
      if (!shown.containsAll(items)) {
        throw new IllegalArgumentException("an item was not shown");
      }
      tiers.add(items);
    }
    return new RecordedAnswer(
        shown, Ranking.ofTiers(size, tiers), OptionalDouble.empty(), List.of());
  }

  private static Ranking byScores(List<Integer> shown, List<OptionalDouble> scores, int size) {
    List<OptionalDouble> all = new ArrayList<>();
    for (int item = 0; item < size; item++) {
      int position = shown.indexOf(item);
      all.add(position < 0 ? OptionalDouble.empty() : scores.get(position));
    }
    return Ranking.ofScores(all);
  }

  private static IllegalArgumentException damaged(
      String key, String entry, String why, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "the provenance entry '" + key + "' holds '" + entry + "', but " + why, cause);
  }
}

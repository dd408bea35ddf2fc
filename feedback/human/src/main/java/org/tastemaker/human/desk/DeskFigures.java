package org.tastemaker.human.desk;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.agreement.KrippendorffAlpha;

/**
 * What answers say about those who gave them. Shares are of pairs of images; a tie is a choice of
 * its own.
 *
 * @param people one for each person, by name
 * @param amongPeople how often two people said the same about a pair
 * @param withReference how often a person said the same as the judge about a pair
 * @param alpha Krippendorff's, of the choices about pairs of images that several people have seen;
 *     NaN where there are none, or all say the same
 */
public record DeskFigures(
    List<Person> people, Share amongPeople, Share withReference, double alpha) {
  public DeskFigures {
    people = List.copyOf(people);
  }

  /**
   * A share.
   *
   * @param count how many
   * @param of how many
   */
  public record Share(int count, int of) {
    static final Share NONE = new Share(0, 0);

    Share plus(Share more) {
      return new Share(count + more.count, of + more.of);
    }
  }

  /**
   * A person's figures.
   *
   * @param name a pseudonym
   * @param answers that count
   * @param skipped questions
   * @param medianMillis of the times; empty without answers
   * @param repeated pairs about which the person said the same again, whether or not the sides were
   *     exchanged; {@link CheckReport} tells them apart
   * @param known pairs of questions with a known answer that were answered right
   * @param firstShown of decided pairs, how often the image shown first is better: far from a half
   *     for someone who always clicks the same side
   * @param withOthers pairs about which another person said the same
   * @param withReference pairs about which the judge said the same
   */
  public record Person(
      String name,
      int answers,
      int skipped,
      OptionalLong medianMillis,
      Share repeated,
      Share known,
      Share firstShown,
      Share withOthers,
      Share withReference) {}

  static DeskFigures of(
      Map<String, List<DeskAnswer>> said,
      Map<String, Ranking> right,
      Map<String, Ranking> reference) {
    Map<String, List<DeskAnswer>> byQuestion = new HashMap<>();
    said.values()
        .forEach(
            own ->
                own.stream()
                    .filter(answer -> answer.counts() && answer.order().isPresent())
                    .forEach(
                        answer ->
                            byQuestion
                                .computeIfAbsent(
                                    answer.assignment().question(), id -> new ArrayList<>())
                                .add(answer)));
    List<Person> people = new ArrayList<>();
    Share among = Share.NONE;
    Share judge = Share.NONE;
    for (Map.Entry<String, List<DeskAnswer>> one : said.entrySet()) {
      Person person = person(one.getKey(), one.getValue(), byQuestion, right, reference);
      people.add(person);
      among = among.plus(person.withOthers());
      judge = judge.plus(person.withReference());
    }
    return new DeskFigures(
        people, new Share(among.count() / 2, among.of() / 2), judge, alpha(byQuestion));
  }

  private static double alpha(Map<String, List<DeskAnswer>> byQuestion) {
    Map<List<Object>, List<Double>> choices = new HashMap<>(); // by question and pair
    byQuestion.forEach(
        (question, answers) -> {
          if (answers.size() > 1) {
            for (DeskAnswer answer : answers) {
              for (Preference pair : answer.order().orElseThrow().pairs()) {
                choices
                    .computeIfAbsent(
                        List.of(question, pair.first(), pair.second()), id -> new ArrayList<>())
                    .add(pair.probability());
              }
            }
          }
        });
    return KrippendorffAlpha.nominal(choices.values()).alpha();
  }

  private static Person person(
      String name,
      List<DeskAnswer> own,
      Map<String, List<DeskAnswer>> byQuestion,
      Map<String, Ranking> right,
      Map<String, Ranking> reference) {
    int answers = 0;
    int skipped = 0;
    Share repeated = Share.NONE;
    Share known = Share.NONE;
    Share first = Share.NONE;
    Share others = Share.NONE;
    Share judge = Share.NONE;
    Map<String, Ranking> before = new HashMap<>();
    for (DeskAnswer answer : own) {
      String question = answer.assignment().question();
      answers += answer.counts() ? 1 : 0;
      skipped += answer.kind() == DeskAnswer.Kind.SKIP ? 1 : 0;
      if (answer.order().isEmpty()) {
        continue;
      }
      Ranking order = answer.order().get();
      first = first.plus(first(answer, order));
      switch (answer.assignment().check()) {
        case KNOWN -> known = known.plus(same(order, right.get(question)));
        case REPEATED, SWAPPED -> repeated = repeated.plus(same(order, before.get(question)));
        case NONE -> {
          before.put(question, order);
          judge = judge.plus(same(order, reference.get(question)));
          for (DeskAnswer other : byQuestion.getOrDefault(question, List.of())) {
            if (!other.assignment().person().equals(name)) {
              others = others.plus(same(order, other.order().orElse(null)));
            }
          }
        }
      }
    }
    return new Person(name, answers, skipped, median(own), repeated, known, first, others, judge);
  }

  static OptionalLong median(List<DeskAnswer> own) {
    long[] millis = own.stream().mapToLong(DeskAnswer::millis).sorted().toArray();
    return millis.length == 0
        ? OptionalLong.empty()
        : OptionalLong.of(millis[(millis.length - 1) / 2]);
  }

  static Share same(Ranking order, @Nullable Ranking other) {
    if (other == null || other.size() != order.size()) {
      return Share.NONE;
    }
    Map<List<Integer>, Double> choices = new HashMap<>();
    other.pairs().forEach(p -> choices.put(List.of(p.first(), p.second()), p.probability()));
    int same = 0;
    int all = 0;
    for (Preference pair : order.pairs()) {
      Double choice = choices.get(List.of(pair.first(), pair.second()));
      all += choice == null ? 0 : 1;
      same += choice != null && choice == pair.probability() ? 1 : 0;
    }
    return new Share(same, all);
  }

  static Share first(DeskAnswer answer, Ranking order) {
    List<Integer> shown = answer.assignment().shown();
    int first = 0;
    int all = 0;
    for (Preference pair : order.pairs()) {
      if (pair.probability() != 0.5) {
        boolean shownFirst = shown.indexOf(pair.first()) < shown.indexOf(pair.second());
        all++;
        first += shownFirst == (pair.probability() == 1) ? 1 : 0;
      }
    }
    return new Share(first, all);
  }
}

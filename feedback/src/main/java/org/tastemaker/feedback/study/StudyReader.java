package org.tastemaker.feedback.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.HumanCeiling;
import org.tastemaker.feedback.agreement.PairRow;
import org.tastemaker.feedback.agreement.RankCorrelation;
import org.tastemaker.feedback.agreement.TieMargin;

/** Reads groups one by one, and keeps sums of them: the images are free after each. */
final class StudyReader {
  private static final int FEWEST_IMAGES = 3; // two have no order that is more than a pair

  private final StudySettings settings;
  private final Verdicts verdicts;
  private final StudySums all = new StudySums();
  private final Map<String, StudySums> criteria = new TreeMap<>();
  private final List<Map<String, StudySums>> strata = new ArrayList<>();
  private final Map<String, Map<String, Long>> absences = new TreeMap<>(); // section, reason
  private final ScoredPairs scored;
  private final Pace pace = new Pace();
  private final Set<String> seen = new HashSet<>();
  private long groups;
  private long larger; // groups of more than two images
  private long asked;
  private long withoutAnswers; // judgements whose single answers are not known
  private long withCost;
  private long withoutCorrelation;

  StudyReader(StudySettings settings, Verdicts verdicts) {
    this.settings = settings;
    this.verdicts = verdicts;
    this.scored = new ScoredPairs(settings.seed().split("halves"));
    settings.strata().forEach(unused -> strata.add(new TreeMap<>()));
  }

  /** What people and the judge say about a pair. */
  record Compared(String prompt, Choice people, Optional<Choice> verdict) {}

  /** Reads a group; gives its pairs with enough votes about which is better overall. */
  List<Compared> read(VotedGroup group) {
    groups++;
    larger += group.images().size() > 2 ? 1 : 0;
    Optional<GroupVerdict> said = verdicts.of(group);
    if (said.isPresent() && seen.add(group.id())) {
      countOnce(group, said.get());
    }
    List<Compared> compared = compare(group, VotedPair.OVERALL, said);
    Set<String> names = new TreeSet<>(verdicts.criteria());
    group.pairs().forEach(pair -> names.add(pair.criterion()));
    names.remove(VotedPair.OVERALL);
    names.forEach(criterion -> compare(group, criterion, said));
    return compared;
  }

  /** Of a group that is among the votes several times, the judge was asked once. */
  private void countOnce(VotedGroup group, GroupVerdict said) {
    asked++;
    Opinion overall = said.opinions().get(VotedPair.OVERALL);
    withoutAnswers += overall != null && overall.answers().isEmpty() ? 1 : 0;
    String prompt = group.images().prompt().text();
    said.usage()
        .flatMap(usage -> settings.prices().costOf(said.judge(), usage))
        .ifPresent(
            cost -> {
              withCost++;
              all.add(prompt, Measure.COST, cost.doubleValue(), 1);
            });
    said.time().ifPresent(time -> pace.add(time, prompt));
  }

  private List<Compared> compare(VotedGroup group, String criterion, Optional<GroupVerdict> said) {
    boolean overall = criterion.equals(VotedPair.OVERALL);
    String section = overall ? Section.ALL : criterionSection(criterion);
    String prompt = group.images().prompt().text();
    Opinion opinion = said.map(s -> s.opinions().get(criterion)).orElse(null);
    StudySums main = overall ? all : criteria.computeIfAbsent(section, unused -> new StudySums());
    List<Set<StudySums>> ofStrata = new ArrayList<>();
    strata.forEach(unused -> ofStrata.add(Collections.newSetFromMap(new IdentityHashMap<>())));
    List<Compared> compared = new ArrayList<>();
    for (VotedPair pair : group.pairsBy(criterion)) {
      // 1. People.
      Optional<Choice> people = settings.truth().of(pair.votes());
      if (people.isEmpty()) {
        absent(
            section,
            pair.votes().isEmpty()
                ? "people: no vote"
                : "people: fewer than " + settings.truth().fewestVotes() + " votes");
        continue;
      }
      List<StudySums> sections = new ArrayList<>(List.of(main));
      for (int s = 0; overall && s < strata.size(); s++) {
        Stratum stratum = settings.strata().get(s);
        StudySums own =
            strata
                .get(s)
                .computeIfAbsent(
                    stratum.name() + ": " + stratum.value().apply(group, pair),
                    unused -> new StudySums());
        ofStrata.get(s).add(own);
        sections.add(own);
      }
      sections.forEach(s -> s.countPair(prompt));
      addPeople(sections, prompt, pair);

      // 2. The judge.
      Optional<Choice> verdict =
          opinion == null ? Optional.empty() : opinion.choice(pair.first(), pair.second());
      compared.add(new Compared(prompt, people.get(), verdict));
      if (verdict.isEmpty()) {
        absent(section, whyNot(said, opinion, overall));
      }
      if (said.isPresent()) {
        sections.forEach(s -> s.add(prompt, Measure.MISSING, verdict.isEmpty() ? 1 : 0, 1));
      }
      addAnswers(sections, prompt, people.get(), verdict, opinion, pair);
      if (opinion != null && verdict.isPresent()) {
        addVerdict(sections, prompt, people.get(), verdict.get(), opinion, pair, overall);
      }
    }
    // 3. The whole group.
    if (opinion != null) {
      List<StudySums> sections = new ArrayList<>(List.of(main));
      ofStrata.stream().filter(s -> s.size() == 1).forEach(sections::addAll);
      boolean correlated = addCorrelation(sections, group, criterion, opinion);
      withoutCorrelation += overall && !correlated ? 1 : 0;
    }
    return compared;
  }

  private static void addPeople(List<StudySums> sections, String prompt, VotedPair pair) {
    List<Choice> votes = pair.choices();
    if (votes.size() < 2) {
      return;
    }
    HumanCeiling ceiling = ceiling(prompt, votes);
    int n = votes.size();
    for (StudySums sums : sections) {
      sums.add(prompt, Measure.CEILING_ANOTHER, n * ceiling.another().mean(), n);
      sums.add(prompt, Measure.CEILING_MAJORITY, n * ceiling.majority().mean(), n);
      sums.addItem(prompt, Measure.ALPHA_PEOPLE, votes);
    }
  }

  private static HumanCeiling ceiling(String prompt, List<Choice> votes) {
    return HumanCeiling.of(List.of(new HumanCeiling.Votes(prompt, votes)));
  }

  private static void addAnswers(
      List<StudySums> sections,
      String prompt,
      Choice people,
      Optional<Choice> verdict,
      @Nullable Opinion opinion,
      VotedPair pair) {
    PairRow row =
        opinion == null
            ? PairRow.of(prompt, people, verdict)
            : new PairRow(
                prompt,
                people,
                verdict,
                opinion.answered(pair.first(), pair.second(), true),
                opinion.answered(pair.first(), pair.second(), false));
    for (Measure measure : Measure.values()) {
      measure
          .ofPairs()
          .ifPresent(
              of -> {
                List<Double> values = of.values(row);
                sections.forEach(s -> s.add(prompt, measure, values));
              });
    }
  }

  private void addVerdict(
      List<StudySums> sections,
      String prompt,
      Choice people,
      Choice verdict,
      Opinion opinion,
      VotedPair pair,
      boolean overall) {
    double same = pair.choices().stream().filter(vote -> vote == verdict).count();
    OptionalDouble probability = opinion.probability(pair.first(), pair.second());
    for (StudySums sums : sections) {
      sums.add(prompt, Measure.WITH_A_PERSON, same, pair.votes().size());
      if (pair.votes().size() > 1) {
        double others = ceiling(prompt, pair.choices()).another().mean() * pair.votes().size();
        sums.add(prompt, Measure.BESIDE_A_PERSON, same - others, pair.votes().size());
      }
      sums.addItem(prompt, Measure.ALPHA, List.of(people, verdict));
      if (probability.isPresent()) {
        sums.addProbability(prompt, probability.getAsDouble(), pair.shareOfFirst());
      }
    }
    if (overall && !opinion.scores().isEmpty()) {
      double first = opinion.scoreOf(pair.first());
      double second = opinion.scoreOf(pair.second());
      if (Double.isFinite(first) && Double.isFinite(second)) {
        scored.add(prompt, new TieMargin.Scored(people, first, second), List.copyOf(sections));
      }
    }
  }

  private static boolean addCorrelation(
      List<StudySums> sections, VotedGroup group, String criterion, Opinion opinion) {
    List<VotedPair> pairs = group.pairsBy(criterion);
    if (pairs.isEmpty()) {
      return false;
    }
    double[] people = group.scores(pairs.get(0).criterion());
    int[] both =
        IntStream.range(0, people.length)
            .filter(i -> Double.isFinite(people[i]) && Double.isFinite(opinion.scoreOf(i)))
            .toArray();
    if (both.length < FEWEST_IMAGES) {
      return false;
    }
    RankCorrelation correlation =
        RankCorrelation.of(
            IntStream.of(both).mapToDouble(i -> people[i]).toArray(),
            IntStream.of(both).mapToDouble(opinion::scoreOf).toArray());
    boolean defined = !Double.isNaN(correlation.kendall()); // NaN: one of them ties all images
    if (defined) {
      String prompt = group.images().prompt().text();
      for (StudySums sums : sections) {
        sums.add(prompt, Measure.KENDALL, correlation.kendall(), 1);
        sums.add(prompt, Measure.SPEARMAN, correlation.spearman(), 1);
      }
    }
    return defined;
  }

  private static String criterionSection(String criterion) {
    return "criterion: " + criterion;
  }

  private static String whyNot(
      Optional<GroupVerdict> said, @Nullable Opinion opinion, boolean overall) {
    if (said.isEmpty()) {
      return "the judge was not asked";
    }
    Optional<String> missing = said.get().missing();
    if (missing.isPresent()) {
      return "the judge: " + missing.get();
    }
    return opinion != null
        ? "the judge gave one of the images no place"
        : "the judge gave no order " + (overall ? "overall" : "by this criterion");
  }

  private void absent(String section, String reason) {
    absences.computeIfAbsent(section, unused -> new TreeMap<>()).merge(reason, 1L, Long::sum);
  }

  StudyReport report() {
    if (groups == 0) {
      throw new IllegalArgumentException("there must be a group that people voted about");
    }
    if (asked == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s says nothing about any of the %d groups that people voted about: the groups must"
                  + " have the same prompts and the same images in the same order",
              verdicts.name(),
              groups));
    }
    OptionalDouble margin = scored.addTo();
    long pauses = pace.addTo(all, settings.pause());
    List<Section> sections = new ArrayList<>();
    sections.add(section(Section.ALL, all));
    criteria.forEach((name, sums) -> sections.add(section(name, sums)));
    strata.forEach(stratum -> stratum.forEach((name, sums) -> sections.add(section(name, sums))));
    List<Absence> absent = new ArrayList<>();
    absences.forEach(
        (section, reasons) ->
            reasons.forEach((reason, n) -> absent.add(new Absence(section, reason, n))));
    return new StudyReport(
        verdicts.name(),
        groups,
        sections,
        absent,
        all.reliability(),
        margin,
        settings.prices().currency(),
        notes(pauses));
  }

  private Section section(String name, StudySums sums) {
    return sums.section(name, settings.bootstrap(), settings.seed().split(name));
  }

  private List<String> notes(long pauses) {
    List<String> notes = new ArrayList<>();
    if (larger > 0) {
      notes.add(
          larger + " groups have more than two images and are compared by all of their pairs.");
    }
    if (larger > 0 && withoutCorrelation > 0) {
      notes.add(
          withoutCorrelation
              + " groups have no correlation: fewer than three of their images are in order by both,"
              + " or one side ties all of them.");
    }
    if (withoutAnswers > 0) {
      notes.add(
          withoutAnswers
              + " judgements do not say what single questions were answered (an older version wrote"
              + " them): they take no part in what is counted by answers.");
    }
    if (withCost > 0 && withCost < asked) {
      notes.add("The cost is known of " + withCost + " of " + asked + " judgements.");
    }
    if (pauses > 0) {
      notes.add(
          pauses + " pauses longer than " + settings.pause() + " are no part of the seconds.");
    }
    if (!criteria.isEmpty()) {
      notes.add(
          "Where people were not asked by a criterion, the judge's order by it is compared with"
              + " which image they found better overall.");
    }
    return notes;
  }
}

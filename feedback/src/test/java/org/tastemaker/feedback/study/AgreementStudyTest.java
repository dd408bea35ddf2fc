package org.tastemaker.feedback.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.KrippendorffAlpha;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.ledger.Price;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;

class AgreementStudyTest {
  private static final Offset<Double> EXACT = within(1e-12);
  private static final Choice A = Choice.FIRST;
  private static final Choice B = Choice.SECOND;
  private static final Choice T = Choice.TIE;

  /** Rarely wrong, so that a figure outside of it is no accident. */
  private static final PromptBootstrap WIDE = new PromptBootstrap(2000, 0.999);

  @TempDir Path folder;

  private static List<Vote> votes(Choice... choices) {
    return List.of(choices).stream().map(Vote::of).toList();
  }

  private static VotedGroup pair(String prompt, int number, Choice... choices) {
    return VotedGroup.ofPair(
        Greys.group(prompt, 0.05 * number, 0.05 * number + 0.02), votes(choices));
  }

  private Verdicts asked(Judge judge, Protocol protocol, List<VotedGroup> groups) {
    return asked(judge, protocol, groups, Greys.RUBRIC);
  }

  private Verdicts asked(Judge judge, Protocol protocol, List<VotedGroup> groups, Rubric rubric) {
    Path dataset = folder.resolve("asked" + System.nanoTime() + ".jsonl");
    job(judge, protocol, rubric, dataset).build().run(AgreementStudy.groups(groups));
    return DatasetVerdicts.of(judge.name(), dataset);
  }

  private static AnnotationJob.Builder job(
      Judge judge, Protocol protocol, Rubric rubric, Path dataset) {
    return AnnotationJob.builder(
            dataset,
            JudgeOracle.builder(judge).protocol(protocol).maxAttempts(1).seed(Seed.of(5)).build(),
            rubric)
        .stopAfterFailures(0);
  }

  private static StudyReport study(List<VotedGroup> groups, Verdicts verdicts) {
    return AgreementStudy.builder().bootstrap(WIDE).build().of(groups, verdicts);
  }

  // ---- Numbers that are known

  /** The eight rows whose figures are computed elsewhere, asked, written, read and counted. */
  @Test
  void eightRowsGoThroughTheWholeStudy() {
    List<VotedGroup> groups =
        List.of(
            pair("p1", 1, A),
            pair("p1", 2, B),
            pair("p2", 3, A),
            pair("p2", 4, T),
            pair("p3", 5, B),
            pair("p3", 6, A),
            pair("p4", 7, T),
            pair("p4", 8, B));
    List<Choice> forward = List.of(A, A, A, T, B, B, T); // the eighth is refused
    List<Choice> backward = List.of(A, B, A, A, B, B, T, B);
    Map<String, Integer> rows = new HashMap<>();
    for (int i = 0; i < groups.size(); i++) {
      rows.put(groups.get(i).images().images().get(0).sha256(), i);
    }
    Judge judge =
        question -> {
          boolean inOrder = question.shown().get(0) == 0;
          int row =
              Objects.requireNonNull(rows.get(question.images().get(inOrder ? 0 : 1).sha256()));
          if (inOrder && row == forward.size()) {
            throw new FeedbackException.Refused("not this one", Usage.NONE);
          }
          Choice choice = inOrder ? forward.get(row) : backward.get(row).swapped();
          Ranking order =
              choice == T
                  ? Ranking.ofScores(0, 0)
                  : choice == A ? Ranking.of(0, 1) : Ranking.of(1, 0);
          return Verdict.of(order, new Usage(1, 0, 0, 0), "scripted");
        };

    StudyReport report = study(groups, asked(judge, Protocol.pairsInBothOrders(1), groups));

    Section all = report.all();
    assertThat(all.pairs()).isEqualTo(8);
    assertThat(all.prompts()).isEqualTo(4);
    assertThat(all.figure(Measure.EACH_ORDER).value()).isCloseTo(11 / 15.0, EXACT);
    assertThat(all.figure(Measure.EACH_ORDER).n()).isEqualTo(15);
    assertThat(all.figure(Measure.EACH_ORDER).error()).isCloseTo(0.0949073622402783, EXACT);
    assertThat(all.figure(Measure.EACH_ORDER_DECIDED).value()).isCloseTo(8 / 11.0, EXACT);
    assertThat(all.figure(Measure.THREE_WAY).value()).isCloseTo(5 / 7.0, EXACT);
    assertThat(all.figure(Measure.DECIDED).value()).isCloseTo(3 / 4.0, EXACT);
    assertThat(all.figure(Measure.DECIDED).n()).isEqualTo(4);
    assertThat(all.figure(Measure.TIES_HALF).value()).isCloseTo(0.7, EXACT);
    assertThat(all.figure(Measure.SWAP_CONSISTENCY).value()).isCloseTo(5 / 7.0, EXACT);
    assertThat(all.figure(Measure.MISSING).value()).isCloseTo(1 / 8.0, EXACT);
    assertThat(report.absences()).hasSize(1);
    assertThat(report.absences().get(0).pairs()).isEqualTo(1);
    assertThat(report.absences().get(0).reason()).startsWith("the judge: ");
  }

  /** People's choices are right; the judge sees a gap of one and leans to the side shown first. */
  @Test
  void judgeOfKnownNoiseAndBiasIsFoundWithinItsIntervals() {
    double bias = 0.8;
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      groups.add(
          VotedGroup.ofPair(Greys.group("prompt " + i, 0.25, 0.75), votes(B))); // 2 * 0.5 = 1
    }
    MockJudge judge =
        MockJudge.of(
            (image, prompt) -> 2 * Greys.score(image, prompt),
            MockJudge.Options.defaults().withTemperature(1).withPositionBias(bias));

    Section all = study(groups, asked(judge, Protocol.pairsInBothOrders(1), groups)).all();

    double whenFirst = 1 / (1 + Math.exp(-(1 + bias))); // the better one is shown first
    double whenSecond = 1 / (1 + Math.exp(-(1 - bias)));
    assertFound(all.figure(Measure.EACH_ORDER), (whenFirst + whenSecond) / 2);
    assertFound(all.figure(Measure.FIRST_SHOWN), (whenFirst + 1 - whenSecond) / 2);
    double right = whenFirst * whenSecond;
    double wrong = (1 - whenFirst) * (1 - whenSecond);
    assertFound(all.figure(Measure.SWAP_CONSISTENCY), right + wrong);
    assertFound(all.figure(Measure.DECIDED), right / (right + wrong));
    assertFound(all.figure(Measure.TIES_HALF), right + 0.5 * (1 - right - wrong));
    assertThat(all.figure(Measure.FIRST_SHOWN).interval().excludes(0.5)).isTrue();
  }

  private static void assertFound(Figure figure, double truth) {
    assertThat(figure.interval().excludes(truth))
        .as("%s is %s, and %s is true", figure.measure(), figure, truth)
        .isFalse();
    assertThat(figure.interval().high() - figure.interval().low()).isLessThan(0.2);
  }

  @Test
  void alphasAreKrippendorffs() {
    List<VotedGroup> groups =
        List.of(
            pair("p", 1, A, A, B),
            pair("p", 2, B, B, B),
            pair("q", 3, A, A),
            pair("q", 4, T, A, T),
            pair("r", 5, B, B),
            pair("r", 6, A));
    List<Choice> judged = List.of(A, B, A, A, B, A);
    Map<String, Choice> byId = new HashMap<>();
    IntStream.range(0, 6).forEach(i -> byId.put(groups.get(i).id(), judged.get(i)));
    Section all =
        study(groups, VoteVerdicts.of("others", others(groups, byId), Truth.majority())).all();
    // The golden items of the statistic, see AgreementTest.
    assertThat(all.figure(Measure.ALPHA_PEOPLE).value()).isCloseTo(0.5384615384615384, EXACT);
    assertThat(all.figure(Measure.ALPHA_PEOPLE).n()).isEqualTo(13);
    List<List<Choice>> two = new ArrayList<>();
    List<Choice> people = List.of(A, B, A, T, B, A);
    IntStream.range(0, 6).forEach(i -> two.add(List.of(people.get(i), judged.get(i))));
    assertThat(all.figure(Measure.ALPHA).value())
        .isCloseTo(KrippendorffAlpha.nominal(two).alpha(), EXACT);
    assertThat(all.figure(Measure.CEILING_ANOTHER).n()).isEqualTo(13);
    assertThat(all.figure(Measure.WITH_A_PERSON).n()).isEqualTo(14);
    // AAB 2, BBB 3, AA 2, TAT 1, BB 2, A 1.
    assertThat(all.figure(Measure.WITH_A_PERSON).value()).isCloseTo(11 / 14.0, EXACT);
  }

  private static List<VotedGroup> others(List<VotedGroup> groups, Map<String, Choice> byId) {
    return groups.stream()
        .map(
            group ->
                VotedGroup.ofPair(
                    group.images(), votes(Objects.requireNonNull(byId.get(group.id())))))
        .toList();
  }

  @Test
  void ordersOfGroupsAreCorrelated() {
    // Scores and people's order of AgreementTest: six images, one tie on either side.
    double[] brightness = {.9, .4, .4, .1, .3, .8};
    double[] noise = {0, 1e-4, 2e-4, 3e-4, 4e-4, 5e-4}; // images that are not the same
    ImageGroup images =
        Greys.group(
            "p", IntStream.range(0, 6).mapToDouble(i -> brightness[i] + noise[i]).toArray());
    VotedGroup group = VotedGroup.ofRankings(images, List.of(Ranking.ofScores(5, 3, 4, 1, 2, 3)));
    Section all =
        study(
                List.of(group),
                ScoreVerdicts.of(
                    "scores", (image, prompt) -> Math.rint(Greys.score(image, prompt) * 10)))
            .all();
    assertThat(all.figure(Measure.KENDALL).value()).isCloseTo(0.7857142857142857, EXACT);
    assertThat(all.figure(Measure.SPEARMAN).value()).isCloseTo(0.8676470588235294, EXACT);
    assertThat(all.figure(Measure.KENDALL).n()).isEqualTo(1);
    assertThat(all.figure(Measure.THREE_WAY).value()).isCloseTo(0.8, EXACT);
    assertThat(all.pairs()).isEqualTo(15);
  }

  @Test
  void groupsWithoutACorrelationAreCounted() {
    ImageGroup images = Greys.group("p", 0.1, 0.5, 0.9);
    List<VotedGroup> groups =
        List.of(
            VotedGroup.ofRankings(images, List.of(Ranking.of(2, 1, 0))),
            VotedGroup.ofRankings(
                Greys.group("q", 0.1, 0.5, 0.9), List.of(Ranking.ofScores(1, 1, 1))));
    StudyReport report = study(groups, ScoreVerdicts.of("grey", Greys::score));
    assertThat(report.all().figure(Measure.KENDALL).n()).isEqualTo(1);
    assertThat(report.notes()).anyMatch(note -> note.startsWith("1 groups have no correlation"));
  }

  @Test
  void judgementsOfAnOlderVersionAreComparedWithoutTheirAnswers() {
    List<VotedGroup> groups = List.of(pair("p", 1, B), pair("q", 2, A));
    Verdicts older =
        new Verdicts() {
          @Override
          public String name() {
            return "older";
          }

          @Override
          public Optional<GroupVerdict> of(VotedGroup group) {
            return Optional.of(
                GroupVerdict.of(
                    new Opinion(Ranking.of(1, 0), Map.of(), List.of(), List.of(), Optional.empty()),
                    "older"));
          }
        };
    StudyReport report = study(groups, older);
    assertThat(report.all().figure(Measure.DECIDED).value()).isEqualTo(0.5);
    assertThat(report.all().figure(Measure.FIRST_SHOWN).isKnown()).isFalse();
    assertThat(report.notes()).anyMatch(note -> note.startsWith("2 judgements do not say"));
  }

  @Test
  void tieMarginIsMeasuredOnPromptsThatItWasNotChosenOn() {
    RandomGenerator random = Seed.of(3).generator();
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      double first = random.nextInt(200) / 255.0;
      double second = first + (1 + random.nextInt(50)) / 255.0;
      Choice people = second - first <= 20.5 / 255 ? T : B; // people see a tie within 20 levels
      groups.add(VotedGroup.ofPair(Greys.group("p" + i, first, second), votes(people)));
    }
    StudyReport report = study(groups, ScoreVerdicts.of("grey", Greys::score));
    assertThat(report.tieMargin().getAsDouble() * 255).isCloseTo(20, within(1.0));
    Figure calibrated = report.all().figure(Measure.TIE_CALIBRATED);
    assertThat(calibrated.value()).isGreaterThan(0.95);
    assertThat(calibrated.n()).isBetween(160L, 240L); // half of them
    assertThat(report.all().figure(Measure.THREE_WAY).value()).isLessThan(0.75);
  }

  @Test
  void reliabilityTellsACalibratedJudgeFromAnOverconfidentOne() {
    RandomGenerator random = Seed.of(9).generator();
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      double first = random.nextDouble();
      double second = random.nextDouble();
      double p = 1 / (1 + Math.exp(-4 * (first - second)));
      Vote[] votes = new Vote[5];
      for (int v = 0; v < votes.length; v++) {
        votes[v] = new Vote(random.nextDouble() < p ? A : B, "person " + v);
      }
      groups.add(VotedGroup.ofPair(Greys.group("p" + i, first, second), List.of(votes)));
    }
    StudyReport honest = study(groups, asked(soft(4), Protocol.pairsInBothOrders(1), groups));
    StudyReport sure = study(groups, asked(soft(20), Protocol.pairsInBothOrders(1), groups));
    assertThat(honest.all().figure(Measure.CALIBRATION_ERROR).value()).isLessThan(0.05);
    assertThat(sure.all().figure(Measure.CALIBRATION_ERROR).value()).isGreaterThan(0.1);
    assertThat(honest.reliability().stream().mapToLong(ReliabilityBin::pairs).sum()).isEqualTo(500);
    ReliabilityBin last = sure.reliability().get(StudySums.BINS - 1);
    assertThat(last.people()).isLessThan(last.probability() - 0.05);
  }

  private static MockJudge soft(double slope) {
    return MockJudge.of(
        (image, prompt) -> slope * Greys.score(image, prompt),
        MockJudge.Options.defaults().withTemperature(1).withSoftAnswers(true));
  }

  // ---- Sections

  private static final Rubric TWO =
      new Rubric(
          "two",
          "1",
          "",
          List.of(
              new Rubric.Criterion("light", "Brighter.", Rubric.Scope.EACH_IMAGE),
              new Rubric.Criterion("dark", "Darker.", Rubric.Scope.EACH_IMAGE)));

  @Test
  void eachCriterionIsComparedWithItsOwnVotes() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      groups.add(
          new VotedGroup(
              Greys.group("p" + i, 0.2, 0.6),
              List.of(
                  new VotedPair(0, 1, "", votes(B)),
                  new VotedPair(1, 0, "dark", votes(i == 0 ? A : B))), // B: image 0
              Map.of(),
              List.of()));
    }
    Judge judge = MockJudge.of(Greys::score).withCriterion("dark", (i, p) -> -Greys.score(i, p));
    for (Protocol protocol :
        List.of(Protocol.listwise(2), Protocol.pairsInBothOrders(1).oneCriterionACall())) {
      StudyReport report = study(groups, asked(judge, protocol, groups, TWO));
      Section dark = report.section("criterion: dark");
      assertThat(dark.figure(Measure.DECIDED).value()).isCloseTo(5 / 6.0, EXACT);
      assertThat(dark.figure(Measure.SWAP_CONSISTENCY).value()).isEqualTo(1);
      // Nobody voted about light: it is compared with which image is better.
      assertThat(report.section("criterion: light").figure(Measure.DECIDED).value()).isEqualTo(1);
      assertThat(report.notes()).anyMatch(note -> note.contains("not asked by a criterion"));
    }
  }

  @Test
  void strataShareOutThePairs() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      groups.add(
          VotedGroup.ofRankings(
                  Greys.group("p" + i, 0.1, 0.3, 0.6),
                  List.of(Ranking.of(i < 4 ? 2 : 0, 1, i < 4 ? 0 : 2)))
              .withFact("source", i < 4 ? "x" : "y")
              .withImageFact("model", List.of("a", "a", "b")));
    }
    StudyReport report =
        AgreementStudy.builder()
            .stratum(Stratum.byFact("source"))
            .stratum(Stratum.bySame("model"))
            .stratum(Stratum.byRankDistance())
            .build()
            .of(groups, ScoreVerdicts.of("grey", Greys::score));
    assertThat(report.section("source: x").figure(Measure.DECIDED).value()).isEqualTo(1);
    assertThat(report.section("source: y").figure(Measure.DECIDED).value()).isEqualTo(0);
    assertThat(report.section("source: x").figure(Measure.KENDALL).value()).isEqualTo(1);
    assertThat(report.section("same model: same").pairs()).isEqualTo(8);
    assertThat(report.section("same model: different").pairs()).isEqualTo(16);
    assertThat(report.section("rank distance: 1").pairs()).isEqualTo(16);
    assertThat(report.section("rank distance: 2").pairs()).isEqualTo(8);
    assertThat(report.notes()).anyMatch(note -> note.contains("compared by all of their pairs"));
  }

  // ---- What is missing

  @Test
  void whatIsMissingIsCountedByReason() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      groups.add(pair("p" + i, i, A, A));
    }
    Judge judge =
        question -> {
          if (question.prompt().text().equals("p3")) {
            throw new FeedbackException.Refused("I cannot help with that", Usage.NONE);
          }
          return MockJudge.of(Greys::score).ask(question);
        };
    Verdicts verdicts = asked(judge, Protocol.listwise(1), groups.subList(0, 9));
    groups.add(pair("p10", 10));
    groups.add(pair("p11", 11, A));
    StudyReport report =
        AgreementStudy.builder().truth(new Truth(0.5, 2)).build().of(groups, verdicts);
    assertThat(report.absences())
        .extracting(Absence::reason)
        .hasSize(4)
        .anyMatch(reason -> reason.equals("people: no vote"))
        .anyMatch(reason -> reason.equals("people: fewer than 2 votes"))
        .anyMatch(reason -> reason.equals("the judge was not asked"))
        .anyMatch(reason -> reason.contains("refus"));
    Section all = report.all();
    long compared = all.figure(Measure.THREE_WAY).n();
    assertThat(compared + report.absences().stream().mapToLong(Absence::pairs).sum())
        .isEqualTo(groups.size());
    assertThat(all.figure(Measure.MISSING).value()).isCloseTo(1 / 9.0, EXACT);
  }

  @Test
  void whatIsNotKnownStaysUnknown() {
    List<VotedGroup> groups = List.of(pair("p", 1, B), pair("q", 2, B));
    StudyReport report = study(groups, ScoreVerdicts.of("grey", Greys::score));
    for (Measure measure :
        List.of(
            Measure.SWAP_CONSISTENCY,
            Measure.FIRST_SHOWN,
            Measure.COST,
            Measure.SECONDS,
            Measure.CALIBRATION_ERROR,
            Measure.CEILING_ANOTHER,
            Measure.KENDALL)) {
      Figure figure = report.all().figure(measure);
      assertThat(figure.isKnown()).as("%s", measure).isFalse();
      assertThat(figure.value()).isNaN();
      assertThat(figure.toString()).startsWith("unknown: ");
    }
  }

  @Test
  void costAndSecondsComeFromTheDataset() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      groups.add(pair("p" + i, i, B));
    }
    MockJudge judge =
        MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults().withName("m").withUsage(new Usage(1, 1000, 0, 100)));
    Path dataset = folder.resolve("timed.jsonl");
    AtomicInteger tick = new AtomicInteger();
    Clock clock = new Clock() { // two seconds each time it is read
          @Override
          public Instant instant() {
            return Instant.ofEpochSecond(2L * tick.incrementAndGet());
          }

          @Override
          public ZoneOffset getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(java.time.ZoneId zone) {
            return this;
          }
        };
    job(judge, Protocol.listwise(2), Greys.RUBRIC, dataset)
        .clock(clock)
        .build()
        .run(AgreementStudy.groups(groups));
    AgreementStudy study =
        AgreementStudy.builder()
            .prices(PriceTable.of("EUR", Map.of("m", Price.perMillionTokens("1", "10"))))
            .build();
    StudyReport report = study.of(groups, DatasetVerdicts.of("m", dataset));
    // Two questions of 1,000 tokens at 1 and 100 at 10 a million.
    assertThat(report.all().figure(Measure.COST).value()).isCloseTo(0.004, EXACT);
    assertThat(report.all().figure(Measure.COST).n()).isEqualTo(8);
    assertThat(report.all().figure(Measure.SECONDS).n()).isEqualTo(7);
    assertThat(report.all().figure(Measure.SECONDS).value()).isGreaterThanOrEqualTo(2);
    assertThat(report.table()).contains("(EUR)");
    StudyReport paused =
        AgreementStudy.builder()
            .pause(Duration.ofSeconds(1))
            .build()
            .of(groups, DatasetVerdicts.of("m", dataset));
    assertThat(paused.all().figure(Measure.SECONDS).isKnown()).isFalse();
    assertThat(paused.all().figure(Measure.COST).isKnown()).isFalse(); // no prices
    assertThat(paused.notes()).anyMatch(note -> note.startsWith("7 pauses"));
  }

  // ---- Two judges

  @Test
  void judgesAreComparedOnTheSamePairs() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      groups.add(pair("p" + i % 8, i % 19, B));
    }
    assertThat(groups).extracting(VotedGroup::id).doesNotHaveDuplicates();
    Verdicts good = ScoreVerdicts.of("good", Greys::score);
    Verdicts mute =
        ScoreVerdicts.of(
            "worse",
            (image, prompt) ->
                prompt.text().equals("p7")
                    ? Double.NaN
                    : prompt.text().equals("p0")
                        ? -Greys.score(image, prompt)
                        : Greys.score(image, prompt));
    StudyComparison comparison = AgreementStudy.builder().build().compare(groups, good, mute);
    assertThat(comparison.pairs()).isEqualTo(35);
    assertThat(comparison.leftOut()).isEqualTo(5);
    assertThat(comparison.threeWay().orElseThrow().onlyFirst()).isEqualTo(5);
    assertThat(comparison.decided().orElseThrow().p()).isCloseTo(Math.pow(2, -5), EXACT);
    assertThat(comparison.threeWay().orElseThrow().difference().value()).isCloseTo(5 / 35.0, EXACT);
    assertThat(comparison.table()).contains("good minus worse", "McNemar");
    assertThat(comparison.csv().lines())
        .hasSize(3)
        .anyMatch(line -> line.startsWith("good,worse,three_way,0.142857"))
        .anyMatch(line -> line.startsWith("good,worse,decided,"))
        .allMatch(line -> line.split(",", -1).length == 11);
  }

  // ---- Resuming

  @Test
  void killedStudyGoesOnWithoutAskingTwice() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      groups.add(pair("p" + i, i, B));
    }
    Map<String, Integer> asked = new HashMap<>();
    Cancellation kill = new Cancellation();
    MockJudge mock =
        MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults().withTemperature(0.02).withUsage(new Usage(1, 0, 0, 0)));
    Judge counting =
        question -> {
          asked.merge(question.id(), 1, Integer::sum);
          if (asked.size() == 15) {
            kill.cancel();
          }
          return mock.ask(question);
        };
    Path dataset = folder.resolve("killed.jsonl");
    Protocol both = Protocol.pairsInBothOrders(1);
    assertThatThrownBy(
            () ->
                job(counting, both, Greys.RUBRIC, dataset)
                    .cancellation(kill)
                    .build()
                    .run(AgreementStudy.groups(groups)))
        .isInstanceOf(CancellationException.class);
    StudyReport half = study(groups, DatasetVerdicts.of("j", dataset));
    assertThat(half.absences())
        .extracting(Absence::reason)
        .containsExactly("the judge was not asked");

    job(counting, both, Greys.RUBRIC, dataset).build().run(AgreementStudy.groups(groups));
    StudyReport whole = study(groups, DatasetVerdicts.of("j", dataset));

    assertThat(asked).hasSize(40); // two questions a pair
    assertThat(asked.values()).containsOnly(1);
    assertThat(whole.absences()).isEmpty();
    StudyReport atOnce = study(groups, asked(mock, both, groups));
    for (Measure measure : Measure.values()) {
      if (measure != Measure.SECONDS) {
        assertThat(whole.all().figure(measure)).isEqualTo(atOnce.all().figure(measure));
      }
    }
  }

  @Test
  void imagesAreFreeAfterEachGroup() {
    List<WeakReference<Image>> images = new ArrayList<>();
    int[] mostAlive = new int[1];
    Iterable<VotedGroup> lazy =
        () ->
            IntStream.range(0, 400)
                .mapToObj(
                    i -> {
                      Image one = Image.filled(32, 32, i / 400f, 0, 0);
                      Image other = Image.filled(32, 32, i / 400f, 1, 0);
                      images.add(new WeakReference<>(one));
                      if (i % 100 == 99) {
                        System.gc();
                        int alive =
                            (int) images.stream().filter(image -> image.get() != null).count();
                        mostAlive[0] = Math.max(mostAlive[0], alive);
                      }
                      return VotedGroup.ofPair(
                          new ImageGroup(Prompt.of("p" + i), List.of(one, other)), votes(A, B));
                    })
                .iterator();
    Verdicts others = VoteVerdicts.of("others", lazy, Truth.majority());
    StudyReport report = AgreementStudy.builder().build().of(lazy, others);
    assertThat(report.groups()).isEqualTo(400);
    assertThat(mostAlive[0]).isBetween(1, 20);
  }

  // ---- Output

  @Test
  void reportIsAFunctionOfItsSeedAndIsWritten() {
    List<VotedGroup> groups = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      groups.add(pair("p" + i, i, i % 3 == 0 ? A : B, B).withFact("source", "x, \"y\""));
    }
    AgreementStudy study =
        AgreementStudy.builder().stratum(Stratum.byFact("source")).seed(Seed.of(1)).build();
    Verdicts grey = ScoreVerdicts.of("grey", Greys::score);
    StudyReport report = study.of(groups, grey);
    assertThat(study.of(groups, grey)).isEqualTo(report);
    assertThat(report.table()).contains("grey against people", "right, ties half", "Not compared");
    List<String> lines = report.csv().lines().toList();
    assertThat(lines).hasSize(1 + 2 * Measure.values().length + StudySums.BINS);
    assertThat(lines).anyMatch(line -> line.contains("\"source: x, \"\"y\"\"\""));
    Figure half = report.all().figure(Measure.TIES_HALF);
    assertThat(report.csv())
        .contains(
            String.format(
                Locale.ROOT,
                "grey,figure,all,ties_half,%s,%s",
                half.value(),
                half.interval().low()));
  }

  // ---- Truth

  @Test
  void truthIsTheMajorityAndATieWhereThereIsNone() {
    assertThat(Truth.majority().of(votes(A, A, B))).contains(A);
    assertThat(Truth.majority().of(votes(A, B))).contains(T);
    assertThat(Truth.majority().of(votes(A, A, B, T))).contains(T); // half is not more than half
    assertThat(new Truth(0.75, 1).of(votes(A, A, B))).contains(T);
    assertThat(new Truth(0.5, 3).of(votes(A, A))).isEmpty();
    assertThat(Truth.majority().of(List.of())).isEqualTo(Optional.empty());
  }

  @Test
  void pairOfTheLargerIndexFirstIsTurned() {
    VotedPair pair = new VotedPair(3, 1, "", votes(A, T));
    assertThat(pair.first()).isEqualTo(1);
    assertThat(pair.choices()).containsExactly(B, T);
    assertThat(pair.shareOfFirst()).isEqualTo(0.25);
  }

  @Test
  void probabilityIsSeenFromEitherSide() {
    Opinion opinion =
        new Opinion(
            Ranking.of(0, 1),
            Map.of(),
            List.of(),
            List.of(new Preference(0, 1, 0.9), new Preference(1, 0, 0.3)),
            Optional.empty());
    assertThat(opinion.probability(0, 1).getAsDouble()).isCloseTo(0.8, EXACT);
    assertThat(opinion.probability(0, 2)).isEqualTo(OptionalDouble.empty());
  }

  // ---- Bad input

  @Test
  void wrongInputIsRefusedByName() {
    ImageGroup two = Greys.group("a frog", 0.1, 0.2);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new VotedGroup(
                    two, List.of(new VotedPair(0, 2, "", votes(A))), Map.of(), List.of()))
        .withMessageContaining("a frog")
        .withMessageContaining("0 and 2");
    VotedPair once = new VotedPair(0, 1, "", votes(A));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VotedGroup(two, List.of(once, once), Map.of(), List.of()))
        .withMessageContaining("twice");
    assertThatIllegalArgumentException().isThrownBy(() -> new VotedPair(1, 1, "", votes(A)));
    assertThatIllegalArgumentException().isThrownBy(() -> new Truth(0.4, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VotedGroup.ofPair(two, votes(A)).withImageFact("model", List.of("a")));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> VoteVerdicts.of("x", List.of(pair("p", 1, A), pair("p", 1, B)), Truth.majority()))
        .withMessageContaining("twice");
  }

  @Test
  void datasetOfOtherGroupsIsRefused() {
    List<VotedGroup> groups = List.of(pair("p", 1, B));
    Verdicts others =
        asked(MockJudge.of(Greys::score), Protocol.listwise(1), List.of(pair("q", 1, B)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> study(groups, others))
        .withMessageContaining("nothing about any of the 1 groups")
        .withMessageContaining("same prompts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> study(List.of(), others))
        .withMessageContaining("there must be a group");
    assertThatThrownBy(
            () ->
                study(
                    groups,
                    ScoreVerdicts.ofGroups("short", group -> List.of(OptionalDouble.of(1)))))
        .hasMessageContaining("short must give a score");
  }
}

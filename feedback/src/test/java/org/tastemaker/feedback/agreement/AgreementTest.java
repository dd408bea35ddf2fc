package org.tastemaker.feedback.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

/**
 * Figures against numbers that were computed once by other programs, in double precision and by
 * counting, and against cases that can be worked out by hand.
 */
class AgreementTest {
  /** Sums of some tens of terms of order one in double precision. */
  private static final Offset<Double> EXACT = within(1e-12);

  private static final Choice A = Choice.FIRST;
  private static final Choice B = Choice.SECOND;
  private static final Choice T = Choice.TIE;

  /** Eight pairs of four prompts, one of them with an answer missing. */
  private static final List<PairRow> ROWS =
      List.of(
          row("p1", A, A, A),
          row("p1", B, A, B),
          row("p2", A, A, A),
          row("p2", T, T, A),
          row("p3", B, B, B),
          row("p3", A, B, B),
          row("p4", T, T, T),
          PairRow.both("p4", B, Optional.empty(), Optional.of(B)));

  private static PairRow row(String prompt, Choice people, Choice forward, Choice backward) {
    return PairRow.both(prompt, people, Optional.of(forward), Optional.of(backward));
  }

  // ---- Pairs

  @Test
  void eachOrderCountsByItself() {
    PairAgreement agreement = PairAgreement.of(ROWS);
    assertThat(agreement.eachOrder().mean()).isCloseTo(11 / 15.0, EXACT);
    assertThat(agreement.eachOrder().values()).isEqualTo(15);
    assertThat(agreement.eachOrderDecided().mean()).isCloseTo(8 / 11.0, EXACT);
  }

  @Test
  void verdictsOfBothOrdersCountOnce() {
    PairAgreement agreement = PairAgreement.of(ROWS);
    assertThat(agreement.threeWay().mean()).isCloseTo(5 / 7.0, EXACT);
    assertThat(agreement.decided().mean()).isCloseTo(3 / 4.0, EXACT);
    assertThat(agreement.decided().values()).isEqualTo(4);
    assertThat(agreement.tiesHalf().mean()).isCloseTo(0.7, EXACT);
    assertThat(agreement.tiesHalf().values()).isEqualTo(5);
  }

  @Test
  void swapConsistencyIsTheShareOfSameChoices() {
    PairAgreement agreement = PairAgreement.of(ROWS);
    assertThat(agreement.swapConsistency().mean()).isCloseTo(5 / 7.0, EXACT);
    assertThat(agreement.unanswered()).isEqualTo(1);
  }

  @Test
  void sidesCountAsTheyWereShown() {
    // The second image first, and chosen: the side that was shown first won both times.
    PairAgreement agreement = PairAgreement.of(List.of(row("p", A, A, B), row("p", A, T, B)));
    assertThat(agreement.firstShown().mean()).isEqualTo(1);
    assertThat(agreement.firstShown().values()).isEqualTo(3);
    assertThat(agreement.ties().mean()).isEqualTo(0.25);
  }

  @Test
  void pairShownInOneOrderHasThatVerdict() {
    PairRow once = new PairRow("p", B, Optional.of(B), List.of(), List.of(B));
    PairAgreement agreement = PairAgreement.of(List.of(once));
    assertThat(agreement.decided().mean()).isEqualTo(1);
    assertThat(agreement.swapConsistency().values()).isZero();
    assertThat(agreement.firstShown().mean()).isEqualTo(1);
  }

  @Test
  void severalAnswersInEachOrderAreAllCompared() {
    PairRow twice = new PairRow("p", A, Optional.of(A), List.of(A, A), List.of(A, B));
    PairAgreement agreement = PairAgreement.of(List.of(twice));
    assertThat(agreement.swapConsistency().mean()).isEqualTo(0.5);
    assertThat(agreement.swapConsistency().values()).isEqualTo(4);
    assertThat(agreement.eachOrder().mean()).isEqualTo(0.75);
    assertThat(agreement.threeWay().mean()).isEqualTo(1);
  }

  @Test
  void nothingAnsweredHasNoAccuracy() {
    PairAgreement agreement =
        PairAgreement.of(List.of(PairRow.both("p", A, Optional.empty(), Optional.empty())));
    assertThat(agreement.decided().mean()).isNaN();
    assertThat(agreement.unanswered()).isEqualTo(1);
  }

  // ---- Errors and intervals

  @Test
  void errorsKnowAboutPrompts() {
    ClusteredMean mean = PairAgreement.of(ROWS).eachOrder();
    assertThat(mean.clusters()).isEqualTo(4);
    assertThat(mean.independentError()).isCloseTo(0.11417984514369005, EXACT);
    assertThat(mean.cr0()).isCloseTo(0.08219218670625301, EXACT);
    assertThat(mean.cr1()).isCloseTo(0.0949073622402783, EXACT);
  }

  @Test
  void valuesThatAreTheSameWithinAPromptAreWorthOne() {
    List<double[]> ten = new ArrayList<>();
    for (int prompt = 0; prompt < 10; prompt++) {
      ten.add(new double[] {prompt % 2, prompt % 2, prompt % 2, prompt % 2});
    }
    ClusteredMean repeated = ClusteredMean.of(ten);
    assertThat(repeated.cr0()).isCloseTo(Math.sqrt(0.25 / 10), EXACT);
    assertThat(repeated.independentError()).isCloseTo(Math.sqrt(0.25 / 40), EXACT);
  }

  @Test
  void bootstrapHasTheSpreadOfTheMean() {
    RandomGenerator random = Seed.of(3).generator();
    List<Double> prompts = random.doubles(200).boxed().toList();
    PromptBootstrap.Interval interval =
        PromptBootstrap.usual()
            .of(
                prompts,
                some -> some.stream().mapToDouble(Double::doubleValue).average().orElseThrow(),
                Seed.of(4));
    double deviation = Math.sqrt(1 / 12.0 / 200);
    // The ends of 2,000 resamples scatter by about 5 % of a deviation's 1.96; 200 numbers by 5 %.
    assertThat((interval.high() - interval.low()) / (2 * 1.96 * deviation))
        .isCloseTo(1, within(0.2));
    assertThat(interval.value()).isBetween(interval.low(), interval.high());
    assertThat(interval.excludes(0)).isTrue();
  }

  @Test
  void bootstrapIsAFunctionOfItsSeed() {
    List<Integer> prompts = IntStream.range(0, 9).boxed().toList();
    PromptBootstrap bootstrap = new PromptBootstrap(200, 0.9);
    assertThat(bootstrap.of(prompts, some -> some.get(0), Seed.of(1)))
        .isEqualTo(bootstrap.of(prompts, some -> some.get(0), Seed.of(1)));
  }

  @Test
  void figuresOfSumsHaveTheIntervalsOfTheFigures() {
    List<double[]> prompts =
        Seed.of(3).generator().doubles(20).mapToObj(x -> new double[] {x, 1}).toList();
    PromptBootstrap bootstrap = new PromptBootstrap(200, 0.9);
    List<PromptBootstrap.Interval> ofSums =
        bootstrap.ofSums(prompts, List.of(s -> s[0] / s[1], s -> Double.NaN), Seed.of(4));
    PromptBootstrap.Interval mean =
        bootstrap.of(prompts, some -> some.stream().mapToDouble(x -> x[0]).sum() / 20, Seed.of(4));
    assertThat(ofSums.get(0).value()).isCloseTo(mean.value(), EXACT);
    assertThat(ofSums.get(0).low()).isCloseTo(mean.low(), EXACT);
    assertThat(ofSums.get(0).high()).isCloseTo(mean.high(), EXACT);
    assertThat(ofSums.get(1).toString()).isEqualTo("none");
  }

  @Test
  void resamplesWithoutTheFigureAreCounted() {
    PromptBootstrap.Interval interval =
        new PromptBootstrap(1000, 0.95)
            .of(
                List.of(1, 2),
                some -> some.contains(1) && some.contains(2) ? 1 : Double.NaN,
                Seed.of(1));
    // Half of the draws of two are both prompts: 500, give or take four deviations of 16.
    assertThat(interval.undefined()).isBetween(436, 564);
    assertThat(interval.low()).isEqualTo(1);
  }

  @Test
  void onePromptHasNoInterval() {
    PromptBootstrap.Interval interval =
        PromptBootstrap.usual().of(List.of(1), some -> 0.5, Seed.of(1));
    assertThat(interval.toString()).isEqualTo("0.500");
    assertThat(interval.excludes(0)).isFalse();
  }

  // ---- Two judges

  @Test
  void judgesAreComparedOnTheSamePairs() {
    List<JudgeComparison.Both> pairs = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      pairs.add(new JudgeComparison.Both("p" + i % 8, true, i % 4 != 0)); // 10 only by the first
    }
    JudgeComparison comparison = JudgeComparison.of(pairs, PromptBootstrap.usual(), Seed.of(1));
    assertThat(comparison.onlyFirst()).isEqualTo(10);
    assertThat(comparison.onlySecond()).isZero();
    assertThat(comparison.difference().value()).isEqualTo(0.25);
    // 2 * 2^-10 - 2^-10: all on one side.
    assertThat(comparison.p()).isCloseTo(Math.pow(2, -10), EXACT);
  }

  @Test
  void evenSplitIsNoDifference() {
    // 2 * P(X <= 1) - P(X = 1) of two fair coins = 2 * 0.75 - 0.5.
    assertThat(JudgeComparison.midP(1, 1)).isCloseTo(1, EXACT);
    assertThat(JudgeComparison.midP(0, 0)).isEqualTo(1);
    // 2 * (1 + 6) / 64 - 6 / 64.
    assertThat(JudgeComparison.midP(5, 1)).isCloseTo(8 / 64.0, EXACT);
  }

  // ---- Scores

  private static final double[] PEOPLE = {5, 3, 4, 1, 2, 3};
  private static final double[] JUDGE = {.9, .4, .4, .1, .3, .8};

  @Test
  void ranksAgreeByKendallAndSpearman() {
    RankCorrelation correlation = RankCorrelation.of(PEOPLE, JUDGE);
    assertThat(correlation.kendall()).isCloseTo(0.7857142857142857, EXACT);
    assertThat(correlation.spearman()).isCloseTo(0.8676470588235294, EXACT);
  }

  @Test
  void missingScoreIsRefusedByItsItem() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankCorrelation.of(new double[] {1, 2}, new double[] {1, Double.NaN}))
        .withMessageContaining("item 1");
  }

  private static List<TieMargin.Scored> scored() {
    List<TieMargin.Scored> pairs = new ArrayList<>();
    for (int i = 0; i < PEOPLE.length; i++) {
      for (int j = i + 1; j < PEOPLE.length; j++) {
        pairs.add(
            new TieMargin.Scored(Choice.ofScores(PEOPLE[i], PEOPLE[j], 0), JUDGE[i], JUDGE[j]));
      }
    }
    return pairs;
  }

  @Test
  void tieMarginIsTheBestOfAll() {
    TieMargin margin = TieMargin.calibrate(scored());
    assertThat(margin.margin()).isZero();
    assertThat(margin.accuracy()).isCloseTo(0.8, EXACT);
    assertThat(margin.pairs()).isEqualTo(15);
  }

  @Test
  void tieMarginGrowsWithPeoplesTies() {
    List<TieMargin.Scored> pairs =
        List.of(
            new TieMargin.Scored(T, 0.50, 0.55),
            new TieMargin.Scored(T, 0.70, 0.60),
            new TieMargin.Scored(A, 0.90, 0.20),
            new TieMargin.Scored(B, 0.10, 0.40));
    TieMargin margin = TieMargin.calibrate(pairs);
    assertThat(margin.margin()).isCloseTo(0.1, within(1e-9));
    assertThat(margin.accuracy()).isEqualTo(1);
    assertThat(TieMargin.accuracyAt(pairs, 0)).isEqualTo(0.5);
  }

  @Test
  void tieMarginIsThatOfTryingEachDifference() {
    RandomGenerator random = Seed.of(8).generator();
    for (int trial = 0; trial < 50; trial++) {
      List<TieMargin.Scored> pairs = new ArrayList<>();
      for (int i = 0; i < 30; i++) { // few values, so that differences are often equal
        Choice people = List.of(A, B, T).get(random.nextInt(3));
        pairs.add(new TieMargin.Scored(people, random.nextInt(7) * 0.1, random.nextInt(7) * 0.1));
      }
      double best = -1;
      for (int d = 0; d < 7; d++) {
        best = Math.max(best, TieMargin.accuracyAt(pairs, d * 0.1));
      }
      TieMargin margin = TieMargin.calibrate(pairs);
      assertThat(margin.accuracy()).isCloseTo(best, EXACT);
      assertThat(TieMargin.accuracyAt(pairs, margin.margin())).isCloseTo(best, EXACT);
    }
  }

  // ---- Raters

  @Test
  void alphaOfChoicesLeavesOutWhatIsMissing() {
    KrippendorffAlpha alpha =
        KrippendorffAlpha.nominal(
            List.of(
                List.of("A", "A", "B"),
                List.of("B", "B", "B"),
                List.of("A", "A"),
                List.of("T", "A", "T"),
                List.of("B", "B"),
                List.of("A"))); // a single rating says nothing
    assertThat(alpha.alpha()).isCloseTo(0.5384615384615384, EXACT);
    assertThat(alpha.ratings()).isEqualTo(13);
    assertThat(alpha.observed()).isCloseTo(4 / 13.0, EXACT);
    assertThat(alpha.expected()).isCloseTo(2 / 3.0, EXACT);
  }

  @Test
  void alphaOfScoresIsThatOfSquaredDifferences() {
    // Two items: within, 1 and 1 (each pair twice, over 1); D_o = 4 / 4.
    KrippendorffAlpha alpha =
        KrippendorffAlpha.interval(List.of(List.of(0.0, 1.0), List.of(3.0, 4.0)));
    assertThat(alpha.observed()).isCloseTo(1, EXACT);
    // Ordered pairs of 0, 1, 3, 4: 2 (1 + 9 + 16 + 4 + 9 + 1) = 80 of 12.
    assertThat(alpha.expected()).isCloseTo(80 / 12.0, EXACT);
    assertThat(alpha.alpha()).isCloseTo(1 - 12 / 80.0, EXACT);
  }

  @Test
  void ratingsThatAreAllTheSameHaveNoAlpha() {
    assertThat(KrippendorffAlpha.nominal(List.of(List.of(A, A), List.of(A, A))).alpha()).isNaN();
  }

  @Test
  void ceilingIsHowPeopleAgreeWithPeople() {
    HumanCeiling ceiling =
        HumanCeiling.of(
            List.of(
                new HumanCeiling.Votes("p", List.of(A, A, B)),
                new HumanCeiling.Votes("q", List.of(A, A)),
                new HumanCeiling.Votes("q", List.of(B))));
    assertThat(ceiling.items()).isEqualTo(2);
    // AAB: each A meets one of two that agrees, B none; AA: both.
    assertThat(ceiling.another().mean()).isCloseTo((0.5 + 0.5 + 0 + 1 + 1) / 5, EXACT);
    // Without an A, A and B lead with one vote each; without the B, A leads.
    assertThat(ceiling.majority().mean()).isCloseTo((0.5 + 0.5 + 0 + 1 + 1) / 5, EXACT);
  }

  @Test
  void majorityOfManyIsHigherThanAnother() {
    HumanCeiling ceiling =
        HumanCeiling.of(
            List.of(new HumanCeiling.Votes("p", List.of(A, A, A, A, A, A, A, B, B, B))));
    assertThat(ceiling.majority().mean()).isCloseTo(0.7, EXACT);
    // 7 of 10 meet 6 of 9; 3 of 10 meet 2 of 9.
    assertThat(ceiling.another().mean()).isCloseTo(0.7 * 6 / 9 + 0.3 * 2 / 9, EXACT);
  }
}

package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;

class BradleyTerryTest {
  static final Wins PUBLISHED =
      Wins.of(new double[][] {{0, 7, 9, 6}, {3, 0, 6, 8}, {1, 4, 0, 5}, {4, 2, 5, 0}});

  // Reference figures are given to 10 digits after the point.
  private static final double DIGITS = 1e-9;

  @Test
  void givesTheWorthsOfTheMinoriseMaximiseIteration() {
    Worths worths = BradleyTerry.fit(PUBLISHED, BradleyTerry.Options.withoutPrior());

    assertThat(worths.logWorths())
        .containsExactly(
            new double[] {0.7778071931, 0.2104324178, -0.5501857316, -0.4380538793},
            within(DIGITS));
  }

  @Test
  void givesTheStandardErrorsOfThePseudoInverse() {
    // numpy.linalg.pinv of the information at the maximum
    assertThat(BradleyTerry.fit(PUBLISHED, BradleyTerry.Options.withoutPrior()).standardErrors())
        .containsExactly(
            new double[] {0.31411754327, 0.28903840866, 0.29943713696, 0.29475063861},
            within(DIGITS));
  }

  @Test
  void aPriorPullsTheWorthsTogether() {
    Worths worths = BradleyTerry.fit(PUBLISHED, new BradleyTerry.Options(1));

    // numpy's Newton iteration; the variance of the sum, 1 / (1 * 4), is taken out
    assertThat(worths.logWorths())
        .containsExactly(
            new double[] {0.68665544119, 0.18864244935, -0.48707372484, -0.3882241657},
            within(DIGITS));
    assertThat(worths.standardErrors()[0])
        .isCloseTo(Math.sqrt(0.57697616468 * 0.57697616468 - 0.25), within(DIGITS));
  }

  @Test
  void disagreesWithKemenyWhereTheyAreKnownTo() {
    Worths worths = BradleyTerry.fit(PUBLISHED, BradleyTerry.Options.withoutPrior());

    assertThat(worths.ranking()).isEqualTo(Ranking.of(0, 1, 3, 2));
    assertThat(Kemeny.solve(PUBLISHED).order()).containsExactly(0, 1, 2, 3);
  }

  @Test
  void oneSoftLabelBecomesItsLogit() {
    Wins wins = Ballots.ofPreferences(2, List.of(new Preference(0, 1, 0.689974481))).wins();

    Worths worths = BradleyTerry.fit(wins, BradleyTerry.Options.withoutPrior());

    // logit of the probability is 0.8; its 9 digits give 5e-9 in the logit
    assertThat(worths.logWorths()[0] - worths.logWorths()[1]).isCloseTo(0.8, within(1e-8));
    assertThat(worths.probability(0, 1)).isCloseTo(0.689974481, within(DIGITS));
  }

  @Test
  void tiesMakeEqualWorths() {
    Wins wins =
        Ballots.ofRankings(List.of(Ranking.ofTiers(3, List.of(List.of(0, 1), List.of(2))))).wins();

    Ranking ranking = BradleyTerry.fit(wins, BradleyTerry.Options.defaults()).ranking();

    assertThat(ranking).isEqualTo(Ranking.ofTiers(3, List.of(List.of(0, 1), List.of(2))));
  }

  @Test
  void theGradientIsThatOfTheFunction() {
    PosteriorCheck.check(BradleyTerry.posterior(PUBLISHED, new BradleyTerry.Options(0.3)));
  }

  @Test
  void findsTheTruthFromManyComparisons() {
    double[] truth = {1.2, 0.3, -0.4, -1.1};
    RandomGenerator random = Seed.of(7).generator();
    double[][] wins = new double[4][4];
    for (int t = 0; t < 20_000; t++) {
      int i = random.nextInt(4);
      int j = (i + 1 + random.nextInt(3)) % 4;
      boolean first = random.nextDouble() < 1 / (1 + Math.exp(truth[j] - truth[i]));
      wins[first ? i : j][first ? j : i]++;
    }

    Worths worths = BradleyTerry.fit(Wins.of(wins), BradleyTerry.Options.withoutPrior());

    for (int i = 0; i < 4; i++) {
      // four standard errors: one seed, fixed, so it holds or it does not
      assertThat(worths.logWorths()[i]).isCloseTo(truth[i], within(4 * worths.standardErrors()[i]));
    }
  }

  @Test
  void refusesWithoutPriorWhereAnItemWonEverything() {
    Wins wins = Wins.of(new double[][] {{0, 2, 1}, {0, 0, 1}, {0, 2, 0}});

    assertThatThrownBy(() -> BradleyTerry.fit(wins, BradleyTerry.Options.withoutPrior()))
        .hasMessageContaining("items [1, 2] never beat any of items [0]")
        .hasMessageContaining("prior");
  }

  @Test
  void refusesWithoutPriorWhereAnItemLostEverything() {
    Wins wins = Wins.of(new double[][] {{0, 2, 1}, {1, 0, 1}, {0, 0, 0}});

    assertThatThrownBy(() -> BradleyTerry.fit(wins, BradleyTerry.Options.withoutPrior()))
        .hasMessageContaining("items [2] never beat any of items [0, 1]");
  }

  @Test
  void refusesWithoutPriorWhereTwoPartsWereNeverCompared() {
    Wins wins = Wins.of(new double[][] {{0, 1, 0, 0}, {1, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 1, 0}});

    assertThatThrownBy(() -> BradleyTerry.fit(wins, BradleyTerry.Options.withoutPrior()))
        .hasMessageContaining("items [0, 1] and items [2, 3] were never compared");
  }

  @Test
  void aPriorMakesAOneSidedTableFinite() {
    Wins wins = Wins.of(new double[][] {{0, 1e6}, {0, 0}});

    double[] worths = BradleyTerry.fit(wins, BradleyTerry.Options.defaults()).logWorths();

    assertThat(worths[0]).isPositive().isFinite();
    // at the maximum 1e6 * sigma(-2 theta) = 0.1 * theta
    assertThat(1e6 / (1 + Math.exp(2 * worths[0]))).isCloseTo(0.1 * worths[0], within(1e-9));
  }

  @Test
  void aNegativePrecisionIsNamed() {
    assertThatThrownBy(() -> new BradleyTerry.Options(-1))
        .hasMessageContaining("at least 0, but was -1.0");
  }
}

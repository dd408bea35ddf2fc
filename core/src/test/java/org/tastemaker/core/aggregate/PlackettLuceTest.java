package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

class PlackettLuceTest {
  private static final Ballots PUBLISHED =
      Ballots.ofRankings(
          List.of(
              Ranking.of(0, 1, 2, 3),
              Ranking.of(1, 0, 2, 3),
              Ranking.of(0, 2, 1, 3),
              Ranking.of(3, 0, 1, 2)));

  @Test
  void givesTheWorthsOfTheMinoriseMaximiseIteration() {
    Worths worths = PlackettLuce.fit(PUBLISHED, PlackettLuce.Options.withoutPrior());

    // the reference has 10 digits after the point
    assertThat(worths.logWorths())
        .containsExactly(
            new double[] {1.4330920786, 0.4354903112, -0.3897401517, -1.478842238}, within(1e-9));
  }

  @Test
  void givesTheStandardErrorsOfTheNumericInformation() {
    // numpy, second differences of the log-likelihood with steps of 1e-4: good to about 1e-6
    assertThat(PlackettLuce.fit(PUBLISHED, PlackettLuce.Options.withoutPrior()).standardErrors())
        .containsExactly(
            new double[] {0.6931471189, 0.5982808047, 0.6032643319, 0.836230403}, within(1e-5));
  }

  @Test
  void tiesAreTheMeanOverTheirOrders() {
    Ballots ballots =
        Ballots.ofRankings(
            List.of(
                Ranking.ofTiers(5, List.of(List.of(0), List.of(1, 2, 4), List.of(3))),
                Ranking.ofTiers(5, List.of(List.of(3), List.of(0, 1))),
                Ranking.ofTiers(5, List.of(List.of(4, 2), List.of(0)))));

    Worths worths =
        PlackettLuce.fit(ballots, new PlackettLuce.Options(0.5, PlackettLuce.Tail.TIED));

    // a numeric maximum of the mean over all orders written out, good to about 1e-5
    assertThat(worths.logWorths())
        .containsExactly(
            new double[] {-0.1883530362, -0.1697932086, 0.3581388684, -0.3581314968, 0.3581388684},
            within(2e-5));
  }

  @Test
  void ofTwoItemsItIsBradleyTerry() {
    List<Preference> pairs =
        List.of(
            new Preference(0, 1, 0.7),
            new Preference(1, 2, 0.4),
            new Preference(0, 2, 0.5),
            new Preference(2, 0, 1));
    Ballots asRankings =
        new Ballots(
            3,
            List.of(
                Ranking.ofTiers(3, List.of(List.of(0, 1))),
                Ranking.ofTiers(3, List.of(List.of(2), List.of(1)))),
            pairs);

    double[] plackettLuce =
        PlackettLuce.fit(asRankings, PlackettLuce.Options.defaults()).logWorths();
    double[] bradleyTerry =
        BradleyTerry.fit(asRankings.wins(), BradleyTerry.Options.defaults()).logWorths();

    // both are Newton's to the digits of a double
    assertThat(plackettLuce).containsExactly(bradleyTerry, within(1e-9));
  }

  @Test
  void theRestBehindTheKBestSaysNothingOfItsOrder() {
    Ballots ballots = Ballots.ofRankings(List.of(Ranking.topK(3, 0), Ranking.of(0, 1, 2)));

    double[] rest =
        PlackettLuce.fit(ballots, PlackettLuce.Options.defaults().forTopK()).logWorths();
    double[] tied = PlackettLuce.fit(ballots, PlackettLuce.Options.defaults()).logWorths();

    assertThat(rest[1] - rest[2]).isGreaterThan(tied[1] - tied[2]);
  }

  @Test
  void theGradientIsThatOfTheFunction() {
    Ballots ballots =
        new Ballots(
            4,
            List.of(
                Ranking.ofTiers(4, List.of(List.of(1, 3), List.of(0, 2))),
                Ranking.ofTiers(4, List.of(List.of(2), List.of(0)))),
            List.of(new Preference(0, 3, 0.2)));

    PosteriorCheck.check(PlackettLuce.posterior(ballots, PlackettLuce.Options.defaults()));
    PosteriorCheck.check(
        PlackettLuce.posterior(ballots, PlackettLuce.Options.defaults().forTopK()));
  }

  @Test
  void refusesWithoutPriorWhereAnItemIsAlwaysLast() {
    Ballots ballots = Ballots.ofRankings(List.of(Ranking.of(0, 1, 2), Ranking.of(1, 0, 2)));

    assertThatThrownBy(() -> PlackettLuce.fit(ballots, PlackettLuce.Options.withoutPrior()))
        .hasMessageContaining("items [2] never beat any of items [0, 1]");
  }

  @Test
  void aVeryWideTiePointsToTopK() {
    Ballots ballots =
        Ballots.ofRankings(List.of(Ranking.topK(20, IntStream.range(0, 3).toArray())));

    assertThatThrownBy(() -> PlackettLuce.fit(ballots, PlackettLuce.Options.defaults()))
        .hasMessageContaining("at most 12 items")
        .hasMessageContaining("forTopK");
    assertThat(
            PlackettLuce.fit(ballots, PlackettLuce.Options.defaults().forTopK())
                .ranking()
                .tiers()
                .subList(0, 3))
        .containsExactly(List.of(0), List.of(1), List.of(2));
  }
}

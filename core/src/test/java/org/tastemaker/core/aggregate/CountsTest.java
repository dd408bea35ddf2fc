package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

/** Borda, Copeland, the ballots and the table of wins. */
class CountsTest {
  @Test
  void bordaCountsItemsThatAreBeaten() {
    Ballots ballots =
        Ballots.ofRankings(
            List.of(Ranking.of(0, 1, 2, 3), Ranking.of(1, 0, 2, 3), Ranking.of(0, 2, 1, 3)));

    assertThat(Borda.points(ballots)).containsExactly(8, 6, 4, 0);
    assertThat(Borda.rank(ballots)).isEqualTo(Ranking.of(0, 1, 2, 3));
  }

  @Test
  void bordaDoesNotPunishAnItemForBeingShownSeldom() {
    Ballots ballots =
        new Ballots(
            3,
            List.of(Ranking.ofTiers(3, List.of(List.of(0), List.of(1)))),
            List.of(new Preference(0, 1, 1), new Preference(2, 0, 1)));

    assertThat(Borda.points(ballots)).containsExactly(2, 0, 1);
    assertThat(Borda.rank(ballots)).isEqualTo(Ranking.of(2, 0, 1));
  }

  @Test
  void copelandCountsMajorities() {
    assertThat(Copeland.scores(BradleyTerryTest.PUBLISHED)).containsExactly(3, 1, -2, -2);
  }

  @Test
  void copelandTiesAroundACycle() {
    assertThat(Copeland.scores(Wins.of(new double[][] {{0, 6, 3}, {4, 0, 7}, {7, 3, 0}})))
        .containsExactly(0, 0, 0);
  }

  @Test
  void everyMethodRepeatsASingleRanking() {
    Ranking ranking = Ranking.ofTiers(5, List.of(List.of(3), List.of(0, 4), List.of(2)));

    for (Aggregation method : methods()) {
      assertThat(method.rank(Ballots.ofRankings(List.of(ranking))))
          .as(method.name())
          .isEqualTo(ranking);
    }
  }

  @Test
  void itemsOutsideOfTheLargestConnectedPartAreMissing() {
    Ballots ballots =
        Ballots.ofPreferences(
            6, List.of(new Preference(0, 1, 1), new Preference(3, 2, 1), new Preference(2, 4, 1)));

    for (Aggregation method : methods()) {
      assertThat(method.rank(ballots).missing()).as(method.name()).containsExactly(0, 1, 5);
    }
  }

  @Test
  void nothingComparedIsNoOrder() {
    for (Aggregation method : methods()) {
      assertThat(method.rank(Ballots.ofRankings(List.of(Ranking.none(3)))).isEmpty()).isTrue();
    }
  }

  @Test
  void ballotsOfDifferentItemsAreNamed() {
    assertThatThrownBy(() -> Ballots.ofRankings(List.of(Ranking.of(0, 1), Ranking.of(0, 1, 2))))
        .hasMessageContaining("same 2 items, but ranking 1 is of 3");
    assertThatThrownBy(() -> Ballots.ofPreferences(2, List.of(new Preference(0, 2, 1))))
        .hasMessageContaining("items 0 to 1");
    assertThatThrownBy(() -> Ballots.ofRankings(List.of())).hasMessageContaining("at least one");
  }

  @Test
  void aTableOfWinsMustBeSquareFiniteAndWithoutDiagonal() {
    assertThatThrownBy(() -> Wins.of(new double[][] {{0, 1}, {0}}))
        .hasMessageContaining("row 1 of 2 has 1 entries");
    assertThatThrownBy(() -> Wins.of(new double[][] {{0, Double.NaN}, {0, 0}}))
        .hasMessageContaining("item 0 over item 1 has NaN");
    assertThatThrownBy(() -> Wins.of(new double[][] {{1}}))
        .hasMessageContaining("item 0 over item 0 has 1.0");
  }

  @Test
  void anAggregationNeedsAPrior() {
    assertThatThrownBy(() -> Aggregation.bradleyTerry(BradleyTerry.Options.withoutPrior()))
        .hasMessageContaining("prior precision over 0, but was given 0.0");
  }

  private static List<Aggregation> methods() {
    return List.of(
        Aggregation.borda(),
        Aggregation.copeland(),
        Aggregation.kemeny(),
        Aggregation.bradleyTerry(BradleyTerry.Options.defaults()),
        Aggregation.plackettLuce(PlackettLuce.Options.defaults()));
  }
}

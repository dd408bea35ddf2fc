package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;

class ScoreLikelihoodTest {
  private static final double[] SCORES = {0.3, -1.2, 0.8, 0.1};

  @Test
  void aRankingIsTheProductOfItsChoices() {
    double e0 = Math.exp(0.3);
    double e1 = Math.exp(-1.2);
    double e2 = Math.exp(0.8);
    double e3 = Math.exp(0.1);
    double byHand =
        Math.log(e1 / (e0 + e1 + e2 + e3))
            + Math.log(e3 / (e0 + e2 + e3))
            + Math.log(e2 / (e0 + e2));

    // a few operations in double: 1e-15 each
    assertThat(value(plackettLuce(Integer.MAX_VALUE, Ranking.of(1, 3, 2, 0))))
        .isCloseTo(byHand, within(1e-13));
  }

  @Test
  void theKBestAreItsFirstChoices() {
    double e0 = Math.exp(0.3);
    double e1 = Math.exp(-1.2);
    double e2 = Math.exp(0.8);
    double e3 = Math.exp(0.1);
    double byHand = Math.log(e1 / (e0 + e1 + e2 + e3)) + Math.log(e3 / (e0 + e2 + e3));

    assertThat(value(plackettLuce(2, Ranking.of(1, 3, 2, 0)))).isCloseTo(byHand, within(1e-13));
  }

  @Test
  void theKBestOfAWholeRankingAreAnAnswerToWhichAreTheKBest() {
    ScoreLikelihood answer =
        PlackettLuce.likelihood(
            Ballots.ofRankings(List.of(Ranking.topK(4, 1, 3))),
            PlackettLuce.Tail.UNKNOWN,
            Integer.MAX_VALUE);

    assertThat(value(plackettLuce(2, Ranking.of(1, 3, 2, 0)))).isEqualTo(value(answer));
  }

  @Test
  void aTieOverTheLastPlaceIsTheMeanOfItsOrders() {
    Ranking tied = Ranking.ofTiers(4, List.of(List.of(0), List.of(1, 2), List.of(3)));

    double mean =
        (value(plackettLuce(2, Ranking.of(0, 1, 2, 3)))
                + value(plackettLuce(2, Ranking.of(0, 2, 1, 3))))
            / 2;
    assertThat(value(plackettLuce(2, tied))).isCloseTo(mean, within(1e-13));
  }

  @Test
  void ofTwoItemsBothModelsAreOne() {
    Ballots ballots = new Ballots(2, List.of(Ranking.of(1, 0)), List.of(new Preference(0, 1, 0.7)));
    double[] scores = {0.4, -0.9};
    double[] one = new double[2];
    double[] other = new double[2];

    double bradleyTerry = BradleyTerry.likelihood(ballots.wins()).evaluate(scores, one);
    double plackettLuce =
        PlackettLuce.likelihood(ballots, PlackettLuce.Tail.TIED, Integer.MAX_VALUE)
            .evaluate(scores, other);

    assertThat(plackettLuce).isCloseTo(bradleyTerry, within(1e-14));
    assertThat(other).containsExactly(one, within(1e-14));
  }

  @Test
  void theGradientIsThatOfTheValue() {
    Ranking tied = Ranking.ofTiers(4, List.of(List.of(2), List.of(0, 1, 3)));
    checkGradient(plackettLuce(Integer.MAX_VALUE, Ranking.of(1, 3, 2, 0), tied));
    checkGradient(plackettLuce(2, Ranking.of(1, 3, 2, 0), tied));
    checkGradient(BradleyTerry.likelihood(Ballots.ofRankings(List.of(tied)).wins()));
  }

  @Test
  void aWrongNumberOfScoresIsSaid() {
    assertThatThrownBy(
            () -> plackettLuce(1, Ranking.of(0, 1)).evaluate(new double[3], new double[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "there must be a score and a derivative for each of the 2 items, but there were 3 and"
                + " 2");
  }

  @Test
  void aDepthOfNothingIsSaid() {
    assertThatThrownBy(() -> plackettLuce(0, Ranking.of(0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("at least the first choice of a ranking must count, but depth was 0");
  }

  private static ScoreLikelihood plackettLuce(int depth, Ranking... rankings) {
    return PlackettLuce.likelihood(
        Ballots.ofRankings(List.of(rankings)), PlackettLuce.Tail.TIED, depth);
  }

  private static double value(ScoreLikelihood likelihood) {
    return likelihood.evaluate(SCORES, new double[likelihood.size()]);
  }

  private static void checkGradient(ScoreLikelihood likelihood) {
    double[] gradient = new double[4];
    likelihood.evaluate(SCORES, gradient);
    double h = 1e-5;
    for (int i = 0; i < 4; i++) {
      double[] up = SCORES.clone();
      double[] down = SCORES.clone();
      up[i] += h;
      down[i] -= h;
      double numeric =
          (likelihood.evaluate(up, new double[4]) - likelihood.evaluate(down, new double[4]))
              / (2 * h);
      // h^2 = 1e-10 times a third derivative of order 1, and rounding 1e-16 * 10 / h = 1e-10
      assertThat(gradient[i]).isCloseTo(numeric, within(1e-8));
    }
  }
}

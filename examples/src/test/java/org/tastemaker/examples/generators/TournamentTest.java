package org.tastemaker.examples.generators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.measure.Estimate;

class TournamentTest {
  private static final double NONE = Double.NaN;
  private static final Seed SEED = Seed.of(1);
  private static final List<Arm> TWO = List.of(new Arm("a", false), new Arm("a", true));
  private static final List<Arm> FOUR =
      List.of(new Arm("a", false), new Arm("a", true), new Arm("b", false), new Arm("b", true));

  private static double[][] results(int arms, double... upper) {
    double[][] shares = new double[arms][arms];
    int next = 0;
    for (int i = 0; i < arms; i++) {
      for (int j = i + 1; j < arms; j++) {
        shares[i][j] = upper[next++];
      }
    }
    return shares;
  }

  private static List<double[][]> images(double[][]... all) {
    return List.of(all);
  }

  @Test
  void winsTiesAndWhatIsMissingAreCounted() {
    Tournament t =
        new Tournament(
            TWO,
            List.of(
                images(results(2, 1), results(2, 0.5)),
                images(results(2, 0), results(2, NONE)),
                images(results(2, NONE))),
            SEED);

    Estimate rate = t.winRate(0, 1);
    assertThat(rate.value()).isEqualTo(0.5); // 1, one half and 0
    assertThat(rate.n()).isEqualTo(3);
    assertThat(t.winRate(1, 0).value()).isEqualTo(0.5);
    assertThat(t.missing()).isEqualTo(2);
  }

  /** Images of a prompt are drawn together: two prompts of opposite results give 0 to 1. */
  @Test
  void intervalsAreOverPromptsNotOverImages() {
    List<double[][]> wins = new ArrayList<>();
    List<double[][]> losses = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      wins.add(results(2, 1));
      losses.add(results(2, 0));
    }

    Estimate rate = new Tournament(TWO, List.of(wins, losses), SEED).winRate(0, 1);

    assertThat(rate.value()).isEqualTo(0.5);
    assertThat(rate.low()).isZero();
    assertThat(rate.high()).isEqualTo(1);
  }

  /** 30 wins of 40: the difference of the scores is ln 3, but for the weak prior. */
  @Test
  void scoresOfTwoArmsAreTheLogitOfTheirWinRate() {
    List<List<double[][]>> prompts = new ArrayList<>();
    for (int p = 0; p < 40; p++) {
      prompts.add(images(results(2, p < 30 ? 1 : 0)));
    }
    Tournament t = new Tournament(TWO, prompts, SEED);

    Estimate score = t.score(0);

    assertThat(score.value()).isCloseTo(Math.log(3) / 2, within(0.01));
    assertThat(t.score(1).value()).isCloseTo(-score.value(), within(1e-9));
    assertThat(score.low()).isBetween(0.0, 0.5);
    assertThat(score.high()).isBetween(0.6, 1.5);
  }

  @Test
  void anArmThatAlwaysWinsHasAFiniteScore() {
    Tournament t = new Tournament(TWO, List.of(images(results(2, 1)), images(results(2, 1))), SEED);

    assertThat(t.score(0).value()).isPositive().isFinite();
    assertThat(t.score(0).high()).isFinite();
  }

  /**
   * Pairs in the order 01 02 03 12 13 23. Plain a beats b's arms with 1 and 0, rewritten a with 1
   * and 1: the difference is one half. The second image lacks a result of plain a: 1 - 0.
   */
  @Test
  void rewritingIsMeasuredByPairedDifferencesAgainstTheOthers() {
    Tournament t =
        new Tournament(
            FOUR,
            List.of(
                images(results(4, 0, 1, 0, 1, 1, 0.5)), images(results(4, 0, NONE, 0, 1, 1, 0.5))),
            SEED);

    assertThat(t.effectOfRewriting("a").value()).isEqualTo((0.5 + 1) / 2);
    assertThat(t.effectOfRewriting("a").n()).isEqualTo(2);
    // b: rewritten 1 and 0, plain 0 and 0; then rewritten 1 and 0, plain none and 0.
    assertThat(t.effectOfRewriting("b").value()).isEqualTo((0.5 + 0) / 2);
    assertThatThrownBy(() -> t.effectOfRewriting("c")).hasMessageContaining("both arms");
  }
}

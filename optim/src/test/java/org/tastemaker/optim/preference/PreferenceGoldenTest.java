package org.tastemaker.optim.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The losses against numbers that numpy computed in double precision. */
class PreferenceGoldenTest {
  private static final int N = 8;
  private static final Offset<Double> BOUND = within(1e-9);

  private static final double[] NOISE = wave(0.3, 1);
  private static final double[] WINNER = plus(NOISE, wave(1.1, 0.10));
  private static final double[] WINNER_REFERENCE = plus(NOISE, wave(1.4, 0.12));
  private static final double[] LOSER = plus(NOISE, wave(2.0, 0.11));
  private static final double[] LOSER_REFERENCE = plus(NOISE, wave(2.5, 0.09));

  private final double winner = error(WINNER);
  private final double winnerReference = error(WINNER_REFERENCE);
  private final double loser = error(LOSER);
  private final double loserReference = error(LOSER_REFERENCE);
  private final double margin = (winnerReference - loserReference) - (winner - loser);

  private static double[] wave(double phase, double scale) {
    double[] values = new double[N];
    Arrays.setAll(values, i -> scale * Math.sin(1.7 * i + phase));
    return values;
  }

  private static double[] plus(double[] a, double[] b) {
    double[] sum = new double[N];
    Arrays.setAll(sum, i -> a[i] + b[i]);
    return sum;
  }

  private static double error(double[] output) {
    double sum = 0;
    for (int i = 0; i < N; i++) {
      sum += (output[i] - NOISE[i]) * (output[i] - NOISE[i]);
    }
    return sum / N;
  }

  @Test
  void theErrorsAreTheReferences() {
    assertThat(winner).isCloseTo(.004979879122853862, BOUND);
    assertThat(winnerReference).isCloseTo(.007616059733708457, BOUND);
    assertThat(loser).isCloseTo(.00669315812955286, BOUND);
    assertThat(loserReference).isCloseTo(.004212182777852358, BOUND);
  }

  @ParameterizedTest
  @CsvSource({
    "1, .0025585779812775, .6918687098592441, .005562920305745587",
    "2000, 5.117155962555097, .005975156265461518, .13273064296494863",
    "5000, 12.792889906387742, 2.780468006907804e-06, 1.5487313170478608e-04"
  })
  void diffusionDpoIsTheAuthors(double beta, double inside, double loss, double byOutput) {
    DpoLoss.Value value = DpoLoss.SIGMOID.at(beta, margin, 1);
    assertThat(beta * margin / 2).isCloseTo(inside, BOUND);
    assertThat(value.loss()).isCloseTo(loss, BOUND);
    // By the first element of the winner's output: dm / dL_w = -1, dL_w / do = 2 (o - e) / N.
    assertThat(-value.slope() * 2 * (WINNER[0] - NOISE[0]) / N).isCloseTo(byOutput, BOUND);
  }

  @Test
  void theThreeLossesAreThoseOfDiffusersWithItsBeta() {
    double beta = DiffusionDpo.Options.defaults().withDiffusersBeta(2500).beta();
    assertThat(margin).isCloseTo(.005117155962555097, BOUND);
    assertThat(DpoLoss.SIGMOID.at(beta, margin, 1).loss())
        .isCloseTo(2.780468006907804e-06, within(1e-15));
    assertThat(DpoLoss.HINGE.at(beta, margin, 1).loss()).isZero();
    assertThat(DpoLoss.IPO.at(beta, margin, 1).loss())
        .isCloseTo(2.4178422760091147e-05, within(1e-15));
  }

  @Test
  void diffusionKtoIsTheAuthors() {
    double[] gains = {winnerReference - winner, loserReference - loser};
    boolean[] liked = {true, false};
    assertThat(gains[0]).isCloseTo(.002636180611, BOUND);
    assertThat(gains[1]).isCloseTo(-.002480975352, BOUND);
    double middle = KtoOffset.MIDDLE.of(gains, liked);
    double mean = KtoOffset.MEAN.of(gains, liked);
    assertThat(middle).isCloseTo(7.760255197449494e-05, within(1e-15));
    assertThat(mean).isCloseTo(7.760262957704671e-05, within(1e-15));
    assertThat(ktoLoss(gains, middle)).isCloseTo(.07185231835162437, BOUND);
    assertThat(ktoLoss(gains, mean)).isCloseTo(.07185231835162431, BOUND);
  }

  private static double ktoLoss(double[] gains, double offset) {
    double beta = 1000;
    return ((1 - KtoUtility.SIGMOID.at(beta * (gains[0] - offset)).utility())
            + (1 - KtoUtility.SIGMOID.at(-beta * (gains[1] - offset)).utility()))
        / 2;
  }

  @Test
  void mapoIsTheAuthors() {
    MarginOdds odds = MarginOdds.of(winner, loser, .1, .5, 1000, 1);
    // The reference takes 1 from exp(y), which leaves 13 digits of its difference.
    assertThat(odds.odds()).isCloseTo(4.2790310240359286e-04, within(1e-12));
    assertThat(odds.loss()).isCloseTo(.05517095414222277, BOUND);
  }

  @ParameterizedTest
  @CsvSource({
    ".05, -.08, .1, .6866683054111917",
    ".05, -.08, 10, .24100845383299202",
    ".3, -.4, .1, .683163980852314"
  })
  void theClampedRatiosOfD3poAndSpoAreTheAuthors(
      double winnerRatio, double loserRatio, double beta, double loss) {
    assertThat(ClampedPreference.of(winnerRatio, loserRatio, beta, .1, 1).loss())
        .isCloseTo(loss, BOUND);
  }
}

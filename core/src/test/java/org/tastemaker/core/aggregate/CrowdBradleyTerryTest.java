package org.tastemaker.core.aggregate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.CrowdBradleyTerry.Fit;
import org.tastemaker.core.aggregate.CrowdBradleyTerry.Options;

class CrowdBradleyTerryTest {
  private static final List<RaterVote> FEW =
      List.of(
          new RaterVote("ann", 0, 1, 1),
          new RaterVote("ann", 1, 2, 1),
          new RaterVote("ann", 0, 2, 1),
          new RaterVote("ben", 0, 1, 1),
          new RaterVote("ben", 1, 2, 1),
          new RaterVote("ben", 0, 2, 0.5),
          new RaterVote("eve", 0, 1, 0),
          new RaterVote("eve", 1, 2, 0),
          new RaterVote("eve", 0, 2, 0),
          new RaterVote("eve", 1, 2, 0.2),
          new RaterVote("ann", 0, 1, 0.9));

  /**
   * The same function maximised by scipy 1.x (BFGS, then Nelder-Mead, over theta and logit eta),
   * and the inverse of its second differences with step 1e-4.
   */
  @Test
  void scoresQualitiesAndErrorsAreThoseOfAnotherOptimiser() {
    Fit fit = CrowdBradleyTerry.fit(3, FEW, Options.defaults());

    assertThat(fit.converged()).isTrue();
    assertThat(fit.value()).isCloseTo(-13.147263815817288, within(1e-9));
    assertAll(fit.logWorths(), 1e-5, 2.17331233, -0.04838932, -2.12492301);
    assertAll(etas(fit), 1e-5, 0.86065509, 0.77957748, 0.42611109);
    assertAll(fit.errors(), 1e-4, 1.39659641, 1.00343946, 1.44636365);
    assertAll(
        fit.raters().values().stream().map(q -> q.error()).toList(),
        1e-4,
        0.127893,
        0.16264395,
        0.19122126);
    assertThat(rater(fit, "eve").votes()).isEqualTo(4);
  }

  @Test
  void gradientIsTheDifferenceOfTheFunction() {
    CrowdVotes votes = CrowdVotes.of(3, FEW);
    double[] theta = {0.7, -0.2, -0.6};
    double[] eta = {0.8, 0.65, 0.3};
    Options options = Options.defaults();
    double[] gradient = CrowdBradleyTerry.gradient(votes, theta, eta, options);
    for (int i = 0; i < 6; i++) {
      double[] x = i < 3 ? theta : eta;
      int at = i % 3;
      double h = 1e-6;
      double there = x[at];
      x[at] = there + h;
      double up = CrowdBradleyTerry.value(votes, theta, eta, options);
      x[at] = there - h;
      double down = CrowdBradleyTerry.value(votes, theta, eta, options);
      x[at] = there;
      assertThat(gradient[i]).isCloseTo((up - down) / (2 * h), within(1e-7));
    }
  }

  @Test
  void gradientVanishesAtTheFit() {
    Fit fit = CrowdBradleyTerry.fit(3, FEW, Options.defaults());
    double[] gradient =
        CrowdBradleyTerry.gradient(
            CrowdVotes.of(3, FEW),
            fit.logWorths().stream().mapToDouble(t -> t).toArray(),
            etas(fit).stream().mapToDouble(e -> e).toArray(),
            Options.defaults());
    for (double g : gradient) {
      assertThat(g).isCloseTo(0, within(1e-6));
    }
  }

  /** With two items, votes of a sure rater alone: the plain model. */
  @Test
  void sureRatersGivePlainBradleyTerry() {
    List<RaterVote> votes = new ArrayList<>();
    for (int v = 0; v < 10; v++) {
      votes.add(new RaterVote("a", 0, 1, v < 7 ? 1 : 0));
    }
    Options sure = new Options(0.1, 1e9, 2, 1e-10, 1000);
    double[] plain =
        BradleyTerry.fit(Wins.of(new double[][] {{0, 7}, {3, 0}}), new BradleyTerry.Options(0.1))
            .logWorths();
    Fit fit = CrowdBradleyTerry.fit(2, votes, sure);
    assertAll(fit.logWorths(), 1e-6, plain[0], plain[1]);
  }

  @Test
  void orderOfVotesDoesNotMatter() {
    List<RaterVote> shuffled = new ArrayList<>(FEW);
    Collections.shuffle(shuffled, new Random(3));
    Fit one = CrowdBradleyTerry.fit(3, FEW, Options.defaults());
    Fit other = CrowdBradleyTerry.fit(3, shuffled, Options.defaults());
    assertAll(other.logWorths(), 1e-8, one.logWorths().stream().mapToDouble(t -> t).toArray());
  }

  @Test
  void simulatedRatersAreInOrderAndWhoContradictsIsUnderOneHalf() {
    double[] truth = {0.95, 0.85, 0.7, 0.2};
    List<RaterVote> votes = new ArrayList<>();
    RandomGenerator random = Seed.of(4).generator();
    int prompts = 4;
    int n = 20;
    for (int prompt = 0; prompt < prompts; prompt++) {
      double[] theta = new double[n];
      for (int i = 0; i < n; i++) {
        theta[i] = 2 * random.nextGaussian();
      }
      for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < n; j++) {
          for (int k = 0; k < truth.length; k++) {
            boolean first = random.nextDouble() < 1 / (1 + Math.exp(theta[j] - theta[i]));
            boolean said = random.nextDouble() < truth[k] ? first : !first;
            votes.add(new RaterVote("r" + k, n * prompt + i, n * prompt + j, said ? 1 : 0));
          }
        }
      }
    }
    Fit fit = CrowdBradleyTerry.fit(n * prompts, votes, new Options(0.25, 4, 2, 1e-6, 5000));
    // too far from one half where items have few votes, see the class comment; never out of order
    for (int k = 0; k < truth.length; k++) {
      var quality = rater(fit, "r" + k);
      assertThat(quality.eta()).isCloseTo(truth[k], within(0.12));
      assertThat(quality.error()).isBetween(0.002, 0.05);
      if (k > 0) {
        assertThat(quality.eta()).isLessThan(rater(fit, "r" + (k - 1)).eta());
      }
    }
    assertThat(rater(fit, "r3").weight()).isZero();
  }

  @Test
  void itemsThatWereNotComparedHaveNoScoreAndTheErrorOfThePrior() {
    Fit fit = CrowdBradleyTerry.fit(3, List.of(new RaterVote("a", 0, 1, 1)), Options.defaults());
    assertThat(fit.logWorths().get(2)).isZero();
    assertThat(fit.errors().get(2)).isCloseTo(Math.sqrt(10), within(1e-9));
    assertThat(fit.logWorths().get(0)).isPositive().isEqualTo(-fit.logWorths().get(1));
  }

  @Test
  void tiesLeaveItemsEqual() {
    Fit fit = CrowdBradleyTerry.fit(2, List.of(new RaterVote("a", 0, 1, 0.5)), Options.defaults());
    assertThat(fit.logWorths().get(0)).isCloseTo(0, within(1e-12));
  }

  @Test
  void wrongVotesAndOptionsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CrowdBradleyTerry.fit(2, List.of(), Options.defaults()))
        .withMessageContaining("a vote");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                CrowdBradleyTerry.fit(2, List.of(new RaterVote("a", 0, 2, 1)), Options.defaults()))
        .withMessageContaining("0 to 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RaterVote("a", 1, 1, 1))
        .withMessageContaining("different");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Options(0.1, 2, 2, 1e-9, 10))
        .withMessageContaining("right > wrong");
  }

  private static List<Double> etas(Fit fit) {
    return fit.raters().values().stream().map(q -> q.eta()).toList();
  }

  private static void assertAll(List<Double> found, double off, double... expected) {
    assertThat(found).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found.get(i)).isCloseTo(expected[i], within(off));
    }
  }

  private static CrowdBradleyTerry.Quality rater(Fit fit, String name) {
    return Objects.requireNonNull(fit.raters().get(name));
  }
}

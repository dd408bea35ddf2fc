package org.tastemaker.examples.zo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

/** The methods that ZO-RankSGD is compared with, each against its paper's formula. */
class BaselinesTest {
  @Test
  void theCholeskyFactorIsThatOfTheUpdatedMatrix() {
    int n = 5;
    double[][] columns = new double[n][n];
    double[][] matrix = new double[n][n];
    for (int c = 0; c < n; c++) {
      columns[c][c] = 1;
      matrix[c][c] = 1;
    }
    float[] draw = new float[n];
    for (int update = 0; update < 20; update++) {
      double[] v = ZoSgd.draw(Seed.of(1), update, draw);
      CmaEs.addOuterProduct(columns, 0.3, v);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          matrix[i][j] += 0.3 * v[i] * v[j];
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double product = 0;
        for (int k = 0; k < n; k++) {
          product += columns[k][i] * columns[k][j];
        }
        assertThat(product).isCloseTo(matrix[i][j], within(1e-12)); // doubles, 20 updates
      }
    }
  }

  @Test
  void theCovarianceFollowsTheFormula() {
    int n = 4;
    CmaEs.State s = new CmaEs.State(new float[n], 0.5);
    double[][] z = new double[s.lambda][];
    double[][] y = new double[s.lambda][];
    int[] order = new int[s.lambda];
    float[] draw = new float[n];
    for (int i = 0; i < s.lambda; i++) {
      z[i] = ZoSgd.draw(Seed.of(2), i, draw);
      y[i] = s.times(z[i]);
      order[i] = s.lambda - 1 - i;
      assertThat(y[i]).isEqualTo(z[i]); // A = I at first
    }
    s.update(z, y, order);

    double[] zMean = new double[n];
    for (int i = 0; i < s.weights.length; i++) {
      for (int c = 0; c < n; c++) {
        zMean[c] += s.weights[i] * z[order[i]][c];
      }
    }
    for (int a = 0; a < n; a++) {
      assertThat(s.mean[a]).isCloseTo(0.5 * zMean[a], within(1e-15));
      for (int b = 0; b < n; b++) {
        double expected = a == b ? 1 - s.c1 - s.cMu : 0; // with h = 1
        expected += s.c1 * s.cC * (2 - s.cC) * s.muW * zMean[a] * zMean[b];
        for (int i = 0; i < s.weights.length; i++) {
          expected += s.cMu * s.weights[i] * z[order[i]][a] * z[order[i]][b];
        }
        double found = 0;
        for (int k = 0; k < n; k++) {
          found += s.columns[k][a] * s.columns[k][b];
        }
        assertThat(found).isCloseTo(expected, within(1e-12));
      }
    }
  }

  @Test
  void cmaEsFollowsACurvedValleyToItsEnd() {
    // Rosenbrock in 5 dimensions: without adapting the covariance the valley takes far longer.
    Evaluations f = new Evaluations(TestFunction.ROSENBROCK, 6000);
    float[] start = {0.5f, 0.5f, 0.2f, 0.3f, 0.1f};
    new CmaEs(0.3).run(f, start, Seed.of(3));

    assertThat(f.lowest()).isLessThan(1e-9);
  }

  @Test
  void scoboSolvesTheOneBitProblem() {
    double[] v = {3, -1, 0.5, 0};
    // Without the second constraint it is the unit vector along v.
    double length = Math.sqrt(9 + 1 + 0.25);
    double[] free = Scobo.solve(v, 2);
    for (int c = 0; c < 4; c++) {
      assertThat(free[c]).isCloseTo(v[c] / length, within(1e-12));
    }
    // With it, no other feasible vector has more of v: 100,000 random ones do not.
    double bound = 1.2;
    double[] sparse = Scobo.solve(v, bound);
    double most = dot(sparse, v);
    assertThat(norm1(sparse)).isLessThanOrEqualTo(bound + 1e-9);
    assertThat(Math.sqrt(dot(sparse, sparse))).isCloseTo(1, within(1e-12));
    float[] draw = new float[4];
    for (int i = 0; i < 100_000; i++) {
      double[] g = ZoSgd.draw(Seed.of(4), i, draw);
      double scale = Math.min(1 / Math.sqrt(dot(g, g)), bound / norm1(g));
      assertThat(scale * dot(g, v)).isLessThanOrEqualTo(most + 1e-9);
    }
    assertThat(Scobo.solve(new double[3], 1)).containsExactly(0, 0, 0);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int c = 0; c < a.length; c++) {
      sum += a[c] * b[c];
    }
    return sum;
  }

  private static double norm1(double[] a) {
    double sum = 0;
    for (double value : a) {
      sum += Math.abs(value);
    }
    return sum;
  }

  @Test
  void gldFastHasThePapersRadiiAndHalving() {
    GldFast method = new GldFast(1, 4);

    assertThat(method.radii()).isEqualTo(3); // log2(4 * 2)
    assertThat(method.halving(10)).isEqualTo(80); // 10 * 4 * 2
  }

  @Test
  void everyMethodGoesDownAndKeepsToItsBudget() {
    for (Contender contender : Contender.values()) {
      Evaluations f = new Evaluations(TestFunction.QUADRATIC, 1500);
      float[] start = new float[20];
      Seed.of(5).gaussian(0, start);
      double before = TestFunction.QUADRATIC.value(start);
      List<Contender.Setting> grid = contender.grid();
      Contender.Setting middle = grid.get(grid.size() / 2);
      middle.minimizer().run(f, start, Seed.of(6));

      assertThat(f.lowest()).as(contender.title()).isLessThan(before);
      assertThat(f.used())
          .as(contender.title())
          .isBetween(1400, 1500); // GLD-Fast returns to known points
    }
  }

  @Test
  void zoSgdEstimatesTheGradient() {
    // One step of size 1 from x with many directions goes to about x - grad f = -x.
    Evaluations f = new Evaluations(TestFunction.QUADRATIC, 20_001);
    float[] start = {1, -2};
    new ZoSgd(20_000, 1e-4, 0.5, 0).run(f, start, Seed.of(7));
    // x - 0.5 * 2 x = 0, up to the estimate's deviation, about |2 x| sqrt(3 / 20,000) = 0.05 a
    // coordinate. The step's end is not evaluated, so the second run does, with a budget for it.
    Evaluations after = new Evaluations(TestFunction.QUADRATIC, 40_002);
    new ZoSgd(20_000, 1e-4, 0.5, 0).run(after, start, Seed.of(7));
    assertThat(f.lowest()).isGreaterThan(4.9);
    assertThat(after.lowest()).isLessThan(0.05);
  }

  @Test
  void aPointIsCountedOnceAndNothingBeyondTheBudget() {
    Evaluations f = new Evaluations(TestFunction.QUADRATIC, 2);
    assertThat(f.at(new float[] {3})).isEqualTo(9);
    assertThat(f.at(new float[] {3})).isEqualTo(9);
    assertThat(f.used()).isEqualTo(1);
    assertThat(f.allow(1)).isTrue();
    f.at(new float[] {1});
    assertThat(f.allow(1)).isFalse();
    assertThat(f.lowest()).isEqualTo(1);
    assertThatThrownBy(() -> f.at(new float[] {2}))
        .hasMessage("the budget of 2 evaluations is spent");
  }

  @Test
  void theFunctionsHaveTheirMinima() {
    assertThat(TestFunction.QUADRATIC.value(new float[3])).isZero();
    assertThat(TestFunction.QUADRATIC.value(new float[] {1, 2, 3})).isEqualTo(14);
    assertThat(TestFunction.ROSENBROCK.value(new float[] {1, 1, 1})).isZero();
    assertThat(TestFunction.ROSENBROCK.value(new float[] {-1, 2})).isEqualTo(104);
  }

  @Test
  void theIntervalIsStudents() {
    // Of 1, 2, 3: mean 2, deviation 1, t with 2 degrees at 0.975 is 4.3027.
    Interval interval = Interval.of(new double[] {1, 2, 3}, 0.05);

    assertThat(interval.mean()).isEqualTo(2);
    assertThat(interval.high()).isCloseTo(2 + 4.3027 / Math.sqrt(3), within(1e-4));
    assertThat(interval.low()).isCloseTo(2 - 4.3027 / Math.sqrt(3), within(1e-4));
  }
}
